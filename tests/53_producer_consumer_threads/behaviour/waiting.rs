//! Consumers that have been idle: they block, and wake for whatever comes later.

use super::outcome::{fine, result_of};
use harness::{Gate, actor, expect, expect_eq, fact, quiesce};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use subject::run;

/// Idle consumers block, and every burst that comes after idling is handled to the end.
///
/// Next: after a wake-up the item may be gone already, so look again; and be sure that who makes room wakes a producer.
#[fact]
fn after_idling_every_burst_is_handled() {
    const BURST: usize = 3;
    let (feed, fed) = mpsc::channel();
    let handled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&handled);
    let running = actor("run", move || {
        // One message is one burst, so that the source yields all of it without waiting.
        run(vec![fed.into_iter().flatten()], 3, 1, |item| {
            count.fetch_add(1, SeqCst);
            fine(item)
        })
    });
    for round in 1..=40 {
        quiesce();
        let _ = feed.send(0..BURST);
        quiesce();
        expect_eq!(handled.load(SeqCst), round * BURST, format!("items handled after {round} bursts of {BURST}"));
    }
    drop(feed);
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}

/// Consumers that were all idle work side by side again when items come.
///
/// Next: a consumer that is woken and finds nothing has not reached the end of the run.
#[fact]
fn an_idle_consumer_stays_for_later_items() {
    let (feed, fed) = mpsc::channel();
    let gate = Gate::new();
    let theirs = gate.clone();
    let running = actor("run", move || {
        run(vec![fed.into_iter()], 3, 1, |item| {
            theirs.pass();
            fine(item)
        })
    });
    for _ in 0..10 {
        quiesce();
        let _ = feed.send(0);
        gate.admit(1);
    }
    quiesce();
    for _ in 0..6 {
        let _ = feed.send(0);
    }
    quiesce();
    expect_eq!(gate.waiting(), 3, "calls of work under way: 3 consumers, after 10 single items and then 6 at once");
    gate.open();
    drop(feed);
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}
