//! When a run ends, and that no thread is left of it.

use super::outcome::{Mishap, end_of, fine, only, result_of, sorted};
use super::sources::{Source, counted, gated};
use harness::{Gate, Log, actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::iter;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::run;

/// The end of one source is not the end of the run.
///
/// Next: count the sources that are still open; only the last one to end closes the buffer.
#[fact(negated)]
fn one_ended_source_does_not_end_the_run() {
    let (gate, log) = (Gate::new(), Log::<usize>::default());
    let sources: Vec<Source<usize>> = vec![Box::new(0..0), Box::new(gated(1..4, &gate)), Box::new(0..1)];
    let theirs = log.clone();
    let running = actor("run", move || {
        run(sources, 2, 1, |item| {
            theirs.add(*item);
            fine(item)
        })
    });
    quiesce();
    expect!(!running.has_finished(), "the run, one of three sources not at its end", "it goes on", "it has returned");
    gate.open();
    let produced = result_of(running).map(|summary| summary.produced).ok();
    expect_eq!(produced, Some(vec![0, 3, 1]), "Summary::produced");
    expect_eq!(sorted(log.read()), [0, 1, 2, 3], "the items handled, sorted");
}

/// The run returns after the last call of `work` has returned, not before.
///
/// Next: the end of the sources lets consumers leave once the buffer is empty; the run has to wait for each of them.
#[fact]
fn the_run_waits_for_the_last_item() {
    let gate = Gate::new();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(only(0..5), 2, 8, |item| {
            theirs.pass();
            fine(item)
        })
    });
    quiesce();
    for handled in 0..5 {
        expect!(!running.has_finished(), format!("the run, {handled} of 5 handled"), "it goes on", "it has returned");
        gate.admit(1);
        quiesce();
    }
    expect_eq!(result_of(running).map(|summary| summary.produced).ok(), Some(vec![5]), "Summary::produced");
}

/// A source that has said `None` is not asked again.
///
/// Next: not every iterator stays at its end; a `for` loop never asks twice.
#[fact]
fn an_ended_source_is_not_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    // Goes on after its end, as the contract of `Iterator` allows.
    let mut calls = 0;
    let source = iter::from_fn(|| {
        calls += 1;
        (calls % 3 != 0).then_some(calls)
    });
    let summary = run(vec![counted(source, &asked)], 2, 1, fine::<i32>).ok();
    expect_eq!(asked.load(SeqCst), 3, "calls of next on a source that yields two items, then None");
    expect_eq!(summary.map(|summary| summary.produced), Some(vec![2]), "Summary::produced");
}

/// No thread of a run is alive after it, however it ended.
///
/// Next: scoped threads are joined by their scope.
#[fact(panics)]
fn no_thread_is_left() {
    let before = threads_alive();
    for ending in ["success", "failure", "panic"] {
        let running = actor("run", move || {
            run(vec![0..100, 0..100], 3, 2, |item| match (*item, ending) {
                (50, "failure") => Err("no"),
                (50, "panic") => panic_any(Mishap("work")),
                _ => Ok(()),
            })
        });
        let ended = end_of(running);
        expect_eq!(ended.is_err(), ending == "panic", format!("whether the run panicked, ending: {ending}"));
        expect_eq!(threads_alive(), before, format!("threads alive after the run, ending: {ending}"));
    }
}
