//! Facts about `generator`, `next`, `collect` and `filter_map`.
//!
//! The facts play the runtime themselves: they poll by hand with a waker that counts ([`Task`]), over bodies that write
//! down how far they have come ([`Log`]), that wait for what the fact opens ([`Gate`]) and that leave a trace when they
//! are dropped ([`Trace`]).

use harness::{expect, expect_eq, fact, unmet};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use subject::{Stream, Yielder, collect, filter_map, generator, next};

// ---- Lazy, in order, on demand

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
    let task = Task::new();
    let mut stream = numbers(1..=3);
    let asked: Vec<_> = (0..4).map(|_| task.ask(&mut stream)).collect();
    let expected = [Some(1), Some(2), Some(3), None].map(Poll::Ready);
    expect_eq!(asked, expected, "four polls of a stream that emits 1, 2 and 3");
    let mut empty = generator(async |_: &mut Yielder<u32>| ());
    expect_eq!(task.ask(&mut empty), Poll::Ready(None), "the first poll of a stream that emits nothing");
}

/// After an item the body stands still until the next one is asked for.
///
/// Next: `emit` must be pending once it has handed over its item, and nobody but `poll_next` may poll the body.
#[fact]
fn the_body_stands_still_after_an_emit() {
    let (task, log) = (Task::new(), Log::default());
    let mut stream = generator(async |y| {
        log.line("asked");
        y.emit(1).await;
        log.line("asked again");
        y.emit(2).await;
        log.line("asked a third time");
    });
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(1)), "the first poll");
    expect_eq!(log.take(), "asked;", "what has run after the first item was returned");
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(2)), "the second poll");
    expect_eq!(log.take(), "asked again;", "what has run since, after the second item was returned");
    expect_eq!(task.ask(&mut stream), Poll::Ready(None), "the third poll");
    expect_eq!(log.take(), "asked a third time;", "what has run since, after the end");
}

/// One poll of the stream polls its body exactly once.
///
/// Next: polling again "to see whether there is something now" is what wakers are there to save.
#[fact]
fn one_poll_of_the_stream_is_one_poll_of_the_body() {
    let (task, gate) = (Task::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
        gate.passed().await;
    });
    for poll in 1..=3 {
        expect_eq!(task.ask(&mut stream), Poll::Pending, "a poll of a stream whose body waits");
        expect_eq!(gate.polls(), poll, format!("polls of what the body waits for after {poll} polls of the stream"));
    }
    gate.open();
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(1)), "the poll after what the body waited for has happened");
    expect_eq!(gate.polls(), 4, "polls of what the body waits for after 4 polls, the last of which returned an item");
}

// ---- Emit

/// An `emit` whose future is not polled emits nothing.
///
/// Next: put the item into the slot when the future is polled, not when `emit` is called.
#[fact]
fn an_emit_that_is_not_polled_emits_nothing() {
    let (task, log) = (Task::new(), Log::default());
    let mut stream = generator(async |y| {
        drop(y.emit(Trace(&log, "unpolled")));
        log.line("next");
        y.emit(Trace(&log, "polled")).await;
    });
    let asked = task.ask(&mut stream).map(|item| item.map(|trace| trace.1));
    expect_eq!(asked, Poll::Ready(Some("polled")), "the first item: the emit before was dropped without being polled");
    expect_eq!(log.take(), "unpolled;next;polled;", "when the two items were dropped");
}

/// An `emit` is ready only when its item has been taken, however often it is polled.
///
/// Next: do not count polls: look whether the item is still there.
#[fact]
fn an_emit_is_ready_when_its_item_has_been_taken() {
    let (task, log) = (Task::new(), Log::default());
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
    let asked = task.ask(&mut stream);
    expect_eq!(log.take(), "pending;pending;pending;", "what an emit was when it was polled three times in a row");
    expect_eq!(asked, Poll::Ready(Some(1)), "the poll of the stream in which that happened");
    expect_eq!(task.ask(&mut stream), Poll::Ready(None), "the next poll, in which the body ends if the emit is ready");
    expect_eq!(log.take(), "ready;", "what the emit was in that poll");
}

