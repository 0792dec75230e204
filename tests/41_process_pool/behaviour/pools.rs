//! Pools of each kind, what came of their jobs, and what they must not leave behind.

use super::hands::Hands;
use harness::{
    Actor, actor, child_processes, expect_eq, open_descriptors, peer_command, quiesce, threads_alive, unmet,
};
use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use subject::{Pool, Worker, WorkerError, serve};

pub(super) fn inputs(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

pub(super) type Outcome = Result<Vec<u8>, WorkerError>;

/// Outcomes as the brief names them: `Ok(text)`, or the error.
pub(super) fn told(outcomes: &[Outcome]) -> Vec<String> {
    let tell = |outcome: &Outcome| match outcome {
        Ok(output) => format!("Ok({})", String::from_utf8_lossy(output)),
        Err(error) => format!("{error:?}"),
    };
    outcomes.iter().map(tell).collect()
}

#[track_caller]
pub(super) fn expect_told(outcomes: &[Outcome], expected: &[&str], about: &str) {
    expect_eq!(told(outcomes), expected, about);
}

/// A thread that calls `map`.
pub(super) fn mapping(name: &str, pool: &Arc<Pool>, texts: &[&str]) -> Actor<Vec<Outcome>> {
    let (pool, inputs) = (Arc::clone(pool), inputs(texts));
    actor(name, move || pool.map(inputs))
}

pub(super) fn new_pool(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> Arc<Pool> {
    match Pool::new(workers, start) {
        Ok(pool) => Arc::new(pool),
        Err(error) => unmet("a pool whose workers can be started", "Pool::new makes it", error.to_string()),
    }
}

/// A pool whose workers are played by hand.
pub(super) fn by_hand(workers: usize) -> (Arc<Pool>, Hands) {
    let hands = Hands::default();
    let theirs = hands.clone();
    (new_pool(workers, move || theirs.start()), hands)
}

/// A pool whose workers are threads that echo.
pub(super) fn of_threads(workers: usize) -> Arc<Pool> {
    new_pool(workers, || {
        let (stream, theirs) = UnixStream::pair()?;
        std::thread::spawn(move || serve(theirs, |input| input));
        Ok(Worker { stream, process: None })
    })
}

/// A pool whose workers are processes that play this peer.
pub(super) fn of_processes(workers: usize, peer: &'static str) -> Arc<Pool> {
    new_pool(workers, move || Worker::spawn(peer_command(peer)))
}

/// The pool itself, when no thread uses it any more.
pub(super) fn alone(pool: Arc<Pool>) -> Pool {
    Arc::into_inner(pool).expect("the actors have finished")
}

/// What a pool must not leave behind: child processes, threads, descriptors, when nothing moves any more.
pub(super) fn belongings() -> (usize, usize, usize) {
    quiesce();
    (child_processes().len(), threads_alive(), open_descriptors())
}

#[track_caller]
pub(super) fn expect_nothing_left(before: (usize, usize, usize), about: &str) {
    expect_eq!(belongings(), before, format!("child processes, threads and descriptors {about}"));
}
