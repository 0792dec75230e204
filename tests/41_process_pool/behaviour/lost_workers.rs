//! A lost worker costs its own job, and a replacement takes its place.

use super::hands::{Start, frame};
use super::pools::{by_hand, expect_told, mapping};
use harness::{expect, expect_eq, fact, quiesce};
use std::io::ErrorKind;
use std::sync::mpsc::channel;
use subject::MAX_PAYLOAD;

/// A worker that is lost costs its own job; that job is not given to anybody else, and the others are done.
///
/// Next: an error is the outcome of one job. The place of the worker gets a new one.
#[fact]
fn a_lost_worker_costs_its_own_job_only() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    let job = hands.only_job("a pool with one worker");
    hands.answer(&job, "A");
    let job = hands.only_job("a pool with one worker");
    // Half of an answer.
    hands.write(job.hand, &frame(job.number, b"not everything")[..12]);
    hands.hang_up(job.hand);
    expect_eq!(hands.answer_all(), ["c", "d"], "what the replacement of a worker that was lost with job b is given");
    expect_told(&map.finish(), &["Ok(A)", "Disconnected", "Ok(C)", "Ok(D)"], "one worker lost in its second job");
    expect_eq!(hands.calls(), 2, "calls of start for one worker and its replacement");
}

/// An answer with a foreign number is garbage: no output gets to a job that it does not belong to.
///
/// Next: compare the number in the answer with the job's, before anything is done with the output.
#[fact(negated)]
fn an_answer_to_another_job_is_garbage() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let job = hands.only_job("a pool with one worker");
    let twice = [frame(job.number, b"A"), frame(job.number, b"A again")].concat();
    hands.write(job.hand, &twice);
    let seen = hands.answer_all();
    // Whether the worker that had answered twice still got to see job b is of no interest.
    expect_eq!(seen.last().map(String::as_str), Some("c"), "the last job that a worker is given");
    expect_told(&map.finish(), &["Ok(A)", "Garbage", "Ok(C)"], "a worker that answers its first job twice");
    expect_eq!(hands.calls(), 2, "calls of start for one worker and its replacement");
}

/// A length over the limit is garbage at once: the pool does not wait for the output and makes no room for it.
///
/// Next: between reading a length and believing it there is a comparison.
#[fact]
fn a_hostile_length_is_garbage_at_once() {
    let (pool, hands) = by_hand(1);
    let lens = [MAX_PAYLOAD as u32 + 1, u32::MAX];
    let map = mapping("map", &pool, &["a", "b", "c"]);
    for len in lens {
        let job = hands.only_job("a pool with one worker");
        hands.write(job.hand, &[job.number.to_be_bytes(), len.to_be_bytes()].concat());
        let ended = hands.has_ended(job.hand);
        expect!(
            ended,
            format!("the stream of a worker that has announced {len} bytes"),
            "the pool closes it",
            "it is still open"
        );
    }
    hands.answer_all();
    expect_told(&map.finish(), &["Garbage", "Garbage", "Ok(C)"], "two jobs whose answers announce too much");
}

/// A worker that is lost while it has no job costs none: a replacement does the job.
///
/// Next: if the very first write finds the stream closed, nobody has seen anything of the job.
#[fact]
fn a_worker_lost_between_jobs_costs_nothing() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a", "b"]);
    hands.answer_all();
    map.finish();
    hands.hang_up(0);
    hands.hang_up(1);
    let map = mapping("map", &pool, &["c", "d", "e"]);
    let mut seen = hands.answer_all();
    seen.sort();
    expect_eq!(seen, ["c", "d", "e"], "what the replacements of two workers that were lost without a job are given");
    expect_told(&map.finish(), &["Ok(C)", "Ok(D)", "Ok(E)"], "jobs after both workers were lost without a job");
    // Alone, where the order shows.
    let (pool, hands) = by_hand(1);
    hands.hang_up(0);
    let map = mapping("map", &pool, &["x", "y", "z"]);
    expect_eq!(hands.answer_all(), ["x", "y", "z"], "what the replacement of the only worker is given, in this order");
    expect_told(&map.finish(), &["Ok(X)", "Ok(Y)", "Ok(Z)"], "jobs after the only worker was lost without a job");
    // Between two jobs that follow each other at once.
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["p", "q", "r"]);
    let job = hands.only_job("the first of three jobs for one worker");
    hands.answer_and_leave(&job, "P");
    expect_eq!(hands.answer_all(), ["q", "r"], "what the replacement of a worker that left after its answer is given");
    expect_told(&map.finish(), &["Ok(P)", "Ok(Q)", "Ok(R)"], "jobs after the only worker has answered one and left");
}

