//! A shutdown, gentle or immediate: who is refused, who is released, and what becomes of the items.

use super::threads::{
    LONG, bounded, count, full_queue, getter, joiner, put_result, putter, returned, task_done, waits,
};
use harness::{expect, expect_eq, fact, quiesce};
use std::sync::{Arc, Weak};
use subject::{GetError, Queue, TaskDoneError};

/// After a shutdown every put is refused, with or without room, and hands the item back.
///
/// Next: ask whether the queue is shut down before you ask whether it is full.
#[fact]
fn a_shut_down_queue_refuses_every_put() {
    for (queue, room) in [(full_queue(1), "no room"), (bounded(1), "room")] {
        queue.shutdown(false);
        let results = [queue.put(7), queue.try_put(8), queue.put_timeout(9, LONG)].map(put_result);
        let expected = ["ShutDown(7)", "ShutDown(8)", "ShutDown(9)"];
        expect_eq!(results, expected, format!("put, try_put and put_timeout, after a shutdown, with {room}"));
    }
}

/// After a shutdown what lies in the queue can still be taken; then every get says `ShutDown`.
///
/// Next: a get asks for an item first, and only if there is none whether the queue is shut down.
#[fact]
fn what_lies_in_a_shut_down_queue_can_be_taken() {
    let queue = full_queue(3);
    queue.shutdown(false);
    let items = [queue.get(), queue.try_get(), queue.get_timeout(LONG)];
    expect_eq!(items, [Ok(0), Ok(1), Ok(2)], "get, try_get and get_timeout, after a shutdown, with three items left");
    let ends = [queue.get(), queue.try_get(), queue.get_timeout(LONG)];
    expect_eq!(ends, [Err(GetError::ShutDown); 3], "get, try_get and get_timeout, when nothing is left");
}

/// A shutdown releases all threads that wait to get.
///
/// Next: a shutdown is news for everybody who waits.
#[fact]
fn a_shutdown_releases_all_who_wait_to_get() {
    for immediate in [false, true] {
        let queue = bounded(1);
        let getters = ["getter 1", "getter 2", "getter 3"].map(|name| getter(name, &queue));
        queue.shutdown(immediate);
        expect_eq!(count(&getters), 3, format!("how many of three waiting gets returned after shutdown({immediate})"));
        for getter in getters {
            expect_eq!(getter.finish(), Err(GetError::ShutDown), "what a get that waited returned");
        }
    }
}

/// A shutdown releases all threads that wait to put; none of them gets in, and each has its item back.
///
/// Next: who is woken in `put` asks again whether the queue is shut down.
#[fact]
fn a_shutdown_releases_all_who_wait_to_put() {
    for immediate in [false, true] {
        let queue = full_queue(1);
        let putters = [("putter 7", 7), ("putter 8", 8)].map(|(name, item)| putter(name, &queue, item));
        queue.shutdown(immediate);
        expect_eq!(count(&putters), 2, format!("how many of two waiting puts returned after shutdown({immediate})"));
        let results = putters.map(|putter| put_result(putter.finish()));
        expect_eq!(results, ["ShutDown(7)", "ShutDown(8)"], "what puts of 7 and 8 returned that waited");
        let left = if immediate { 0 } else { 1 };
        expect_eq!(queue.len(), left, format!("items in the queue, after shutdown({immediate}) with one item in it"));
    }
}

/// A gentle shutdown finishes nothing: `join` waits for what is left.
///
/// Next: only an immediate shutdown counts items as done.
#[fact]
fn a_gentle_shutdown_leaves_join_waiting() {
    let queue = full_queue(1);
    let joiner = joiner("joiner", &queue);
    queue.shutdown(false);
    quiesce();
    waits(&joiner, "join, after shutdown(false), with an item in the queue");
    expect_eq!(queue.get(), Ok(0), "what get returns");
    task_done(&queue);
    returned(joiner, "join, after the last item is done");
}

/// An immediate shutdown counts what lies in the queue as done: `join` returns.
///
/// Next: nobody will ever call `task_done` for an item that nobody gets.
#[fact(negated)]
fn an_immediate_shutdown_finishes_what_lies_in_the_queue() {
    let queue = full_queue(3);
    let joiners = ["joiner 1", "joiner 2"].map(|name| joiner(name, &queue));
    queue.shutdown(true);
    expect_eq!(count(&joiners), 2, "how many of two threads that join returned after shutdown(true)");
    expect_eq!((queue.len(), queue.is_full()), (0, false), "len and is_full, after shutdown(true)");
    expect_eq!(queue.get(), Err(GetError::ShutDown), "get, after shutdown(true)");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, after shutdown(true)");
}

/// An immediate shutdown does not finish an item that somebody has taken.
///
/// Next: take away from what is unfinished what was dropped, and no more.
#[fact]
fn an_immediate_shutdown_leaves_taken_items_unfinished() {
    let queue = full_queue(3);
    let _item = queue.get();
    queue.shutdown(true);
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, after shutdown(true), while a taken item is not done");
    task_done(&queue);
    returned(joiner, "join, after the taken item is done");
}

/// An immediate shutdown after a `task_done` that came early leaves nothing unfinished.
///
/// Next: there may be fewer unfinished than there are items to drop.
#[fact]
fn an_early_task_done_does_not_confuse_a_shutdown() {
    let queue = full_queue(2);
    task_done(&queue);
    queue.shutdown(true);
    returned(joiner("joiner", &queue), "join, after two puts, one task_done and shutdown(true)");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, then");
}

/// A second shutdown may be immediate; one that is not changes nothing.
///
/// Next: do not return early because the queue is shut down already.
#[fact]
fn a_second_shutdown_may_be_immediate() {
    let queue = full_queue(2);
    queue.shutdown(false);
    queue.shutdown(true);
    expect_eq!(queue.len(), 0, "items in the queue, after shutdown(false) and shutdown(true)");
    returned(joiner("joiner", &queue), "join, then");
    queue.shutdown(false);
    expect_eq!(queue.get(), Err(GetError::ShutDown), "get, after one more shutdown(false)");
    expect_eq!(put_result(queue.put(7)), "ShutDown(7)", "put, after one more shutdown(false)");
}

/// An item that uses the queue when it is dropped.
struct Visitor(Weak<Queue<Visitor>>);

impl Drop for Visitor {
    fn drop(&mut self) {
        if let Some(queue) = self.0.upgrade() {
            expect_eq!(queue.len(), 0, "len, called by an item that an immediate shutdown drops");
        }
    }
}

/// An immediate shutdown drops the items before it returns, and their destructors may use the queue.
///
/// Next: take the items out under the lock, and drop them after you have let go of it.
#[fact]
fn dropped_items_may_use_the_queue() {
    let token = Arc::new(());
    let items = bounded(2);
    expect!(items.put(Arc::clone(&token)).is_ok(), "put, while there is room", "Ok", "an error");
    items.shutdown(true);
    expect_eq!(Arc::strong_count(&token), 1, "who still has the item that an immediate shutdown dropped");

    let queue = bounded(2);
    let visitor = || Visitor(Arc::downgrade(&queue));
    expect!(queue.put(visitor()).is_ok() && queue.put(visitor()).is_ok(), "put, while there is room", "Ok", "an error");
    queue.shutdown(true);
}
