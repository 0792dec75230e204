//! What is built on streams: `collect`, which returns all items, and `filter_map`, which is a stream again.

use super::bodies::{Gate, Log, Trace};
use super::sources::{Ends, Strict, numbers};
use super::task::ask;
use harness::{ManualTask, catch_panic, expect, expect_eq, fact, panic_payload, unmet};
use std::panic::panic_any;
use std::pin::pin;
use std::task::Poll;
use subject::{collect, filter_map, generator, next};

/// `collect` returns all items in order, and waits where the stream waits.
///
/// Next: ask for one item after the other until there are no more.
#[fact(negated)]
fn collect_returns_all_items() {
    let (task, gate, log) = (ManualTask::new(), Gate::default(), Log::default());
    let mut collected = Box::pin(collect(generator(async |y| {
        let _local = Trace(&log, "local");
        y.emit(1).await;
        gate.passed().await;
        y.emit(2).await;
    })));
    expect!(task.poll(collected.as_mut()).is_pending(), "a collect whose stream waits", "pending", "ready");
    gate.open();
    expect!(task.wakes() > 0, "wakes of the task that collects, when the wait is over", "1", "0");
    expect_eq!(task.poll(collected.as_mut()), Poll::Ready(vec![1, 2]), "what is collected of 1 and 2");
    expect_eq!(log.take(), "local;", "what has been dropped when the items were returned");
    let strict = collect(Strict::default());
    expect_eq!(task.poll(pin!(strict)), Poll::Ready(vec![1, 2]), "what is collected of a source of 1 and 2");
}

/// `filter_map` yields what the function makes of the items, and leaves out those for which it returns `None`.
///
/// Next: `None` of the function means: ask for the next one. `None` of the stream means: the end.
#[fact]
fn filter_map_maps_and_leaves_out() {
    let task = ManualTask::new();
    let mut calls = 0;
    let squares = filter_map(numbers(1..=6), async |n| {
        calls += 1;
        (n % 2 == 0).then(|| n * n)
    });
    expect_eq!(task.poll(pin!(collect(squares))), Poll::Ready(vec![4, 16, 36]), "squares of the even ones of 1 to 6");
    expect_eq!(calls, 6, "calls of the function");
}

/// `filter_map` handles one item to its end, and hands it out, before it asks for another.
///
/// Next: it is a generator itself: ask, call, emit.
#[fact]
fn filter_map_takes_one_item_at_a_time() {
    let (task, log) = (ManualTask::new(), Log::default());
    let source = generator(async |y| {
        for n in 1..=3 {
            log.line(format!("source {n}"));
            y.emit(n).await;
        }
        log.line("source ends");
    });
    let mut mapped = filter_map(source, async |n| {
        log.line(format!("function {n}"));
        (n != 2).then_some(n)
    });
    expect_eq!(ask(&task, &mut mapped), Poll::Ready(Some(1)), "the first poll");
    expect_eq!(log.take(), "source 1;function 1;", "what has run after the first item");
    expect_eq!(ask(&task, &mut mapped), Poll::Ready(Some(3)), "the second poll; 2 is left out");
    expect_eq!(log.take(), "source 2;function 2;source 3;function 3;", "what has run for the second item");
    expect_eq!(ask(&task, &mut mapped), Poll::Ready(None), "the third poll");
    expect_eq!(log.take(), "source ends;", "what has run for the third poll");
}

/// A function that waits keeps its item, also when the `next` that asked for it is dropped.
///
/// Next: the call in progress belongs to the stream, not to the poll: a new future for each poll starts all over.
#[fact]
fn a_function_that_waits_keeps_its_item() {
    let (task, gate, log) = (ManualTask::new(), Gate::default(), Log::default());
    let mut mapped = filter_map(numbers(1..=2), async |n| {
        log.line(format!("begin {n}"));
        gate.passed().await;
        Some(n)
    });
    for _ in 0..3 {
        expect_eq!(task.poll(pin!(next(&mut mapped))), Poll::Pending, "a next while the function waits, then dropped");
    }
    expect_eq!(log.take(), "begin 1;", "calls of the function in three polls, all while it waits for the first item");
    gate.open();
    expect!(task.wakes() > 0, "wakes of the task when what the function waits for has happened", "1", "0");
    let asked: Vec<_> = (0..3).map(|_| ask(&task, &mut mapped)).collect();
    expect_eq!(asked, [Some(1), Some(2), None].map(Poll::Ready), "the polls after that");
}

