//! A run as a future: before its first poll, dropped half-way, beside and inside other runs.

use super::clock::{ok, on_paused_clock, played, seconds};
use super::sources_and_work::{count, holding_source, holding_work, ready, taking};
use harness::{expect, expect_eq, fact};
use std::future;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use subject::run;
use tokio::time::{sleep, timeout};

/// Nothing is called before the run is polled; a run that is dropped unpolled has never begun.
///
/// Next: an `async fn` does nothing before it is polled; what runs before it is called at once.
#[fact]
fn nothing_happens_before_the_first_poll() {
    on_paused_clock(async {
        let called = count();
        let theirs = called.clone();
        let counted = move || future::ready(Some(theirs.fetch_add(1, SeqCst)));
        let running = run(vec![counted], 1, 1, taking(1.0));
        sleep(seconds(1.0)).await;
        expect_eq!(called.load(SeqCst), 0, "how often the source was asked, 1 s after run() was called and not polled");
        drop(running);
        sleep(seconds(1.0)).await;
        expect_eq!(called.load(SeqCst), 0, "how often the source was asked, after the run was dropped unpolled");
        expect_eq!(Arc::strong_count(&called), 1, "who still holds the source then");
    });
}

/// A run that is dropped half-way stops: everything is dropped, and nothing is called any more.
///
/// Next: a task that was spawned goes on when its handle is dropped. What ends with its owner?
#[fact]
fn a_dropped_run_leaves_nothing_behind() {
    on_paused_clock(async {
        let (live, called) = (count(), count());
        let sources = vec![holding_source(&live, &called, |_| 1.0)];
        let running = timeout(seconds(3.5), run(sources, 2, 3, holding_work(&live, &called, |_| 10.0)));
        expect!(running.await.is_err(), "a run without end, after 3.5 s", "it goes on", "it has ended");
        let before = called.load(SeqCst);
        // The shortest sleep gives every task its turn.
        sleep(Duration::from_millis(1)).await;
        expect_eq!(live.load(SeqCst), 0, "items, sources, futures and clones of work alive after the run was dropped");
        sleep(seconds(100.0)).await;
        expect_eq!(called.load(SeqCst) - before, 0, "calls of sources and work after the run was dropped");
    });
}

/// Runs may overlap, and `work` may await a run of its own.
///
/// Next: nothing of a run may be shared with another one.
#[fact(negated)]
fn runs_may_overlap_and_nest() {
    let (sum, took) = played(async {
        let sum = count();
        let theirs = Arc::clone(&sum);
        let outer = move |item: Arc<usize>| {
            let sum = Arc::clone(&theirs);
            async move {
                let inner = move |number: Arc<usize>| {
                    sum.fetch_add(*number, SeqCst);
                    taking(1.0)(number)
                };
                run(vec![ready(0..*item)], 1, 1, inner).await.map(drop).map_err(|failure| failure.error)
            }
        };
        let (first, second) =
            tokio::join!(run(vec![ready(0..5)], 2, 1, outer.clone()), run(vec![ready(0..5)], 2, 1, outer));
        ok(first);
        ok(second);
        sum.load(SeqCst)
    });
    expect_eq!(sum, 20, "the sum of all items of the inner runs");
    expect_eq!(took, 6.0, "the seconds: two outer runs at once, inner runs of 0 to 4 items of 1 s each, two at a time");
}
