//! What is unfinished: `task_done` counts it, and `join` waits for it.

use super::threads::{bounded, count, full_queue, joiner, put_result, returned, task_done, waits};
use harness::{expect_eq, fact, quiesce};
use subject::TaskDoneError;

/// `join` waits until `task_done` was called for every item, taken or not.
///
/// Next: an empty queue is not a finished one: count what was put and not done.
#[fact]
fn join_waits_for_the_last_item_to_be_done() {
    let queue = full_queue(2);
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, while two items lie in the queue");
    let _items = (queue.get(), queue.get());
    task_done(&queue);
    quiesce();
    waits(&joiner, "join, after two items were taken and one of them is done");
    task_done(&queue);
    returned(joiner, "join, after both items are done");
}

/// `join` returns at once when nothing is to be done.
///
/// Next: look at the number first, wait afterwards.
#[fact]
fn join_returns_at_once_when_nothing_is_to_be_done() {
    let queue = bounded(1);
    returned(joiner("joiner", &queue), "join, of a queue that was never used");
    expect_eq!(put_result(queue.put(1)), "Ok", "put, while there is room");
    expect_eq!(queue.get(), Ok(1), "what get returns");
    task_done(&queue);
    returned(self::joiner("late joiner", &queue), "join, after the only item is done");
}

/// The last `task_done` releases all threads that join.
///
/// Next: what lets one of them go lets all of them go.
#[fact(negated)]
fn all_who_join_are_released() {
    let queue = full_queue(1);
    let joiners = ["joiner 1", "joiner 2", "joiner 3"].map(|name| joiner(name, &queue));
    let _item = queue.get();
    task_done(&queue);
    expect_eq!(count(&joiners), 3, "how many of three threads that join were released by the last task_done");
}

/// A `task_done` too many is an error, and changes nothing.
///
/// Next: refuse before you subtract.
#[fact]
fn a_task_done_too_many_is_an_error() {
    let queue = bounded(2);
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, before anything was put");
    expect_eq!(put_result(queue.put(1)), "Ok", "put, while there is room");
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, while an item lies in the queue, after a task_done too many before it");
    expect_eq!(queue.get(), Ok(1), "what get returns");
    task_done(&queue);
    returned(joiner, "join, after the only item is done");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, after the only item is done");
}