/// An item in flight comes out, even if its `emit` is given up; the next `emit` waits for its turn.
///
/// Next: once an item is in the slot it stays there until it is taken; nobody may overwrite it.
#[fact]
fn an_item_in_flight_survives_its_emit() {
    let task = Task::new();
    let mut stream = generator(async |y| {
        give_up(y.emit(1)).await;
        give_up(y.emit(2)).await;
        y.emit(3).await;
        give_up(y.emit(4)).await;
    });
    let asked: Vec<_> = (0..5).map(|_| task.ask(&mut stream)).collect();
    // The second emit was given up while it waited for the first one's item: its own never was in flight.
    let expected = [Some(1), Some(3), Some(4), None, None].map(Poll::Ready);
    expect_eq!(asked, expected, "five polls: emits of 1, 2 and 4 were given up after one poll, 3 was awaited");
}

/// An item comes out although the body waits for something else at the same time.
///
/// Next: whether there is an item is a question to the slot, not to the result of the body's poll.
#[fact]
fn an_item_comes_out_of_a_body_that_waits_for_something_else() {
    let (task, gate, log) = (Task::new(), Gate::default(), Log::default());
    let mut stream = generator(async |y| {
        both(y.emit(1), gate.passed()).await;
        log.line("both are over");
        y.emit(2).await;
    });
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(1)), "a poll of a body that emits and waits at the same time");
    expect_eq!(task.ask(&mut stream), Poll::Pending, "the poll after that item, while the body still waits");
    expect_eq!(log.take(), "", "what has run behind the emit and the wait, before the wait was over");
    gate.open();
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(2)), "the poll after the wait was over");
}

/// Generators inside one another do not mix up their items.
///
/// Next: each generator has a slot of its own, and its yielder knows that one only.
#[fact]
fn generators_do_not_mix() {
    let task = Task::new();
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
    let asked: Vec<_> = (0..4).map(|_| task.ask(&mut outer)).collect();
    let expected = [Some(10), Some(20), Some(3), None].map(Poll::Ready);
    expect_eq!(asked, expected, "an outer stream: its inner generator emits 10 and 20 into it, and 1 and 2 itself");
}

// ---- Waiting and waking

/// While the body waits the stream is pending, and what it waits for wakes the task.
///
/// Next: hand the context that `poll_next` got to the body.
#[fact]
fn waking_the_body_wakes_the_task() {
    let (task, gate) = (Task::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
    });
    expect_eq!(task.ask(&mut stream), Poll::Pending, "a poll while the body waits");
    gate.open();
    expect!(task.wakes() > 0, "wakes of the task when what the body waits for has happened", "1", "0");
    expect_eq!(task.ask(&mut stream), Poll::Ready(Some(1)), "the poll after that");
}

/// It is the waker of the latest poll that is woken.
///
/// Next: a stream may be asked by another task each time; a waker that you keep from an earlier poll is stale.
#[fact]
fn the_waker_of_the_latest_poll_is_woken() {
    let (first, second, gate) = (Task::new(), Task::new(), Gate::default());
    let mut stream = generator(async |y| {
        gate.passed().await;
        y.emit(1).await;
    });
    expect_eq!(first.ask(&mut stream), Poll::Pending, "the first task's poll while the body waits");
    expect_eq!(second.ask(&mut stream), Poll::Pending, "the second task's poll while the body waits");
    gate.open();
    expect!(second.wakes() > 0, "wakes of the task that polled last", "1", "0");
}

/// A body that wakes itself while it is being polled is polled again.
///
/// Next: the waker must work from the beginning of the poll, not from its end.
#[fact]
fn a_wake_during_the_poll_is_not_lost() {
    let task = Task::new();
    let mut stream = generator(async |y| {
        for n in 1..=2 {
            wake_yourself().await;
            y.emit(n).await;
        }
    });
    for n in 1..=2 {
        let before = task.wakes();
        expect_eq!(task.ask(&mut stream), Poll::Pending, "a poll in which the body wakes itself and waits");
        expect!(task.wakes() > before, "wakes of the task in that poll", "1", "0");
        expect_eq!(task.ask(&mut stream), Poll::Ready(Some(n)), "the poll after that wake");
    }
}

