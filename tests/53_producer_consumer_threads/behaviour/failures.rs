//! What a failure of `work` stops, whom it releases, and what is returned.

use super::outcome::{Tracked, only, result_of, sorted};
use super::sources::{counted, gated};
use harness::{Gate, Log, actor, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::{Failure, run};

/// A failure is returned with its item, its error, and the number of items handled.
///
/// Next: the consumer still owns the item when `work` refuses it: keep both, and tell the others to stop.
#[fact]
fn a_failure_brings_its_item_and_error() {
    let log = Log::<usize>::default();
    let result = run(only(0..10), 1, 4, |item| {
        log.add(*item);
        if *item == 3 { Err("three is too many") } else { Ok(()) }
    });
    expect_eq!(result, Err(Failure { item: 3, error: "three is too many", handled: 3 }), "what run returned");
    expect_eq!(log.read(), [0, 1, 2, 3], "the items that work was called with, one consumer");
}

/// After a failure no item is begun, no source is asked, and the run waits for the calls under way.
///
/// Next: what is still in the buffer is not to be handled; look whether the run has stopped before you look for an item.
#[fact]
fn after_a_failure_nothing_new_is_begun() {
    let (slow, failing, asked, log) = (Gate::new(), Gate::new(), Arc::new(AtomicUsize::new(0)), Log::default());
    let sources = vec![counted(0..10_000, &asked)];
    let (my_slow, my_failing, my_log) = (slow.clone(), failing.clone(), log.clone());
    let running = actor("run", move || {
        run(sources, 2, 4, |item: &usize| {
            my_log.add(*item);
            match *item {
                0 => my_slow.pass(),
                _ => my_failing.pass(),
            }
            if *item == 1 { Err("one") } else { Ok(()) }
        })
    });
    quiesce();
    let before = asked.load(SeqCst);
    failing.open();
    quiesce();
    expect_eq!(sorted(log.read()), [0, 1], "items begun: two consumers, item 1 has failed, item 0 is still in work");
    expect!(!running.has_finished(), "the run, item 0 still in work", "it waits for that call", "it has returned");
    slow.open();
    let result = result_of(running);
    expect_eq!(result, Err(Failure { item: 1, error: "one", handled: 1 }), "what run returned");
    expect_eq!(sorted(log.read()), [0, 1], "items begun in the whole run");
    expect_eq!(asked.load(SeqCst) - before, 0, "calls of next after the failure; the buffer was full when it happened");
}

/// A failure ends the run although its producers wait for room.
///
/// Next: who waits for room has to be woken when there will never be any.
#[fact(negated)]
fn a_failure_releases_the_producers() {
    let gate = Gate::new();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(vec![0..100, 100..200, 200..300], 1, 1, |item: &usize| {
            theirs.pass();
            Err::<(), usize>(*item)
        })
    });
    quiesce();
    gate.open();
    let result = result_of(running);
    let failed = result.as_ref().err().map(|failure| (failure.item % 100, failure.error % 100, failure.handled));
    expect_eq!(
        failed,
        Some((0, 0, 0)),
        "item and error modulo 100, and handled: each source's first item is a multiple"
    );
}

/// A failure ends the run although other consumers are idle, and a call of `next` under way yields to nobody.
///
/// Next: who waits for an item has to be woken when there will never be one; what a source yields too late is dropped.
#[fact]
fn a_failure_releases_idle_consumers() {
    let (fails, asks, log) = (Gate::new(), Gate::new(), Log::default());
    asks.admit(1);
    let sources = vec![gated(0..10, &asks)];
    let (theirs, my_log) = (fails.clone(), log.clone());
    let running = actor("run", move || {
        run(sources, 3, 2, |item| {
            my_log.add(*item);
            theirs.pass();
            Err::<(), &str>("no")
        })
    });
    // Item 0 is in work, two consumers are idle, the source is being asked.
    quiesce();
    fails.open();
    quiesce();
    expect!(
        !running.has_finished(),
        "the run, a call of next still under way",
        "it waits for that call",
        "it has returned"
    );
    asks.admit(1);
    expect_eq!(result_of(running), Err(Failure { item: 0, error: "no", handled: 0 }), "what run returned");
    expect_eq!(asks.arrived(), 2, "calls of next: the second was under way when item 0 failed");
    expect_eq!(log.read(), [0], "the items that work was called with");
}

/// Of several failures the first is returned.
///
/// Next: write the failure down when it happens; the order in which threads are joined says nothing.
#[fact]
fn the_first_failure_wins() {
    for first in [0, 1] {
        let gates = [Gate::new(), Gate::new()];
        let theirs = gates.clone();
        let running = actor("run", move || {
            run(only(0..2), 2, 1, |item: &usize| {
                theirs[*item].pass();
                Err::<(), usize>(item * 10)
            })
        });
        quiesce();
        gates[first].open();
        quiesce();
        gates[1 - first].open();
        let expected = Err(Failure { item: first, error: first * 10, handled: 0 });
        expect_eq!(result_of(running), expected, format!("what run returned: both items failed, item {first} before"));
    }
}

/// Items that are not handled are dropped before the run returns; only the failed one is handed back.
///
/// Next: the buffer, the producers' hands and the sources all hold items when a run stops.
#[fact]
fn unhandled_items_are_dropped() {
    let (live, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let sources: Vec<_> =
        (0..2).map(|_| (0..20).map(|number| Tracked::new(number, &live)).collect::<Vec<_>>().into_iter()).collect();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(sources, 2, 3, |item| {
            theirs.pass();
            if item.number >= 1 { Err("no") } else { Ok(()) }
        })
    });
    quiesce();
    gate.open();
    let Err(failure) = result_of(running) else { harness::unmet("the result", "Err: work has failed", "Ok") };
    quiesce();
    expect_eq!(live.load(SeqCst), 1, "items alive after the run, the failed one included");
    drop(failure);
    expect_eq!(live.load(SeqCst), 0, "items alive after the failure was dropped");
}

/// Over many runs that fail half-way, the numbers add up.
///
/// Next: `handled` counts the calls that returned `Ok`, of all consumers, those that finished after the failure too.
#[fact]
fn failing_runs_add_up() {
    for round in 0..150 {
        let (handled, times) = (AtomicUsize::new(0), [(); 90].map(|()| AtomicUsize::new(0)));
        let result = run(vec![0..30, 30..60, 60..90], 3, 1 + round % 3, |item: &usize| {
            times[*item].fetch_add(1, SeqCst);
            if *item % 30 == round % 30 {
                return Err(*item);
            }
            handled.fetch_add(1, SeqCst);
            Ok(())
        });
        let Err(failure) = result else { harness::unmet("the result", "Err: three of 90 items fail", "Ok") };
        expect_eq!(failure.item % 30, round % 30, "the failed item, modulo 30");
        expect_eq!(failure.error, failure.item, "the error, which names its item");
        expect_eq!(failure.handled, handled.into_inner(), "Failure::handled, and how often work returned Ok");
        let twice = times.iter().filter(|times| times.load(SeqCst) > 1).count();
        expect_eq!(twice, 0, "items that work was called with more than once");
    }
}
