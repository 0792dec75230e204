//! Every item is handled exactly once, in the order of its source, and is counted in the summary.

use super::outcome::{fine, result_of};
use harness::{Gate, Log, actor, expect, expect_eq, fact, quiesce};
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::{Summary, run};

/// Every item of every source is handled exactly once, for any number of sources and consumers and any capacity.
///
/// Next: count each item in and out: which of your steps can take one without handling it, or hand it to two consumers?
#[fact]
fn every_item_is_handled_exactly_once() {
    const EACH: usize = 40;
    for producers in [1, 2, 3, 5] {
        for consumers in [1, 2, 3, 5] {
            for capacity in [1, 2, 7, 1000] {
                let times: Vec<AtomicUsize> = (0..producers * EACH).map(|_| AtomicUsize::new(0)).collect();
                let sources: Vec<_> = (0..producers).map(|source| source * EACH..(source + 1) * EACH).collect();
                let summary = run(sources, consumers, capacity, |item: &usize| {
                    times[*item].fetch_add(1, SeqCst);
                    Ok::<(), ()>(())
                });
                let about = format!("{producers} sources of {EACH}, {consumers} consumers, capacity {capacity}");
                expect!(summary.is_ok(), about, "Ok: no call of work failed", format!("{summary:?}"));
                let odd: Vec<(usize, usize)> = times
                    .into_iter()
                    .map(AtomicUsize::into_inner)
                    .enumerate()
                    .filter(|(_, times)| *times != 1)
                    .collect();
                expect!(
                    odd.is_empty(),
                    format!("{about}: how often each item was handed to work"),
                    "once",
                    format!("(item, times): {odd:?}")
                );
            }
        }
    }
}

/// Four producers and four consumers that share one place lose nobody's turn.
///
/// Next: whoever is woken must be one who can go on: a wake-up that reaches the wrong kind of waiter is lost.
#[fact]
fn many_threads_share_one_place() {
    let sum = AtomicUsize::new(0);
    let summary = run((0..4).map(|_| 1..=2000).collect(), 4, 1, |item: &usize| {
        sum.fetch_add(*item, SeqCst);
        fine(item)
    });
    expect!(summary.is_ok(), "the result", "Ok", format!("{summary:?}"));
    expect_eq!(sum.into_inner(), 4 * 2000 * 2001 / 2, "the sum of the items that work was called with");
}

/// The summary says how many items each source produced and how many each consumer handled.
///
/// Next: let each thread count for itself and return its count when it is joined.
#[fact]
fn the_summary_counts_by_source_and_by_consumer() {
    let lengths = [5, 0, 170, 1];
    let Ok(Summary { produced, handled }) = run(lengths.iter().map(|n| 0..*n).collect(), 3, 2, fine::<usize>) else {
        harness::unmet("the result", "Ok: no call of work failed", "Err");
    };
    expect_eq!(produced, lengths, "Summary::produced for sources of these lengths");
    expect_eq!(handled.len(), 3, "the length of Summary::handled with 3 consumers");
    expect_eq!(handled.iter().sum::<usize>(), 176, "the sum of Summary::handled");
}

/// A run without sources ends at once and has handled nothing.
///
/// Next: a consumer must see that there is nobody left who could produce, even if there never was anybody.
#[fact(negated)]
fn without_sources_the_run_ends_at_once() {
    let summary = result_of(actor("run", || run(Vec::<std::ops::Range<u8>>::new(), 3, 1, fine::<u8>))).ok();
    expect_eq!(summary, Some(Summary { produced: vec![], handled: vec![0; 3] }), "the summary, 3 consumers");
}

/// Sources that are empty end the run at once.
///
/// Next: the end of a source is an event of its own; it needs no item to travel on.
#[fact]
fn empty_sources_end_the_run() {
    let summary = result_of(actor("run", || run(vec![iter::empty(), iter::empty()], 2, 1, fine::<u8>))).ok();
    expect_eq!(summary, Some(Summary { produced: vec![0; 2], handled: vec![0; 2] }), "the summary, 2 empty sources");
}

/// One consumer handles the items of each source in that source's order.
///
/// Next: first in, first out.
#[fact]
fn one_consumer_keeps_the_order_of_each_source() {
    let (gate, log) = (Gate::new(), Log::<usize>::default());
    let (work_gate, work_log) = (gate.clone(), log.clone());
    let running = actor("run", move || {
        run(vec![0..30, 100..130], 1, 8, |item| {
            work_gate.pass();
            work_log.add(*item);
            fine(item)
        })
    });
    // The buffer is full before the second item is taken.
    quiesce();
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
    let log = log.read();
    for source in [0..30, 100..130] {
        let of_source: Vec<usize> = log.iter().copied().filter(|item| source.contains(item)).collect();
        expect_eq!(of_source, source.collect::<Vec<_>>(), "the items of one source, in the order of their handling");
    }
}