/// The stream wakes nobody: not when it emits, not when it leaves items out, not while it waits.
///
/// Next: who asked gets the answer as the result of the poll; nobody has to be told to come back.
#[fact]
fn the_stream_itself_wakes_nobody() {
    let (task, gate) = (Task::new(), Gate::default());
    let odd = filter_map(numbers(1..=9), async |n| (n % 2 == 1).then_some(n));
    let mut stream = generator(async |y| {
        let mut odd = odd;
        while let Some(n) = next(&mut odd).await {
            y.emit(n).await;
        }
        gate.passed().await;
    });
    let asked: Vec<_> = (0..6).map(|_| task.ask(&mut stream)).collect();
    expect!(asked[5].is_pending(), "the sixth poll of a stream of five items that then waits", "pending", "ready");
    expect_eq!(asked[4], Poll::Ready(Some(9)), "the fifth poll of that stream");
    expect_eq!(task.wakes(), 0, "wakes of the task by a stream in which nothing that is waited for has happened");
}

/// A `next` that is dropped while it is pending loses nothing.
///
/// Next: the future of `next` must hold nothing but the borrow of the stream.
#[fact]
fn a_dropped_next_loses_nothing() {
    let (task, gate, log) = (Task::new(), Gate::default(), Log::default());
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

// ---- The end

/// A stream that has ended stays ended.
///
/// Next: remember that the body has ended; it must not be polled again.
#[fact]
fn an_ended_stream_stays_ended() {
    let task = Task::new();
    let mut stream = numbers(1..=1);
    let _ = task.ask(&mut stream);
    for _ in 0..3 {
        expect_eq!(task.ask(&mut stream), Poll::Ready(None), "a poll after the only item was taken");
    }
    let mut mapped = filter_map(numbers(1..=1), async |n| Some(n));
    let _ = task.ask(&mut mapped);
    for _ in 0..3 {
        expect_eq!(task.ask(&mut mapped), Poll::Ready(None), "a poll of a filter_map after its only item was taken");
    }
}

/// When the body has ended, it and what it captured are gone before the poll returns.
///
/// Next: drop the body's future as soon as it is ready; do not keep it until the stream goes.
#[fact]
fn the_body_is_dropped_at_its_end() {
    let (task, log) = (Task::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _local = Trace(&log, "local");
        y.emit(1).await;
        log.line("last line");
    });
    let _ = task.ask(&mut stream);
    expect_eq!(log.take(), "", "what was dropped while the body stands at its emit");
    expect_eq!(task.ask(&mut stream), Poll::Ready(None), "the poll in which the body ends");
    expect_eq!(log.take(), "last line;local;captured;", "what has happened when that poll has returned");
    drop(stream);
    expect_eq!(log.take(), "", "what the drop of the stream after that did");
}

/// Dropping the stream drops the body where it stands: destructors in order, and nothing else runs.
///
/// Next: who owns the body? If its yielder keeps it alive, the two keep each other.
#[fact]
fn dropping_the_stream_drops_the_body_where_it_stands() {
    let (task, log) = (Task::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _first = Trace(&log, "first local");
        let second = Trace(&log, "second local");
        y.emit(1).await;
        log.line("ran on");
        drop(second);
    });
    let _ = task.ask(&mut stream);
    drop(stream);
    expect_eq!(log.take(), "second local;first local;captured;", "what has happened when the drop has returned");
    let captured = Trace(&log, "captured");
    let mut waiting = generator(async |y: &mut Yielder<u32>| {
        let _captured = captured;
        y.emit(std::future::pending().await).await;
    });
    expect_eq!(task.ask(&mut waiting), Poll::Pending, "a poll of a stream whose body waits for ever");
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
    let (task, log) = (Task::new(), Log::default());
    let captured = Trace(&log, "captured");
    let mut stream = generator(async |y| {
        let _captured = captured;
        let _local = Trace(&log, "local");
        y.emit(1).await;
        panic_any(42_u8);
    });
    let _ = task.ask(&mut stream);
    let payload = catch(|| task.ask(&mut stream)).err().and_then(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload, Some(42), "what came out of the poll in which the body panicked with 42");
    expect_eq!(log.take(), "local;captured;", "what has been dropped when the panic has come out");
    for _ in 0..2 {
        let asked = catch(|| task.ask(&mut stream)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the body panicked");
    }
}

