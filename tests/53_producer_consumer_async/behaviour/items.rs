//! Every item is handled exactly once, and the summary counts it.

use super::clock::{ok, played};
use super::sources_and_work::{Source, count, logging, ready, source, taking};
use harness::{Log, expect_eq, fact};
use std::future;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use subject::{Summary, run};

/// Every item of every source is handled exactly once, for any number of sources and consumers and any capacity.
///
/// Next: count each item in and out: which of your steps can take one without handling it, or hand it to two consumers?
#[fact(negated)]
fn every_item_is_handled_exactly_once() {
    const EACH: usize = 20;
    for (producers, consumers, capacity) in
        [(1, 1, 1), (1, 5, 1), (5, 1, 1), (2, 2, 2), (3, 4, 2), (4, 3, 7), (5, 5, 1000), (1, 1, 1000)]
    {
        for (slow_source, slow_work) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let log = Log::default();
            let sources = (0..producers).map(|index| source(index * EACH..(index + 1) * EACH, slow_source)).collect();
            let (result, _) = played(run(sources, consumers, capacity, logging(&log, taking(slow_work))));
            let about = format!("{producers} sources of {EACH}, {consumers} consumers, capacity {capacity}");
            expect_eq!(ok(result).produced, vec![EACH; producers], format!("{about}: Summary::produced"));
            let mut items = log.read();
            items.sort_unstable();
            let all: Vec<usize> = (0..producers * EACH).collect();
            expect_eq!(items, all, format!("{about}: the items that work was called with, sorted"));
        }
    }
}

/// The summary says how many items each source produced and how many each consumer handled.
///
/// Next: let each task count for itself, and remember whose count it is.
#[fact(negated)]
fn the_summary_counts_by_source_and_by_consumer() {
    let lengths = [5, 0, 17, 1];
    // Each source ends at a time of its own: not in the order in which they are given.
    let sources = lengths.iter().zip([0.1, 0.1, 0.5, 7.0]).map(|(n, each)| source(0..*n, each)).collect();
    let Summary { produced, handled } = ok(played(run(sources, 3, 2, taking(1.0))).0);
    expect_eq!(produced, lengths, "Summary::produced for sources of these lengths");
    expect_eq!(handled.len(), 3, "the length of Summary::handled with 3 consumers");
    expect_eq!(handled.iter().sum::<usize>(), 23, "the sum of Summary::handled");
}

/// Without sources, or with empty ones, the run ends at once and has handled nothing.
///
/// Next: a consumer must see that nobody is left who could produce, even if there never was anybody.
#[fact]
fn without_items_the_run_ends_at_once() {
    for producers in [0, 2] {
        let sources: Vec<Source<u8>> = (0..producers).map(|_| ready([])).collect();
        let (result, took) = played(run(sources, 3, 1, taking(1.0)));
        let about = format!("the summary of a run with {producers} empty sources and 3 consumers");
        expect_eq!(ok(result), Summary { produced: vec![0; producers], handled: vec![0; 3] }, about);
        expect_eq!(took, 0.0, "the seconds that it took");
    }
}

/// One consumer handles the items of each source in that source's order.
///
/// Next: first in, first out.
#[fact]
fn one_consumer_keeps_the_order_of_each_source() {
    let log = Log::default();
    ok(played(run(vec![ready(0..20), ready(100..120)], 1, 8, logging(&log, taking(1.0)))).0);
    let log = log.read();
    for range in [0..20, 100..120] {
        let of_source: Vec<usize> = log.iter().copied().filter(|item| range.contains(item)).collect();
        expect_eq!(of_source, range.collect::<Vec<_>>(), "the items of one source, in the order of their handling");
    }
}

/// A source that has said `None` is not asked again.
///
/// Next: the first `None` is the end, even of a source that would go on.
#[fact(negated)]
fn a_source_that_has_ended_is_not_asked_again() {
    let asked = count();
    let theirs = Arc::clone(&asked);
    let hiccup = move || {
        let call = theirs.fetch_add(1, SeqCst);
        future::ready(if call == 2 { None } else { Some(call) })
    };
    let (result, _) = played(run(vec![hiccup], 2, 4, taking(1.0)));
    expect_eq!(ok(result).produced, [2], "Summary::produced of a source that says None after two items");
    expect_eq!(asked.load(SeqCst), 3, "how often the source was asked");
}
