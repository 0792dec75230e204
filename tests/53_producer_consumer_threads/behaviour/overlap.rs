//! What goes on side by side: consumers and sources hold up nobody else, and runs do not know of each other.

use super::outcome::{fine, only, result_of, sorted};
use super::sources::{Source, gated};
use harness::{Gate, actor, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::run;

/// As many items are in work at once as there are consumers: neither fewer nor more.
///
/// Next: no lock may be held while work runs. How long does the guard live that you took the item with?
#[fact]
fn consumers_work_side_by_side() {
    let gate = Gate::new();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(only(0..20), 3, 2, |item| {
            theirs.pass();
            fine(item)
        })
    });
    quiesce();
    expect_eq!(gate.waiting(), 3, "calls of work under way: 3 consumers, none of whose calls returns");
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}

/// While one consumer is stuck in `work`, the others handle everything else.
///
/// Next: an item belongs to nobody until a consumer is free to take it.
#[fact]
fn a_slow_consumer_holds_up_nothing_else() {
    let (gate, others) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (theirs, count) = (gate.clone(), Arc::clone(&others));
    let running = actor("run", move || {
        run(only(0..50), 2, 1, |item| {
            if *item == 0 {
                theirs.pass();
            } else {
                count.fetch_add(1, SeqCst);
            }
            fine(item)
        })
    });
    quiesce();
    expect_eq!(others.load(SeqCst), 49, "items handled by the other consumer while one is stuck with the first of 50");
    expect!(!running.has_finished(), "the run, one item still in work", "it goes on", "it has returned");
    gate.open();
    let handled = result_of(running).map(|summary| sorted(summary.handled)).ok();
    expect_eq!(handled, Some(vec![1, 49]), "Summary::handled, sorted");
}

/// While one source is stuck in `next`, the items of the others are handled.
///
/// Next: one thread for each source, and no lock held while it is asked.
#[fact]
fn a_slow_source_holds_up_nothing_else() {
    let (gate, others) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let sources: Vec<Source<usize>> =
        vec![Box::new(gated(0..1, &gate)), Box::new(1..20), Box::new(gated(20..21, &gate)), Box::new(21..40)];
    let count = Arc::clone(&others);
    let running = actor("run", move || {
        run(sources, 1, 1, |item| {
            count.fetch_add(1, SeqCst);
            fine(item)
        })
    });
    quiesce();
    expect_eq!(others.load(SeqCst), 38, "items handled while 2 of 4 sources are stuck; the other two have 19 each");
    expect!(!running.has_finished(), "the run, two sources still being asked", "it goes on", "it has returned");
    gate.open();
    expect_eq!(result_of(running).map(|summary| summary.produced).ok(), Some(vec![1, 19, 1, 19]), "Summary::produced");
}

/// Runs do not know of each other: one inside another's `work`, one beside another that is stuck.
///
/// Next: everything a run needs belongs to that call; nothing is global.
#[fact(negated)]
fn runs_are_independent() {
    let gate = Gate::new();
    let theirs = gate.clone();
    let stuck = actor("stuck run", move || {
        run(only(0..5), 1, 1, |item| {
            theirs.pass();
            fine(item)
        })
    });
    quiesce();
    let inner = AtomicUsize::new(0);
    let outer = run(vec![0..4, 0..4], 2, 1, |_: &usize| {
        run(only(0..10), 2, 1, |item: &usize| if *item == 7 { Err("seven") } else { Ok(()) }).map(drop).or_else(
            |failure| {
                inner.fetch_add(1, SeqCst);
                if failure.item == 7 { Ok(()) } else { Err(failure.error) }
            },
        )
    });
    expect!(outer.is_ok(), "a run whose work starts a run that fails", "it is Ok itself", format!("{outer:?}"));
    expect_eq!(inner.into_inner(), 8, "inner runs that failed");
    gate.open();
    expect!(result_of(stuck).is_ok(), "the run that was stuck meanwhile", "Ok", "Err");
}
