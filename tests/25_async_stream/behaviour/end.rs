//! How a stream ends: by the end of its body, by a drop, by a panic. What is dropped when.

use super::bodies::{Log, Trace, give_up};
use super::sources::numbers;
use super::task::ask;
use harness::{ManualTask, catch_panic, expect_eq, fact, panic_payload, unmet};
use std::panic::panic_any;
use std::task::Poll;
use subject::{Yielder, filter_map, generator};

/// A stream that has ended stays ended.
///
/// Next: remember that the body has ended; it must not be polled again.
#[fact]
fn an_ended_stream_stays_ended() {
    let task = ManualTask::new();
    let mut stream = numbers(1..=1);
    let _ = ask(&task, &mut stream);
    for _ in 0..3 {
        expect_eq!(ask(&task, &mut stream), Poll::Ready(None), "a poll after the only item was taken");
    }
    let mut mapped = filter_map(numbers(1..=1), async |n| Some(n));
    let _ = ask(&task, &mut mapped);
    for _ in 0..3 {
        expect_eq!(ask(&task, &mut mapped), Poll::Ready(None), "a poll of a filter_map after its only item was taken");
    }
}

/// When the body has ended, it and what it captured are gone before the poll returns.
///
/// Next: drop the body's future as soon as it is ready; do not keep it until the stream goes.
#[fact]
fn the_body_is_dropped_at_its_end() {
    let (task, log) = (ManualTask::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _local = Trace(&log, "local");
        y.emit(1).await;
        log.line("last line");
    });
    let _ = ask(&task, &mut stream);
    expect_eq!(log.take(), "", "what was dropped while the body stands at its emit");
    expect_eq!(ask(&task, &mut stream), Poll::Ready(None), "the poll in which the body ends");
    expect_eq!(log.take(), "last line;local;captured;", "what has happened when that poll has returned");
    drop(stream);
    expect_eq!(log.take(), "", "what the drop of the stream after that did");
}

/// Dropping the stream drops the body where it stands: destructors in order, and nothing else runs.
///
/// Next: who owns the body? If its yielder keeps it alive, the two keep each other.
#[fact]
fn dropping_the_stream_drops_the_body_where_it_stands() {
    let (task, log) = (ManualTask::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _first = Trace(&log, "first local");
        let second = Trace(&log, "second local");
        y.emit(1).await;
        log.line("ran on");
        drop(second);
    });
    let _ = ask(&task, &mut stream);
    drop(stream);
    expect_eq!(log.take(), "second local;first local;captured;", "what has happened when the drop has returned");
    let captured = Trace(&log, "captured");
    let mut waiting = generator(async |y: &mut Yielder<u32>| {
        let _captured = captured;
        y.emit(std::future::pending().await).await;
    });
    expect_eq!(ask(&task, &mut waiting), Poll::Pending, "a poll of a stream whose body waits for ever");
    drop(waiting);
    expect_eq!(log.take(), "captured;", "what has happened when a stream whose body waits has been dropped");
}

/// A stream that was never polled drops its body and does not run it.
///
/// Next: drop is no poll.
#[fact]
fn an_unpolled_stream_drops_its_body_unrun() {
    let log = Log::default();
    let (captured, given) = (Trace(&log, "body"), Trace(&log, "function"));
    let stream = generator(async |y| {
        let _captured = captured;
        log.line("the body has run");
        y.emit(1).await;
    });
    drop(filter_map(stream, async move |n: u32| {
        let _given = &given;
        Some(n)
    }));
    expect_eq!(log.take_sorted(), ["body", "function"], "what has happened, in alphabetical order");
}

/// A panic in the body comes out of the poll, and the stream has ended.
///
/// Next: whether the poll of the body comes back or not, a body that has panicked must not be polled again.
#[fact(panics)]
fn a_panic_comes_out_and_ends_the_stream() {
    let (task, log) = (ManualTask::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _local = Trace(&log, "local");
        y.emit(1).await;
        panic_any(42_u8);
    });
    let _ = ask(&task, &mut stream);
    let payload = panic_payload(|| ask(&task, &mut stream));
    expect_eq!(payload, Some(42_u8), "what came out of the poll in which the body panicked with 42");
    expect_eq!(log.take(), "local;captured;", "what has been dropped when the panic has come out");
    for _ in 0..2 {
        let asked =
            catch_panic(|| ask(&task, &mut stream)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the body panicked");
    }
}

/// An item that is in flight when the body panics is lost: the stream has ended.
///
/// Next: whether the stream has ended comes before what is in the slot.
#[fact(panics, negated)]
fn an_item_in_flight_is_lost_in_a_panic() {
    let (task, log) = (ManualTask::new(), Log::default());
    let mut stream = generator(async |y| {
        give_up(y.emit(Trace(&log, "item"))).await;
        panic_any(42_u8);
    });
    let payload = panic_payload(|| drop(ask(&task, &mut stream)));
    expect_eq!(
        payload,
        Some(42_u8),
        "what came out of the poll in which the body emitted an item and panicked with 42"
    );
    for _ in 0..2 {
        let asked =
            catch_panic(|| ask(&task, &mut stream)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        let asked = asked.map(|item| item.map(|trace| trace.1));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the body panicked");
    }
    drop(stream);
    expect_eq!(log.take(), "item;", "the drops of the lost item, when the stream has been dropped as well");
}
