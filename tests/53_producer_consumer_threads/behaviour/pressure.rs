//! How far the producers run ahead, at least and at most, and how many items are alive.

use super::outcome::{Tracked, fine, result_of};
use super::sources::counted;
use harness::{Gate, actor, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::run;

/// Producers stop when the buffer is full: never are more than capacity + producers + consumers items under way.
///
/// Next: look at the room again after every wake-up, under the same lock that the item goes in with.
#[fact]
fn a_full_buffer_stops_the_producers() {
    let (gate, asked) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let sources: Vec<_> = (0..3).map(|_| counted(0..500, &asked)).collect();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(sources, 2, 4, |item| {
            theirs.pass();
            fine(item)
        })
    });
    // 4 places, 3 hands of producers, 2 hands of consumers.
    for _ in 0..40 {
        quiesce();
        let under_way = asked.load(SeqCst) - gate.passed();
        expect!(
            under_way <= 4 + 3 + 2,
            "items taken from 3 sources and not yet handled, 2 consumers, capacity 4, at rest",
            "at most 9",
            under_way.to_string()
        );
        gate.admit(1);
    }
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}

/// Producers run ahead until the buffer holds `capacity` items besides those in work.
///
/// Next: an item that a consumer has taken is not in the buffer any more: its place is free.
#[fact]
fn the_buffer_fills_while_the_consumers_are_busy() {
    let (gate, asked) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (theirs, source) = (gate.clone(), counted(0..500, &asked));
    let running = actor("run", move || {
        run(vec![source], 2, 16, |item| {
            theirs.pass();
            fine(item)
        })
    });
    for handled in 0..10 {
        quiesce();
        let under_way = asked.load(SeqCst) - handled;
        expect!(
            under_way >= 16 + 2,
            "items taken from the source and not yet handled, 2 consumers busy, capacity 16, at rest",
            "at least 18",
            under_way.to_string()
        );
        gate.admit(1);
    }
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}

/// An item that has been handled is dropped before its consumer takes another.
///
/// Next: who still owns the item after `work` has returned?
#[fact]
fn handled_items_are_dropped_on_the_way() {
    let (live, most) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let source = |live: Arc<AtomicUsize>, most| {
        (0..200).map(move |number| {
            let item = Tracked::new(number, &live);
            AtomicUsize::fetch_max(most, live.load(SeqCst), SeqCst);
            item
        })
    };
    let sources = vec![source(Arc::clone(&live), &most), source(Arc::clone(&live), &most)];
    expect!(run(sources, 3, 5, fine::<Tracked>).is_ok(), "the result", "Ok", "Err");
    let most = most.into_inner();
    expect!(
        most <= 5 + 2 + 3,
        "items alive at once, 2 sources, 3 consumers, capacity 5",
        "at most 10",
        most.to_string()
    );
    expect_eq!(live.load(SeqCst), 0, "items alive after the run");
}
