//! Queues, threads that do one thing with them, and what became of it, in words.

use harness::{Actor, actor, expect, expect_eq, quiesce};
use std::sync::Arc;
use std::time::Duration;
use subject::{GetError, PutError, Queue};

/// Long enough that no wait of this length ends by itself while a fact is looked at.
pub(super) const LONG: Duration = Duration::from_secs(3600);

pub(super) fn bounded<T>(capacity: usize) -> Arc<Queue<T>> {
    Arc::new(Queue::bounded(capacity))
}

/// A queue that is full of the numbers from 0.
pub(super) fn full_queue(capacity: u32) -> Arc<Queue<u32>> {
    let queue = bounded(capacity as usize);
    for number in 0..capacity {
        expect_eq!(put_result(queue.try_put(number)), "Ok", "try_put, while there is room");
    }
    queue
}

/// What became of a put, in words.
pub(super) fn put_result(result: Result<(), PutError<u32>>) -> String {
    match result {
        Ok(()) => "Ok".into(),
        Err(PutError::Full(item)) => format!("Full({item})"),
        Err(PutError::ShutDown(item)) => format!("ShutDown({item})"),
    }
}

type Put = Result<(), PutError<u32>>;
pub(super) type Get = Result<u32, GetError>;

/// A thread that does one thing with the queue. It has come to rest when this returns: it has done it, or waits.
pub(super) fn thread<R: Send + 'static>(
    name: &str,
    queue: &Arc<Queue<u32>>,
    part: impl FnOnce(&Queue<u32>) -> R + Send + 'static,
) -> Actor<R> {
    let queue = Arc::clone(queue);
    let actor = actor(name, move || part(&queue));
    quiesce();
    actor
}

pub(super) fn putter(name: &str, queue: &Arc<Queue<u32>>, item: u32) -> Actor<Put> {
    thread(name, queue, move |queue| queue.put(item))
}

pub(super) fn getter(name: &str, queue: &Arc<Queue<u32>>) -> Actor<Get> {
    thread(name, queue, |queue| queue.get())
}

pub(super) fn joiner(name: &str, queue: &Arc<Queue<u32>>) -> Actor<()> {
    thread(name, queue, |queue| queue.join())
}

pub(super) fn waits<R>(actor: &Actor<R>, about: &str) {
    expect!(!actor.has_finished(), about, "it waits", "it has returned");
}

/// The result of an actor that must have one by now.
pub(super) fn returned<R>(actor: Actor<R>, about: &str) -> R {
    quiesce();
    expect!(actor.has_finished(), about, "it returns", "it waits");
    actor.finish()
}

pub(super) fn count<R>(actors: &[Actor<R>]) -> usize {
    quiesce();
    actors.iter().filter(|actor| actor.has_finished()).count()
}

pub(super) fn task_done(queue: &Queue<u32>) {
    expect_eq!(queue.task_done(), Ok(()), "task_done, for an item that was taken");
}
