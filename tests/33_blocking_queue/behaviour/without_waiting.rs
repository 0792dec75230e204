//! Not waiting, and waiting only so long: `try_` calls, time-outs, and the errors that they end with.

use super::threads::{bounded, full_queue, getter, joiner, put_result, putter, returned, thread};
use harness::{expect, expect_eq, fact};
use std::time::{Duration, Instant};
use subject::{GetError, PutError, TaskDoneError};

/// The `try_` calls fail instead of waiting, and hand the item back.
///
/// Next: `Full` holds the item that was not put.
#[fact(negated)]
fn try_calls_fail_instead_of_waiting() {
    let queue = bounded(1);
    expect_eq!(queue.try_get(), Err(GetError::Empty), "try_get, while the queue is empty");
    expect_eq!(put_result(queue.try_put(1)), "Ok", "try_put, while there is room");
    expect_eq!(put_result(queue.try_put(2)), "Full(2)", "try_put of 2, while the queue is full");
    expect_eq!(queue.try_get(), Ok(1), "try_get, while the queue holds 1");
    expect_eq!(queue.try_get(), Err(GetError::Empty), "try_get, after the one item was taken");
    expect_eq!(queue.task_done(), Ok(()), "task_done, for the one item that got in");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, once more: the item that was refused does not count");
}

/// The errors say in words what was the matter.
///
/// Next: the error types of the starter are complete; leave them as they are.
#[fact]
fn errors_say_what_was_the_matter() {
    let (full, shut_down) = (PutError::Full(7), PutError::ShutDown(7));
    expect_eq!(format!("{full:?}, {full}"), "Full(..), the queue is full", "Debug and Display of PutError::Full");
    let words = format!("{shut_down:?}, {shut_down}");
    expect_eq!(words, "ShutDown(..), the queue is shut down", "Debug and Display of PutError::ShutDown");
    expect_eq!([full, shut_down].map(PutError::into_item), [7, 7], "the items of the two");
    let words = [GetError::Empty, GetError::ShutDown].map(|error| error.to_string());
    expect_eq!(words, ["the queue is empty", "the queue is shut down"], "Display of GetError");
}

/// The calls that do not wait do not wait for a thread that waits in `put`, `get` or `join`, either.
///
/// Next: no lock may be held while waiting, but the one that the condition variable lets go of.
#[fact]
fn calls_that_do_not_wait_do_not_stand_behind_those_that_do() {
    let full = full_queue(1);
    let _waiting = (putter("putter", &full, 7), joiner("joiner", &full));
    let result = thread("try_put", &full, |queue| queue.try_put(8));
    expect_eq!(put_result(returned(result, "try_put, while a put and a join wait")), "Full(8)", "what it returned");
    let result =
        thread("task_done", &full, |queue| (queue.len(), queue.is_empty(), queue.is_full(), queue.task_done()));
    let result = returned(result, "len, is_empty, is_full and task_done, while a put and a join wait");
    expect_eq!(result, (1, false, true, Ok(())), "what they returned");
    let empty = bounded(1);
    let _waiting = getter("getter", &empty);
    let result = thread("try_get", &empty, |queue| queue.try_get());
    expect_eq!(returned(result, "try_get, while a get waits"), Err(GetError::Empty), "what it returned");
    let result = thread("shutdown", &empty, |queue| (queue.is_empty(), queue.is_full(), queue.shutdown(false)));
    let result = returned(result, "is_empty, is_full and shutdown, while a get waits");
    expect_eq!(result, (true, false, ()), "what they returned");
}

/// A put or get with a time-out fails when its time has passed, and not before.
///
/// Next: a condition variable tells why its wait has ended, and that is not always the time.
#[fact]
fn time_outs_wait_as_long_as_they_say() {
    const TIME: Duration = Duration::from_millis(20);
    let queue = bounded(1);
    let begun = Instant::now();
    expect_eq!(queue.get_timeout(TIME), Err(GetError::Empty), "get_timeout, while the queue is empty");
    expect!(begun.elapsed() >= TIME, "get_timeout of 20 ms", "at least 20 ms", format!("{:?}", begun.elapsed()));
    expect_eq!(put_result(queue.put_timeout(1, TIME)), "Ok", "put_timeout, while there is room");
    let begun = Instant::now();
    expect_eq!(put_result(queue.put_timeout(2, TIME)), "Full(2)", "put_timeout of 2, while the queue is full");
    expect!(begun.elapsed() >= TIME, "put_timeout of 20 ms", "at least 20 ms", format!("{:?}", begun.elapsed()));
    expect_eq!(queue.get_timeout(TIME), Ok(1), "get_timeout, while the queue holds 1");
}

/// A time-out of zero is a look: what can be had at once is had.
///
/// Next: look at the queue before you look at the clock.
#[fact]
fn a_time_out_of_zero_is_a_look() {
    let queue = bounded(1);
    expect_eq!(
        queue.get_timeout(Duration::ZERO),
        Err(GetError::Empty),
        "get_timeout of zero, while the queue is empty"
    );
    expect_eq!(put_result(queue.put_timeout(1, Duration::ZERO)), "Ok", "put_timeout of zero, while there is room");
    expect_eq!(
        put_result(queue.put_timeout(2, Duration::ZERO)),
        "Full(2)",
        "put_timeout of zero, of 2, while it is full"
    );
    expect_eq!(queue.get_timeout(Duration::ZERO), Ok(1), "get_timeout of zero, while the queue holds 1");
}
