//! The end at once: `terminate` and drop wait for no job, and leave no process.

use super::pools::{alone, belongings, by_hand, expect_nothing_left, expect_told, mapping, new_pool, of_processes};
use harness::{actor, child_processes, expect, expect_eq, fact, peer, peer_command, quiesce};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::{MAX_PAYLOAD, Worker};

/// `terminate` ends a `map` that is under way: what was done keeps its output, the rest is `Terminated`.
///
/// Next: a thread that waits for an answer must be interrupted: shut its stream down.
#[fact]
fn terminate_cuts_off_what_is_under_way() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    for job in hands.jobs() {
        if job.input == b"a" {
            hands.answer(&job, "A");
        } else {
            hands.hang_up(job.hand);
        }
    }
    let jobs = hands.jobs();
    expect_eq!(jobs.len(), 2, "jobs under way at two workers");
    let terminating = Arc::clone(&pool);
    let terminate = actor("terminate", move || terminating.terminate());
    let again = Arc::clone(&pool);
    let twice = actor("once more", move || again.terminate());
    quiesce();
    expect!(
        terminate.has_finished() && twice.has_finished() && map.has_finished(),
        "terminate, and the map whose jobs it ends",
        "both return",
        "one of them waits"
    );
    let expected = ["Ok(A)", "Disconnected", "Terminated", "Terminated"];
    expect_told(&map.finish(), &expected, "one job done, one lost, and two under way when the pool is terminated");
    expect!(jobs.iter().all(|job| hands.has_ended(job.hand)), "the workers' streams", "they end", "one is open");
    let late = vec![vec![1], vec![0; MAX_PAYLOAD + 1]];
    expect_told(&pool.map(late), &["Terminated", "Terminated"], "map after terminate");
    pool.close();
    expect_told(&pool.map(vec![vec![1]]), &["Terminated"], "map after terminate and close");
}

/// `terminate` ends jobs that nobody has begun, too.
///
/// Next: the queue belongs to those who wait for what is in it.
#[fact]
fn terminate_cuts_off_what_nobody_has_begun() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    hands.only_job("a pool with one worker");
    pool.terminate();
    quiesce();
    expect!(map.has_finished(), "map, after terminate", "it returns", "it still waits");
    expect_told(&map.finish(), &["Terminated"; 3], "three jobs, one begun, when the pool is terminated");
}

#[peer]
fn never_answers(stream: UnixStream) {
    let _ = (&stream).write_all(b"?");
    loop {
        std::thread::park();
    }
}

/// A `terminate` or a drop ends processes that hang, or do not care for the end of their stream, and waits for them.
///
/// Next: kill, then wait. A process that nobody has waited for is a zombie.
#[fact(seconds = 5)]
fn terminate_and_drop_end_processes_that_hang() {
    let before = belongings();
    let pool = of_processes(2, "never_answers");
    let map = mapping("map", &pool, &["a"]);
    quiesce();
    pool.terminate();
    expect_eq!(child_processes().len(), before.0, "child processes, zombies included, when terminate returns");
    expect_told(&map.finish(), &["Terminated"], "a job at a worker that hangs");
    drop(pool);
    expect_nothing_left(before, "after terminate and drop");
    let pool = of_processes(2, "never_answers");
    // Nobody may now be waiting for processes that do not end by themselves.
    pool.close();
    drop(alone(pool));
    expect_nothing_left(before, "after close and drop");
}

/// `terminate` ends a worker, too, that is only just being started, and waits for it.
///
/// Next: after `start` has returned, look again whether the worker is still wanted.
#[fact(seconds = 5)]
fn terminate_ends_a_worker_that_is_being_started() {
    let before = belongings();
    let (word, waits) = channel::<()>();
    let mut waits = Some(waits);
    let mut calls = 0;
    let pool = new_pool(1, move || {
        calls += 1;
        if calls == 1 {
            let (stream, _) = UnixStream::pair()?;
            return Ok(Worker { stream, process: None });
        }
        let worker = Worker::spawn(peer_command("never_answers"));
        let _ = waits.take().map(|waits| waits.recv());
        worker
    });
    let map = mapping("map", &pool, &["a", "b"]);
    quiesce();
    let theirs = Arc::clone(&pool);
    let terminate = actor("terminate", move || {
        theirs.terminate();
        child_processes().len()
    });
    quiesce();
    expect!(!terminate.has_finished(), "terminate, while start makes a worker", "it waits for it", "it returned");
    drop(word);
    let children = terminate.finish();
    expect_eq!(children, before.0, "child processes when terminate returns, which came while start made one");
    expect_told(&map.finish(), &["Terminated", "Terminated"], "the jobs that waited for that worker");
    drop(pool);
    expect_nothing_left(before, "after terminate and drop");
}
