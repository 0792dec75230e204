//! `stats`: acquisitions and forced switches, counted, and read without the GIL.

use super::threads::{enter, must_end, new, open, pass};
use harness::{actor, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::Stats;

/// Acquisitions count every `with` and every return from a forced switch; a forced switch counts when the GIL is given away.
///
/// Next: count an acquisition wherever a thread comes to hold the GIL, and a forced switch only where a tick gives it up.
#[fact(negated)]
fn stats_count_acquisitions_and_forced_switches() {
    let gil = new(2);
    expect_eq!(gil.stats(), Stats::default(), "the stats of a new Gil");
    let (go, gate) = channel();
    let (leave, inside) = channel();
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        (0..3).for_each(|_| py.tick());
    });
    let waiting = enter("waiting", &gil, move |_py| pass(&inside));
    let stats = |acquisitions, forced_switches| Stats { acquisitions, forced_switches };
    expect_eq!(gil.stats(), stats(1, 0), "the stats while one thread holds the GIL and one waits");
    open(&go);
    quiesce();
    expect_eq!(gil.stats(), stats(2, 1), "the stats after a forced switch, while the other thread holds the GIL");
    open(&leave);
    must_end(&waiting, "the thread that got the GIL by the forced switch");
    must_end(&ticking, "the thread that was switched out");
    expect_eq!(gil.stats(), stats(3, 1), "the stats after the thread that was switched out has come back and left");
}

/// `stats` answers while another thread holds the GIL and a third waits for it.
///
/// Next: guard the numbers with a lock that is never held while a closure of `with` runs, or keep them in atomics.
#[fact]
fn stats_do_not_wait_for_the_holder() {
    let gil = new(2);
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let waiter = enter("waiter", &gil, |_py| ());
    let theirs = Arc::clone(&gil);
    let reader = actor("reader", move || theirs.stats());
    must_end(&reader, "a thread that calls stats while the GIL is held");
    expect_eq!(reader.finish().acquisitions, 1, "acquisitions while the first thread holds the GIL");
    open(&go);
    must_end(&holder, "the holder");
    must_end(&waiter, "the waiting thread");
}

/// The holder itself may read the stats.
///
/// Next: `stats` must not take the GIL, nor any lock that the holder keeps while its closure runs.
#[fact]
fn the_holder_may_read_the_stats() {
    let gil = new(2);
    let theirs = Arc::clone(&gil);
    let holder = enter("holder", &gil, move |_py| theirs.stats());
    must_end(&holder, "a thread that calls stats inside with");
    expect_eq!(holder.finish(), Stats { acquisitions: 1, forced_switches: 0 }, "the stats, read inside the first with");
}
