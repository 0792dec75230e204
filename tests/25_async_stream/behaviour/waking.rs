//! A body that waits: who is woken, when, and by what.

use super::bodies::{Gate, Log, wake_yourself};
use super::sources::numbers;
use super::task::ask;
use harness::{ManualTask, expect, expect_eq, fact};
use std::pin::pin;
use std::task::Poll;
use subject::{filter_map, generator, next};

/// While the body waits the stream is pending, and what it waits for wakes the task.
///
/// Next: hand the context that `poll_next` got to the body.
#[fact]
fn waking_the_body_wakes_the_task() {
    let (task, gate) = (ManualTask::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
    });
    expect_eq!(ask(&task, &mut stream), Poll::Pending, "a poll while the body waits");
    gate.open();
    expect!(task.wakes() > 0, "wakes of the task when what the body waits for has happened", "1", "0");
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(1)), "the poll after that");
}

/// It is the waker of the latest poll that is woken.
///
/// Next: a stream may be asked by another task each time; a waker that you keep from an earlier poll is stale.
#[fact]
fn the_waker_of_the_latest_poll_is_woken() {
    let (first, second, gate) = (ManualTask::new(), ManualTask::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
    });
    expect_eq!(ask(&first, &mut stream), Poll::Pending, "the first task's poll while the body waits");
    expect_eq!(ask(&second, &mut stream), Poll::Pending, "the second task's poll while the body waits");
    gate.open();
    expect!(second.wakes() > 0, "wakes of the task that polled last", "1", "0");
}

/// A body that wakes itself while it is being polled is polled again.
///
/// Next: the waker must work from the beginning of the poll, not from its end.
#[fact]
fn a_wake_during_the_poll_is_not_lost() {
    let task = ManualTask::new();
    let mut stream = generator(async |y| {
        for n in 1..=2 {
            wake_yourself().await;
            y.emit(n).await;
        }
    });
    for n in 1..=2 {
        let before = task.wakes();
        expect_eq!(ask(&task, &mut stream), Poll::Pending, "a poll in which the body wakes itself and waits");
        expect!(task.wakes() > before, "wakes of the task in that poll", "1", "0");
        expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(n)), "the poll after that wake");
    }
}

/// The stream wakes nobody: not when it emits, not when it leaves items out, not while it waits.
///
/// Next: who asked gets the answer as the result of the poll; nobody has to be told to come back.
#[fact]
fn the_stream_itself_wakes_nobody() {
    let (task, gate) = (ManualTask::new(), Gate::default());
    let odd = filter_map(numbers(1..=9), async |n| (n % 2 == 1).then_some(n));
    let mut stream = generator(async |y| {
        let mut odd = odd;
        while let Some(n) = next(&mut odd).await {
            y.emit(n).await;
        }
        gate.passed().await;
    });
    let asked: Vec<_> = (0..6).map(|_| ask(&task, &mut stream)).collect();
    expect!(asked[5].is_pending(), "the sixth poll of a stream of five items that then waits", "pending", "ready");
    expect_eq!(asked[4], Poll::Ready(Some(9)), "the fifth poll of that stream");
    expect_eq!(task.wakes(), 0, "wakes of the task by a stream in which nothing that is waited for has happened");
}

/// A `next` that is dropped while it is pending loses nothing.
///
/// Next: the future of `next` must hold nothing but the borrow of the stream.
#[fact]
fn a_dropped_next_loses_nothing() {
    let (task, gate, log) = (ManualTask::new(), Gate::default(), Log::default());
    let mut stream = generator(async |y| {
        for n in 1..=2 {
            log.line(n.to_string());
            gate.passed().await;
            y.emit(n).await;
        }
    });
    for n in 1..=2 {
        for _ in 0..2 {
            expect_eq!(task.poll(pin!(next(&mut stream))), Poll::Pending, "a next while the body waits, then dropped");
        }
        gate.open();
        expect_eq!(task.poll(pin!(next(&mut stream))), Poll::Ready(Some(n)), "the next after two dropped ones");
        gate.close();
    }
    expect_eq!(log.take(), "1;2;", "how the body came along meanwhile");
}