/// An item that is in flight when the body panics is lost: the stream has ended.
///
/// Next: whether the stream has ended comes before what is in the slot.
#[fact(panics)]
fn an_item_in_flight_is_lost_in_a_panic() {
    let (task, log) = (Task::new(), Log::default());
    let mut stream = generator(async |y| {
        give_up(y.emit(Trace(&log, "item"))).await;
        panic_any(42_u8);
    });
    let payload = catch(|| drop(task.ask(&mut stream))).err().and_then(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload, Some(42), "what came out of the poll in which the body emitted an item and panicked with 42");
    for _ in 0..2 {
        let asked = catch(|| task.ask(&mut stream)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        let asked = asked.map(|item| item.map(|trace| trace.1));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the body panicked");
    }
    drop(stream);
    expect_eq!(log.take(), "item;", "the drops of the lost item, when the stream has been dropped as well");
}

// ---- collect and filter_map

/// `collect` returns all items in order, and waits where the stream waits.
///
/// Next: ask for one item after the other until there are no more.
#[fact]
fn collect_returns_all_items() {
    let (task, gate, log) = (Task::new(), Gate::default(), Log::default());
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
    let task = Task::new();
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
    let (task, log) = (Task::new(), Log::default());
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
    expect_eq!(task.ask(&mut mapped), Poll::Ready(Some(1)), "the first poll");
    expect_eq!(log.take(), "source 1;function 1;", "what has run after the first item");
    expect_eq!(task.ask(&mut mapped), Poll::Ready(Some(3)), "the second poll; 2 is left out");
    expect_eq!(log.take(), "source 2;function 2;source 3;function 3;", "what has run for the second item");
    expect_eq!(task.ask(&mut mapped), Poll::Ready(None), "the third poll");
    expect_eq!(log.take(), "source ends;", "what has run for the third poll");
}

/// A function that waits keeps its item, also when the `next` that asked for it is dropped.
///
/// Next: the call in progress belongs to the stream, not to the poll: a new future for each poll starts all over.
#[fact]
fn a_function_that_waits_keeps_its_item() {
    let (task, gate, log) = (Task::new(), Gate::default(), Log::default());
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
    let asked: Vec<_> = (0..3).map(|_| task.ask(&mut mapped)).collect();
    expect_eq!(asked, [Some(1), Some(2), None].map(Poll::Ready), "the polls after that");
}

/// Dropping a `filter_map` drops the call in progress, the function and the source.
///
/// Next: everything it holds must have one owner: the stream that it returned.
#[fact]
fn dropping_a_filter_map_drops_all_it_holds() {
    let (task, log) = (Task::new(), Log::default());
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
#[fact]
fn an_ended_source_is_not_asked_again() {
    let task = Task::new();
    let mut mapped = filter_map(Strict::default(), async |n| Some(n * 10));
    let asked: Vec<_> = (0..5).map(|_| task.ask(&mut mapped)).collect();
    expect_eq!(asked, [Some(10), Some(20), None, None, None].map(Poll::Ready), "polls over a source of 1 and 2");
}

/// A `filter_map` that has ended has dropped its source and its function before that poll returns.
///
/// Next: a note that it is over is not enough: what it was made of must go, too.
#[fact]
fn an_ended_filter_map_keeps_nothing() {
    let (task, log) = (Task::new(), Log::default());
    let given = Trace(&log, "function");
    let source = Ends { trace: Trace(&log, "source"), panics: false };
    let mut mapped = filter_map(source, async move |n: u32| {
        let _given = &given;
        Some(n)
    });
    expect_eq!(task.ask(&mut mapped), Poll::Ready(None), "the poll in which the source ends");
    expect_eq!(log.take_sorted(), ["function", "source"], "what has been dropped when that poll has returned");
}

/// A panic of the source comes out of the poll, and the new stream has ended and keeps nothing.
///
/// Next: whose poll comes back with a panic must not be polled again; take it out first, and put it back if all went well.
#[fact(panics)]
fn a_panic_of_the_source_ends_the_new_stream() {
    let (task, log) = (Task::new(), Log::default());
    let given = Trace(&log, "function");
    let source = Ends { trace: Trace(&log, "source"), panics: true };
    let mut mapped = filter_map(source, async move |n: u32| {
        let _given = &given;
        Some(n)
    });
    let payload = catch(|| task.ask(&mut mapped)).err().and_then(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload, Some(42), "what came out of the poll in which the source panicked with 42");
    expect_eq!(log.take_sorted(), ["function", "source"], "what has been dropped when the panic has come out");
    for _ in 0..2 {
        let asked = catch(|| task.ask(&mut mapped)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
        expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the source panicked");
    }
}

/// A panic of the function comes out of the poll, and the new stream has ended.
///
/// Next: what holds for a body holds for the function, if the one runs inside the other.
#[fact(panics)]
fn a_panic_of_the_function_ends_the_new_stream() {
    let task = Task::new();
    let mut mapped = filter_map(numbers(1..=3), async |n| if n == 2 { panic_any(42_u8) } else { Some(n) });
    expect_eq!(task.ask(&mut mapped), Poll::Ready(Some(1)), "the poll before the panic");
    let payload = catch(|| task.ask(&mut mapped)).err().and_then(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload, Some(42), "what came out of the poll in which the function panicked with 42");
    let asked = catch(|| task.ask(&mut mapped)).unwrap_or_else(|_| unmet("a poll after that", "None", "a panic"));
    expect_eq!(asked, Poll::Ready(None), "a poll after the one in which the function panicked");
}

// ---- The parts that the facts are played with

/// A task that is played by hand: its waker counts.
struct Task(Arc<Wakes>);

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Task {
    fn new() -> Self {
        Task(Arc::default())
    }

    fn wakes(&self) -> usize {
        self.0.0.load(SeqCst)
    }

    fn poll<F: Future>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0))))
    }

    /// Polls a `next` of the stream once, and drops it.
    fn ask<S: Stream + Unpin>(&self, stream: &mut S) -> Poll<Option<S::Item>> {
        self.poll(pin!(next(stream)))
    }
}

