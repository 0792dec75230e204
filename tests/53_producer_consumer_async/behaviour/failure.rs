//! Work that refuses an item: what the run returns then, when, and what it leaves behind.

use super::clock::{LONG, on_paused_clock, played, seconds, timed};
use super::sources_and_work::{count, holding_source, holding_work, logging, ready};
use harness::{Log, expect, expect_eq, fact, unmet};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use subject::{Failure, Summary, run};
use tokio::time::sleep;

fn failure<T, E>(result: Result<Summary, Failure<T, E>>) -> Failure<T, E> {
    match result {
        Ok(summary) => unmet("the result of a run whose work refuses an item", "Err", format!("Ok({summary:?})")),
        Err(failure) => failure,
    }
}

/// A failure is returned with its item, its error and the number of items that were handled.
///
/// Next: keep a clone of the `Arc` while work has the other one.
#[fact]
fn a_failure_tells_item_error_and_count() {
    let work = |item: Arc<usize>| async move {
        sleep(seconds(1.0)).await;
        if *item == 4 { Err("too big") } else { Ok(()) }
    };
    let (result, took) = played(run(vec![ready(0..1000)], 1, 2, work));
    let Failure { item, error, handled } = failure(result);
    expect_eq!(
        (*item, error, handled),
        (4, "too big", 4),
        "the item, the error and the count: the fifth item is refused"
    );
    expect_eq!(took, 5.0, "the seconds until the run returned: five items of 1 s each");
    let work = |item: Arc<usize>| async move {
        sleep(seconds(if *item == 0 { 3.5 } else { 1.0 })).await;
        if *item == 0 { Err(0) } else { Ok(()) }
    };
    let (result, took) = played(run(vec![ready(0..1000)], 2, 2, work));
    let Failure { item, error, handled } = failure(result);
    expect_eq!((*item, error, handled), (0, 0, 3), "the item, the error and the count: item 0 is refused after 3.5 s");
    expect_eq!(took, 3.5, "the seconds until the run returned");
    let failure = Failure { item, error: std::fmt::Error, handled };
    expect!(failure.source().is_some(), "Failure::source, as the starter has it", "the error", "None");
}

/// A failure drops at once what is under way, waits for nothing, and leaves nothing behind.
///
/// Next: abort the others, and wait until they are gone; what do you still own yourself when you return?
#[fact]
fn a_failure_drops_everything_at_once() {
    let (live, called) = (count(), count());
    on_paused_clock(async {
        // The first five items are there at once, the next ones would take for ever.
        let source = |_| holding_source(&live, &called, |number| if number < 5 { 0.0 } else { 1e6 });
        let work = holding_work(&live, &called, |number| if number == 0 { 3.0 } else { 1e6 });
        let (result, took) = timed(run((0..3).map(source).collect(), 3, 1, work)).await;
        let failure = failure(result);
        expect_eq!((failure.item.number, failure.handled), (0, 0), "the item that failed, and the count");
        expect_eq!(took, 3.0, "the seconds until the run returned: work refused an item after 3 s");
        expect_eq!(Arc::strong_count(&failure.item), 1, "who holds the item that failed: the failure, and nobody else");
        drop(failure);
        expect_eq!(live.load(SeqCst), 0, "items, sources, futures and clones of work alive when the run has returned");
        let before = called.load(SeqCst);
        sleep(LONG).await;
        expect_eq!(called.load(SeqCst) - before, 0, "calls of sources and work after the run has returned");
    });
}

/// A failure stops producers that wait for room, and the buffer is not worked off.
///
/// Next: nobody will ever take what lies in the buffer: who waits for room must not wait for that.
#[fact]
fn a_failure_leaves_the_buffer_unhandled() {
    let called = Log::default();
    let work = logging(&called, |item: Arc<usize>| async move {
        sleep(seconds(1.0)).await;
        Err::<(), usize>(*item)
    });
    let (result, took) = played(run(vec![ready(0..), ready(0..)], 1, 5, work));
    let failure = failure(result);
    expect_eq!((*failure.item, failure.error, failure.handled), (0, 0, 0), "the item, the error and the count");
    expect_eq!(took, 1.0, "the seconds until the run returned");
    expect_eq!(
        called.read(),
        [0],
        "the items that work was called with, with one consumer and work that refuses everything"
    );
}