/// Dropping a `filter_map` drops the call in progress, the function and the source.
///
/// Next: everything it holds must have one owner: the stream that it returned.
#[fact]
fn dropping_a_filter_map_drops_all_it_holds() {
    let (task, log) = (ManualTask::new(), Log::default());
    let (local, given) = (Trace(&log, "source"), Trace(&log, "function"));
    let source = generator(async |y| {
        let _local = local;
        y.emit(Trace(&log, "item")).await;
    });
    let mut mapped = filter_map(source, async move |item| {
        let _given = &given;
        std::future::pending::<()>().await;
        Some(item)
    });
    expect!(task.poll(pin!(next(&mut mapped))).is_pending(), "a poll while the function waits", "pending", "ready");
    expect_eq!(log.take(), "", "what was dropped while the function waits");
    drop(mapped);
    expect_eq!(
        log.take_sorted(),
        ["function", "item", "source"],
        "what the drop of the new stream dropped, in alphabetical order"
    );
}

/// `filter_map` does not ask a source that has ended again.
///
/// Next: when the source says `None`, the new stream has ended too, and must know it.
#[fact(negated)]
fn an_ended_source_is_not_asked_again() {
    let task = ManualTask::new();
    let mut mapped = filter_map(Strict::default(), async |n| Some(n * 10));
    let asked: Vec<_> = (0..5).map(|_| ask(&task, &mut mapped)).collect();
    expect_eq!(asked, [Some(10), Some(20), None, None, None].map(Poll::Ready), "polls over a source of 1 and 2");
}

/// A `filter_map` that has ended has dropped its source and its function before that poll returns.
///
/// Next: a note that it is over is not enough: what it was made of must go, too.
#[fact]
fn an_ended_filter_map_keeps_nothing() {
    let (task, log) = (ManualTask::new(), Log::default());
    let given = Trace(&log, "function");
    let source = Ends { trace: Trace(&log, "source"), panics: false };
    let mut mapped = filter_map(source, async move |n: u32| {
        let _given = &given;
        Some(n)
    });
    expect_eq!(ask(&task, &mut mapped), Poll::Ready(None), "the poll in which the source ends");
    expect_eq!(log.take_sorted(), ["function", "source"], "what has been dropped when that poll has returned");
}

/// A panic of the source comes out of the poll, and the new stream has ended and keeps nothing.
///
/// Next: whose poll comes back with a panic must not be polled again; take it out first, and put it back if all went well.
#[fact(panics)]
fn a_panic_of_the_source_ends_the_new_stream() {
    let (task, log) = (ManualTask::new(), Log::default());
    let given = Trace(&log, "function");
    let source = Ends { trace: Trace(&log, "source"), panics: true };
    let mut mapped = filter_map(source, async move |n: u32| {
        let _given = &given;
        Some(n)
    });
    let payload = panic_payload(|| ask(&task, &mut mapped));
    expect_eq!(payload, Some(42_u8), "what came out of the poll in which the source panicked with 42");
    expect_eq!(log.take_sorted(), ["function", "source"], "what has been dropped when the panic has come out");
    for _ in 0..2 {
        let asked =
            catch_panic(|| ask(&task, &mut mapped)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the source panicked");
    }
}

/// A panic of the function comes out of the poll, and the new stream has ended.
///
/// Next: what holds for a body holds for the function, if the one runs inside the other.
#[fact(panics)]
fn a_panic_of_the_function_ends_the_new_stream() {
    let task = ManualTask::new();
    let mut mapped = filter_map(numbers(1..=3), async |n| if n == 2 { panic_any(42_u8) } else { Some(n) });
    expect_eq!(ask(&task, &mut mapped), Poll::Ready(Some(1)), "the poll before the panic");
    let payload = panic_payload(|| ask(&task, &mut mapped));
    expect_eq!(payload, Some(42_u8), "what came out of the poll in which the function panicked with 42");
    let asked =
        catch_panic(|| ask(&task, &mut mapped)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
    expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the function panicked");
}
