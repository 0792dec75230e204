//! Nothing of a body runs before it is asked for, and its items come in order.

use super::bodies::{Gate, Log};
use super::sources::numbers;
use super::task::ask;
use harness::{ManualTask, expect_eq, fact};
use std::task::Poll;
use subject::{Yielder, collect, filter_map, generator, next};

/// Nothing of the body runs before the stream is polled.
///
/// Next: a future does nothing until it is polled; make one out of the body and leave it alone.
#[fact]
fn nothing_runs_before_the_first_poll() {
    let log = Log::default();
    let mut stream = generator(async |y| {
        log.line("body");
        y.emit(1).await;
    });
    expect_eq!(log.take(), "", "what has run after generator() was called");
    drop(next(&mut stream));
    expect_eq!(log.take(), "", "what has run after next() was called and its future dropped unpolled");
    let mapped = filter_map(stream, async |n: u32| {
        log.line("function");
        Some(n)
    });
    expect_eq!(log.take(), "", "what has run after filter_map() was called");
    drop(collect(mapped));
    expect_eq!(log.take(), "", "what has run after collect() was called and its future dropped unpolled");
}

/// Items come in the order in which they were emitted, and then `None`.
///
/// Next: poll the body; if it has left an item in the slot, that is the answer; if it has ended, the answer is `None`.
#[fact]
fn items_come_in_order_and_then_none() {
    let task = ManualTask::new();
    let mut stream = numbers(1..=3);
    let asked: Vec<_> = (0..4).map(|_| ask(&task, &mut stream)).collect();
    let expected = [Some(1), Some(2), Some(3), None].map(Poll::Ready);
    expect_eq!(asked, expected, "four polls of a stream that emits 1, 2 and 3");
    let mut empty = generator(async |_: &mut Yielder<u32>| ());
    expect_eq!(ask(&task, &mut empty), Poll::Ready(None), "the first poll of a stream that emits nothing");
}

/// After an item the body stands still until the next one is asked for.
///
/// Next: `emit` must be pending once it has handed over its item, and nobody but `poll_next` may poll the body.
#[fact(negated)]
fn the_body_stands_still_after_an_emit() {
    let (task, log) = (ManualTask::new(), Log::default());
    let mut stream = generator(async |y| {
        log.line("asked");
        y.emit(1).await;
        log.line("asked again");
        y.emit(2).await;
        log.line("asked a third time");
    });
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(1)), "the first poll");
    expect_eq!(log.take(), "asked;", "what has run after the first item was returned");
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(2)), "the second poll");
    expect_eq!(log.take(), "asked again;", "what has run since, after the second item was returned");
    expect_eq!(ask(&task, &mut stream), Poll::Ready(None), "the third poll");
    expect_eq!(log.take(), "asked a third time;", "what has run since, after the end");
}

/// One poll of the stream polls its body exactly once.
///
/// Next: polling again "to see whether there is something now" is what wakers are there to save.
#[fact]
fn one_poll_of_the_stream_is_one_poll_of_the_body() {
    let (task, gate) = (ManualTask::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
        gate.passed().await;
    });
    for poll in 1..=3 {
        expect_eq!(ask(&task, &mut stream), Poll::Pending, "a poll of a stream whose body waits");
        expect_eq!(gate.polls(), poll, format!("polls of what the body waits for after {poll} polls of the stream"));
    }
    gate.open();
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(1)), "the poll after what the body waited for has happened");
    expect_eq!(gate.polls(), 4, "polls of what the body waits for after 4 polls, the last of which returned an item");
}