/// How far a body has come.
#[derive(Default)]
struct Log(RefCell<String>);

impl Log {
    fn line(&self, line: impl AsRef<str>) {
        self.0.borrow_mut().push_str(&format!("{};", line.as_ref()));
    }

    /// All lines since the last look, each with a semicolon behind it.
    fn take(&self) -> String {
        self.0.take()
    }

    fn take_sorted(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.take().split_terminator(';').map(String::from).collect();
        lines.sort();
        lines
    }
}

/// Writes its name down when it is dropped.
struct Trace<'a>(&'a Log, &'static str);

impl Drop for Trace<'_> {
    fn drop(&mut self) {
        self.0.line(self.1);
    }
}

/// Something to wait for, opened by the fact.
#[derive(Default)]
struct Gate {
    is_open: Cell<bool>,
    polls: Cell<usize>,
    waiting: RefCell<Option<Waker>>,
}

impl Gate {
    fn passed(&self) -> impl Future<Output = ()> {
        poll_fn(|context| {
            self.polls.set(self.polls.get() + 1);
            if self.is_open.get() {
                return Poll::Ready(());
            }
            self.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
    }

    fn open(&self) {
        self.is_open.set(true);
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
    }

    fn close(&self) {
        self.is_open.set(false);
    }

    fn polls(&self) -> usize {
        self.polls.get()
    }
}

/// A source of 1 and 2 that must not be asked again after its end.
#[derive(Default)]
struct Strict(u32);

impl Stream for Strict {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u32>> {
        self.0 += 1;
        expect!(self.0 <= 3, "a source that has said None", "it is not asked again", "it is asked again");
        Poll::Ready(Some(self.0).filter(|n| *n <= 2))
    }
}

/// A source without items, which leaves a trace when it is dropped.
struct Ends<'a> {
    #[expect(dead_code, reason = "only its drop matters")]
    trace: Trace<'a>,
    panics: bool,
}

impl Stream for Ends<'_> {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.panics {
            panic_any(42_u8);
        }
        Poll::Ready(None)
    }
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> impl Stream<Item = u32> + Unpin {
    generator(async move |y| {
        for n in range {
            y.emit(n).await;
        }
    })
}

/// Polls a future once and drops it, ready or not.
async fn give_up<F: Future>(future: F) {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
}

/// Waits for two futures at the same time.
async fn both(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut are_over = [false; 2];
    poll_fn(|context| {
        are_over[0] = are_over[0] || first.as_mut().poll(context).is_ready();
        are_over[1] = are_over[1] || second.as_mut().poll(context).is_ready();
        if are_over == [true; 2] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Pending once, having woken its own task.
async fn wake_yourself() {
    let mut is_over = false;
    poll_fn(|context| {
        if is_over {
            return Poll::Ready(());
        }
        is_over = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn catch<T>(action: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(action))
}
