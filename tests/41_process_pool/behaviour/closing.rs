//! A pool that cannot be made, and the orderly end of one: `close` and `join`.

use super::hands::Hands;
use super::pools::{alone, belongings, by_hand, expect_nothing_left, expect_told, inputs, mapping, new_pool};
use harness::{actor, connect_to, expect, expect_eq, fact, listen_at, peer, peer_command, quiesce, unmet, unused_name};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use subject::{MAX_PAYLOAD, Pool, Worker, serve};

/// A pool whose workers cannot all be started is an error, and leaves none of them behind.
///
/// Next: the workers that were started before the error must be killed and waited for.
#[fact(seconds = 5, negated)]
fn a_pool_that_cannot_be_made_leaves_nothing_behind() {
    let before = belongings();
    let mut calls = 0;
    let result = Pool::new(3, move || {
        calls += 1;
        if calls < 3 { Worker::spawn(peer_command("never_answers")) } else { Err(ErrorKind::QuotaExceeded.into()) }
    });
    expect_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::QuotaExceeded), "the error of Pool::new");
    expect_nothing_left(before, "after two of three workers had been started");
    let none = Pool::new(0, || unmet("a pool of no workers", "start is not called", "it was called"));
    expect_eq!(none.err().map(|error| error.kind()), Some(ErrorKind::InvalidInput), "Pool::new with no workers");
}

/// After `close`, the jobs that were there are done, also by a replacement; later ones are `Closed`. It does not wait.
///
/// Next: closing is a mark that `map` looks at, and that everybody who waits for jobs must hear of.
#[fact]
fn closing_lets_the_jobs_finish() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let job = hands.only_job("a pool with one worker");
    let theirs = Arc::clone(&pool);
    let closing = actor("close", move || (theirs.close(), theirs.close()));
    quiesce();
    expect!(closing.has_finished(), "close, while a job is not answered", "it returns", "it waits");
    let late = vec![vec![1], vec![0; MAX_PAYLOAD + 1]];
    expect_told(&pool.map(late), &["Closed", "Closed"], "map after close");
    hands.hang_up(job.hand);
    expect_eq!(hands.answer_all(), ["b", "c"], "what a replacement is given after close");
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)"], "the map that was under way");
    expect!(hands.has_ended(1), "the stream of the worker, when all is done", "it has ended", "it is open");
}

/// After `close`, a worker for which nothing is left finds the end of its stream, while others still work.
///
/// Next: whoever waits for a job must be woken by `close`, and hang up.
#[fact(negated)]
fn an_idle_worker_ends_when_the_pool_is_closed() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a"]);
    let job = hands.only_job("two workers and one job");
    pool.close();
    expect!(
        hands.has_ended(1 - job.hand),
        "the stream of a worker without a job, after close",
        "it has ended",
        "it is open"
    );
    expect!(!hands.has_ended(job.hand), "the stream of a worker with a job", "it is open", "it has ended");
    hands.answer(&job, "A");
    expect_told(&map.finish(), &["Ok(A)"], "the job that was under way when the pool was closed");
    expect!(hands.has_ended(job.hand), "the stream of that worker, after its last job", "it has ended", "it is open");
}

#[peer]
fn tidies_up(stream: UnixStream) {
    let name = std::env::var("TIDY").unwrap_or_default();
    let mut log = connect_to(&name).expect("the test listens");
    let _ = serve(stream, |input| input);
    // Long enough for a pool that does not wait to be noticed.
    std::thread::sleep(Duration::from_millis(100));
    let _ = log.write_all(b"tidy");
}

/// `join` lets the workers end by themselves, and waits until their processes have ended; nothing of the pool is left.
///
/// Next: close, wait for the work, then `wait` for every process.
#[fact(seconds = 5)]
fn join_waits_for_the_processes() {
    let before = belongings();
    let name = unused_name("pool");
    let listener = listen_at(&name);
    let pool = new_pool(1, move || {
        let mut command = peer_command("tidies_up");
        command.env("TIDY", &name);
        Worker::spawn(command)
    });
    expect_told(&pool.map(inputs(&["a"])), &["Ok(a)"], "a job");
    let (mut log, _) = listener.accept().expect("the worker has connected before its first job");
    alone(pool).join();
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the worker writes text");
    expect_eq!(text, "tidy", "what a worker that takes its time at the end had written when join returned");
    drop((log, listener));
    expect_nothing_left(before, "after join");
}

/// `join` waits, too, for a worker that is only just being started, and lets it end by itself.
///
/// Next: `join` has to know of every `start` that is under way, and wait for it first.
#[fact(seconds = 5)]
fn join_waits_for_a_worker_that_is_being_started() {
    let name = unused_name("pool");
    let listener = listen_at(&name);
    let hands = Hands::default();
    let (word, waits) = channel::<()>();
    let theirs = hands.clone();
    let pool = new_pool(2, move || {
        if theirs.calls() < 2 {
            return theirs.start();
        }
        let mut command = peer_command("tidies_up");
        command.env("TIDY", &name);
        let worker = Worker::spawn(command);
        let _ = waits.recv();
        worker
    });
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    let (mut log, _) = listener.accept().expect("a replacement is started, since there is a job for it");
    rest.iter().for_each(|job| hands.answer(job, "B"));
    hands.answer_all();
    // A map whose own threads start workers may wait for this one; then there is nothing to see here.
    if !map.has_finished() {
        drop(word);
        map.finish();
        return;
    }
    map.finish();
    let join = actor("join", move || alone(pool).join());
    quiesce();
    drop(word);
    join.finish();
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the worker writes text");
    expect_eq!(
        text,
        "tidy",
        "what a worker that was being started when join was called had written when join returned"
    );
}