/// A replacement that is lost before it ever had a job costs none either: another one does the job.
///
/// Next: only a worker that was started for *this* job, and is gone already, makes the job fail.
#[fact]
fn a_replacement_lost_between_jobs_costs_nothing() {
    let (pool, hands) = by_hand(2);
    let (word, waits) = channel();
    hands.plan([Start::Waits(waits)]);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    quiesce();
    rest.iter().for_each(|job| hands.answer(job, "B"));
    expect_eq!(hands.answer_all(), ["c"], "what the other worker is given, while start works on a replacement");
    // The replacement comes when nothing is left for it, and leaves before there is anything new.
    drop(word);
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)"], "a worker whose replacement comes too late");
    quiesce();
    hands.hang_up(2);
    let map = mapping("map", &pool, &["d", "e"]);
    let mut seen = hands.answer_all();
    seen.sort();
    expect_eq!(seen, ["d", "e"], "what is given to workers that are there, after an idle replacement was lost");
    expect_told(&map.finish(), &["Ok(D)", "Ok(E)"], "jobs after a replacement was lost before it had one");
}

/// Workers that are gone as soon as they are started cost a job each; they are not started without end.
///
/// Next: a job that finds a replacement gone as well fails.
#[fact]
fn workers_that_are_gone_at_once_are_not_started_without_end() {
    let (pool, hands) = by_hand(1);
    hands.plan((0..10).map(|_| Start::MakesDead));
    hands.hang_up(0);
    let map = mapping("map", &pool, &["a", "b"]);
    let seen = hands.answer_all();
    expect!(
        seen.is_empty() && map.has_finished(),
        "two jobs for workers that are gone at once, one after the other",
        "map returns, after a few of them",
        format!("{} calls of start, and map {}", hands.calls(), if seen.is_empty() { "waits" } else { "went on" })
    );
    expect_told(&map.finish(), &["Disconnected", "Disconnected"], "two jobs for workers that are gone at once");
}

/// A worker that cannot be replaced leaves its jobs to the others.
///
/// Next: a place without a worker takes no jobs; they are still there for the others.
#[fact]
fn a_place_that_stays_empty_leaves_its_jobs_to_the_others() {
    let (pool, hands) = by_hand(2);
    hands.plan([Start::Refuses(ErrorKind::OutOfMemory)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d", "e"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    expect_eq!((lost.len(), rest.len()), (1, 1), "jobs under way at two workers: the first, and others");
    hands.hang_up(lost[0].hand);
    quiesce();
    hands.answer(&rest[0], "B");
    expect_eq!(hands.answer_all(), ["c", "d", "e"], "what the other worker is given");
    expect_told(
        &map.finish(),
        &["Disconnected", "Ok(B)", "Ok(C)", "Ok(D)", "Ok(E)"],
        "two workers, one of which is lost in job a and cannot be replaced",
    );
}

/// When no worker is left and none can be started, the waiting jobs say so; a later `map` tries to fill every place again.
///
/// Next: the last place that finds no worker has to tell all those who wait for one.
#[fact]
fn without_workers_jobs_are_not_started() {
    let (pool, hands) = by_hand(2);
    hands.plan([Start::Refuses(ErrorKind::OutOfMemory), Start::Refuses(ErrorKind::OutOfMemory)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    for job in hands.jobs() {
        hands.hang_up(job.hand);
    }
    quiesce();
    expect!(map.has_finished(), "map, when no worker is left and none can be started", "it returns", "it still waits");
    let expected = ["Disconnected", "Disconnected", "NotStarted(OutOfMemory)", "NotStarted(OutOfMemory)"];
    expect_told(&map.finish(), &expected, "four jobs, two workers lost, and no replacements");
    let map = mapping("map", &pool, &["e", "f"]);
    let jobs = hands.jobs();
    expect_eq!(jobs.len(), 2, "how many jobs of a later map are under way, when two workers can be started again");
    jobs.iter().for_each(|job| hands.answer(job, "late"));
    expect_told(&map.finish(), &["Ok(late)", "Ok(late)"], "a later map, when workers can be started again");
}

/// While a replacement is being started, the other workers go on.
///
/// Next: `start` is called under no lock that anybody else needs for a job.
#[fact]
fn the_others_go_on_while_a_replacement_is_started() {
    let (pool, hands) = by_hand(2);
    let (word, waits) = channel();
    hands.plan([Start::Waits(waits)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    quiesce();
    rest.iter().for_each(|job| hands.answer(job, "B"));
    let seen = hands.answer_all();
    expect_eq!(seen, ["c", "d"], "what the other worker is given, while start works on a replacement for a lost one");
    drop(word);
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)", "Ok(D)"], "a worker whose replacement takes long");
}
