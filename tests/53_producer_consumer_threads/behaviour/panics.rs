//! What a panic of `work` or of a source stops, and what reaches the caller; and runs that are refused with a panic.

use super::outcome::{Mishap, end_of, fine, mishap_of, only, sorted};
use super::sources::{Source, counted, gated};
use harness::{Gate, Log, actor, expect, expect_eq, fact, quiesce};
use std::iter;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::run;

/// A panic of `work` ends the run and reaches the caller with its own payload.
///
/// Next: join every thread yourself and resume the panic that `join` returns.
#[fact(panics)]
fn a_panicking_work_reaches_the_caller() {
    let running = actor("run", || {
        run(
            vec![0..1000, 0..1000],
            1,
            1,
            |item: &usize| if *item == 5 { panic_any(Mishap("work")) } else { fine(item) },
        )
    });
    expect_eq!(
        mishap_of(end_of(running)),
        "the payload of work",
        "what run panicked with: its only consumer panics, both producers wait"
    );
}

/// After a panic no item is begun, and the panic goes on only when every call under way has returned.
///
/// Next: a thread that unwinds must still tell the others that the run has stopped; a guard's `drop` can do that.
#[fact(panics)]
fn after_a_panic_nothing_new_is_begun() {
    let (slow, panics, log) = (Gate::new(), Gate::new(), Log::default());
    let (my_slow, my_panics, my_log) = (slow.clone(), panics.clone(), log.clone());
    let running = actor("run", move || {
        run(only(0..8), 2, 4, |item: &usize| {
            my_log.add(*item);
            match *item {
                0 => my_slow.pass(),
                _ => {
                    my_panics.pass();
                    panic_any(Mishap("work"))
                }
            }
            fine(item)
        })
    });
    quiesce();
    panics.open();
    quiesce();
    expect!(!running.has_finished(), "the run, item 0 still in work", "it waits for that call", "it has ended");
    slow.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of work", "what run panicked with");
    expect_eq!(sorted(log.read()), [0, 1], "items begun in the whole run");
}

/// A panic is not swallowed by a failure that came before it.
///
/// Next: a panic is a bug and a failure is a result: look for panics first.
#[fact(panics)]
fn a_panic_outweighs_an_earlier_failure() {
    let gates = [Gate::new(), Gate::new()];
    let theirs = gates.clone();
    let running = actor("run", move || {
        run(only(0..2), 2, 1, |item: &usize| {
            theirs[*item].pass();
            if *item == 0 { Err("no") } else { panic_any(Mishap("work")) }
        })
    });
    quiesce();
    gates[0].open();
    quiesce();
    gates[1].open();
    expect_eq!(
        mishap_of(end_of(running)),
        "the payload of work",
        "what run panicked with: item 0 failed, then item 1 panicked"
    );
}

/// A panic of a source ends the run, releases idle consumers and reaches the caller.
///
/// Next: a producer that unwinds leaves consumers behind that wait for it.
#[fact(panics)]
fn a_panicking_source_reaches_the_caller() {
    let asks = Gate::new();
    let source = gated(iter::from_fn(|| -> Option<usize> { panic_any(Mishap("a source")) }), &asks);
    let running = actor("run", move || run(vec![source], 3, 1, fine::<usize>));
    quiesce();
    asks.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of a source", "what run panicked with");
}

/// After a panic of one source the others are not asked again, and nothing they still yield is handled.
///
/// Next: treat a panic like a failure, wherever it happens: the whole run stops.
#[fact(panics, negated)]
fn a_panicking_source_stops_the_others() {
    let (panics, asks, begun) = (Gate::new(), Gate::new(), Arc::new(AtomicUsize::new(0)));
    let misfortune = iter::from_fn(|| -> Option<usize> { panic_any(Mishap("a source")) });
    let sources: Vec<Source<usize>> = vec![Box::new(gated(misfortune, &panics)), Box::new(gated(0..50, &asks))];
    let count = Arc::clone(&begun);
    let running = actor("run", move || {
        run(sources, 2, 1, |item| {
            count.fetch_add(1, SeqCst);
            fine(item)
        })
    });
    quiesce();
    panics.open();
    quiesce();
    expect!(
        !running.has_finished(),
        "the run, a call of next still under way",
        "it waits for that call",
        "it has ended"
    );
    asks.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of a source", "what run panicked with");
    expect_eq!(asks.arrived(), 1, "calls of next on the other source: one was under way when the first panicked");
    expect_eq!(begun.load(SeqCst), 0, "calls of work");
}

/// A run without consumers, or with room for nothing, is refused with a panic before any source is asked.
///
/// Next: check the arguments first.
#[fact(panics)]
fn a_run_that_could_not_move_is_refused() {
    for (consumers, capacity) in [(0, 1), (1, 0)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = counted(0..3, &asked);
        let ended = end_of(actor("run", move || run(vec![source], consumers, capacity, fine::<usize>)));
        let about = format!("{consumers} consumers, capacity {capacity}");
        expect!(ended.is_err(), about, "run panics", format!("it returned {ended:?}"));
        expect_eq!(asked.load(SeqCst), 0, format!("calls of next, {about}"));
    }
}
