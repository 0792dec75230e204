//! A full buffer stops the producers, and no item is kept longer than it has to be.

use super::clock::{ok, on_paused_clock, seconds, timed};
use super::sources_and_work::{Counted, count, source, taking};
use harness::{expect, expect_eq, fact};
use std::future;
use std::pin::pin;
use std::sync::atomic::Ordering::SeqCst;
use subject::run;
use tokio::time::timeout;

/// A full buffer stops the producers, and a place that becomes free lets one go on.
///
/// Next: a channel with a bound makes the sender wait. How many items can be outside of it?
#[fact]
fn a_full_buffer_stops_the_producers() {
    for (producers, consumers, capacity) in [(1, 1, 1), (3, 2, 4), (1, 2, 16), (2, 1, 1)] {
        on_paused_clock(async move {
            let taken = count();
            let source = |_| {
                let taken = taken.clone();
                move || future::ready(Some(taken.fetch_add(1, SeqCst)))
            };
            let mut running = pin!(run((0..producers).map(source).collect(), consumers, capacity, taking(1.0)));
            let _ = timeout(seconds(0.5), running.as_mut()).await;
            for round in 0..10 {
                let under_way = taken.load(SeqCst).saturating_sub(round * consumers);
                let (least, most) = (capacity + consumers, capacity + consumers + producers);
                let about = format!(
                    "items taken and not handled, {producers} sources, capacity {capacity}, {consumers} consumers, after {round}.5 s"
                );
                expect!(
                    (least..=most).contains(&under_way),
                    about,
                    format!("{least} to {most}: each consumer handles one item per second"),
                    under_way.to_string()
                );
                let _ = timeout(seconds(1.0), running.as_mut()).await;
            }
        });
    }
}

/// An item that has been handled is dropped at once, not when the next one comes.
///
/// Next: who still holds a clone of the item while its consumer waits for another?
#[fact]
fn a_handled_item_is_let_go() {
    let live = count();
    on_paused_clock(async {
        let theirs = live.clone();
        let items = (0..5).map(move |number| Counted::new(number, &theirs));
        let mut running = pin!(run(vec![source(items, 10.0)], 2, 3, taking(1.0)));
        for seconds_passed in [15, 25, 35, 45] {
            let _ = timeout(seconds(if seconds_passed == 15 { 15.0 } else { 10.0 }), running.as_mut()).await;
            let about = format!("items alive after {seconds_passed} s: one comes every 10 s, and takes 1 s of work");
            expect_eq!(live.load(SeqCst), 1, format!("{about}; the one that the source is about to yield"));
        }
        ok(timed(running).await.0);
    });
    expect_eq!(live.load(SeqCst), 0, "items alive after the run");
}
