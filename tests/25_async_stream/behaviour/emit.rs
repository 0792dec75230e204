//! An item on its way from `emit` into the stream.

use super::bodies::{Gate, Log, Trace, both, give_up};
use super::task::ask;
use harness::{ManualTask, expect_eq, fact};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use subject::{generator, next};

/// An `emit` whose future is not polled emits nothing.
///
/// Next: put the item into the slot when the future is polled, not when `emit` is called.
#[fact]
fn an_emit_that_is_not_polled_emits_nothing() {
    let (task, log) = (ManualTask::new(), Log::default());
    let mut stream = generator(async |y| {
        drop(y.emit(Trace(&log, "unpolled")));
        log.line("next");
        y.emit(Trace(&log, "polled")).await;
    });
    let asked = ask(&task, &mut stream).map(|item| item.map(|trace| trace.1));
    expect_eq!(asked, Poll::Ready(Some("polled")), "the first item: the emit before was dropped without being polled");
    expect_eq!(log.take(), "unpolled;next;polled;", "when the two items were dropped");
}

/// An `emit` is ready only when its item has been taken, however often it is polled.
///
/// Next: do not count polls: look whether the item is still there.
#[fact]
fn an_emit_is_ready_when_its_item_has_been_taken() {
    let (task, log) = (ManualTask::new(), Log::default());
    let mut stream = generator(async |y| {
        let mut emit = pin!(y.emit(1));
        let mut times = 3;
        poll_fn(|context| {
            for _ in 0..std::mem::replace(&mut times, 1) {
                if emit.as_mut().poll(context).is_ready() {
                    log.line("ready");
                    return Poll::Ready(());
                }
                log.line("pending");
            }
            Poll::Pending
        })
        .await;
    });
    let asked = ask(&task, &mut stream);
    expect_eq!(log.take(), "pending;pending;pending;", "what an emit was when it was polled three times in a row");
    expect_eq!(asked, Poll::Ready(Some(1)), "the poll of the stream in which that happened");
    expect_eq!(
        ask(&task, &mut stream),
        Poll::Ready(None),
        "the next poll, in which the body ends if the emit is ready"
    );
    expect_eq!(log.take(), "ready;", "what the emit was in that poll");
}

/// An item in flight comes out, even if its `emit` is given up; the next `emit` waits for its turn.
///
/// Next: once an item is in the slot it stays there until it is taken; nobody may overwrite it.
#[fact]
fn an_item_in_flight_survives_its_emit() {
    let task = ManualTask::new();
    let mut stream = generator(async |y| {
        give_up(y.emit(1)).await;
        give_up(y.emit(2)).await;
        y.emit(3).await;
        give_up(y.emit(4)).await;
    });
    let asked: Vec<_> = (0..5).map(|_| ask(&task, &mut stream)).collect();
    // The second emit was given up while it waited for the first one's item: its own never was in flight.
    let expected = [Some(1), Some(3), Some(4), None, None].map(Poll::Ready);
    expect_eq!(asked, expected, "five polls: emits of 1, 2 and 4 were given up after one poll, 3 was awaited");
}

/// An item comes out although the body waits for something else at the same time.
///
/// Next: whether there is an item is a question to the slot, not to the result of the body's poll.
#[fact(negated)]
fn an_item_comes_out_of_a_body_that_waits_for_something_else() {
    let (task, gate, log) = (ManualTask::new(), Gate::default(), Log::default());
    let mut stream = generator(async |y| {
        both(y.emit(1), gate.passed()).await;
        log.line("both are over");
        y.emit(2).await;
    });
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(1)), "a poll of a body that emits and waits at the same time");
    expect_eq!(ask(&task, &mut stream), Poll::Pending, "the poll after that item, while the body still waits");
    expect_eq!(log.take(), "", "what has run behind the emit and the wait, before the wait was over");
    gate.open();
    expect_eq!(ask(&task, &mut stream), Poll::Ready(Some(2)), "the poll after the wait was over");
}

/// Generators inside one another do not mix up their items.
///
/// Next: each generator has a slot of its own, and its yielder knows that one only.
#[fact]
fn generators_do_not_mix() {
    let task = ManualTask::new();
    let mut outer = generator(async |y| {
        let mut inner = generator(async |z| {
            for n in 1..=2 {
                y.emit(n * 10).await;
                z.emit(n).await;
            }
        });
        let mut sum = 0;
        while let Some(n) = next(&mut inner).await {
            sum += n;
        }
        drop(inner);
        y.emit(sum).await;
    });
    let asked: Vec<_> = (0..4).map(|_| ask(&task, &mut outer)).collect();
    let expected = [Some(10), Some(20), Some(3), None].map(Poll::Ready);
    expect_eq!(asked, expected, "an outer stream: its inner generator emits 10 and 20 into it, and 1 and 2 itself");
}
