//! Stories of small pipelines, each told along every schedule: sweeps over producers, consumers and capacity, and the ways to
//! end before the end.

use harness::{actor, catch_panic, expect, expect_eq, quiesce, scenario, unmet};
use std::iter;
use std::panic::{catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use subject::{Failure, run};

// ---- The natural end, for one member of the family after the other

/// One producer, one consumer, one place: every item is handled exactly once, and the run ends.
///
/// Next: an end that you have seen says nothing about an item that came just before it: look at both under one lock.
#[scenario]
fn one_producer_one_consumer_capacity_1() {
    every_item_is_handled_once(1, 1, 1, 2);
}

/// One producer, two consumers, one place: every item is handled exactly once, and both consumers hear of the end.
///
/// Next: who is in front of which condition variable, and whom does each notification reach?
#[scenario]
fn one_producer_two_consumers_capacity_1() {
    every_item_is_handled_once(1, 2, 1, 2);
}

/// Two producers, one consumer, one place: every item is handled exactly once, and the second end is the end.
///
/// Next: to count a source out and to see that it was the last is one step, not two.
#[scenario]
fn two_producers_one_consumer_capacity_1() {
    every_item_is_handled_once(2, 1, 1, 1);
}

/// Two producers, one consumer, two places: every item is handled exactly once, and nobody waits beside free room.
///
/// Next: each place that becomes free can let a producer in, not only the first one after the buffer was full.
#[scenario]
fn two_producers_one_consumer_capacity_2() {
    every_item_is_handled_once(2, 1, 2, 2);
}

/// Two producers, two consumers, one place: every item is handled exactly once, and the run ends.
///
/// Next: what you saw before you gave the lock away is no longer true when you have it again.
#[scenario]
fn two_producers_two_consumers_capacity_1() {
    every_item_is_handled_once(2, 2, 1, 1);
}

fn every_item_is_handled_once(producers: usize, consumers: usize, capacity: usize, each: usize) {
    let times: Vec<AtomicUsize> = (0..producers * each).map(|_| AtomicUsize::new(0)).collect();
    let sources = (0..producers).map(|source| source * each..(source + 1) * each).collect();
    let result = run(sources, consumers, capacity, |item: &usize| {
        times[*item].fetch_add(1, SeqCst);
        Ok::<(), ()>(())
    });
    let Ok(summary) = result else { unmet("the result", "Ok: no call of work failed", "Err") };
    let times: Vec<usize> = times.into_iter().map(AtomicUsize::into_inner).collect();
    expect_eq!(times, vec![1; producers * each], "how often each item was handed to work");
    expect_eq!(summary.produced, vec![each; producers], "Summary::produced");
    expect_eq!(summary.handled.len(), consumers, "the length of Summary::handled");
    expect_eq!(summary.handled.iter().sum::<usize>(), producers * each, "the sum of Summary::handled");
}

// ---- In the middle

/// Two consumers work at the same time as soon as there are items for both, although the producer has no room to go on.
///
/// Next: each item can put one more consumer to work, not only the one that comes into an empty buffer.
#[scenario(negated)]
fn two_consumers_work_side_by_side() {
    // Each call of `work` waits for another one: a call alone never returns.
    let pair = Barrier::new(2);
    let result = run(only(0..4), 2, 2, |_: &usize| {
        pair.wait();
        Ok::<(), ()>(())
    });
    expect_eq!(
        result.map(|summary| summary.handled),
        Ok(vec![2, 2]),
        "Summary::handled, each call of work beside another"
    );
}

/// Two producers never fill one place twice, however they come to it.
///
/// Next: to look for room and to put the item in is one step, not two.
#[scenario]
fn two_producers_share_one_place() {
    let (gate, taken) = (Arc::new(Mutex::new(())), Arc::new(AtomicUsize::new(0)));
    let closed = gate.lock().unwrap();
    let (theirs, count) = (Arc::clone(&gate), Arc::clone(&taken));
    let running = actor("run", move || {
        let source = || {
            let count = Arc::clone(&count);
            (0..3).inspect(move |_| _ = count.fetch_add(1, SeqCst))
        };
        run(vec![source(), source()], 1, 1, |_| {
            drop(theirs.lock().unwrap());
            Ok::<(), ()>(())
        })
    });
    quiesce();
    // One in work, one in the buffer; each producer may have another one in its hand.
    let under_way = taken.load(SeqCst);
    expect!(
        (2..=4).contains(&under_way),
        "items taken from two sources and not yet handled, one consumer, one place",
        "2 to 4",
        under_way.to_string()
    );
    drop(closed);
    expect_eq!(running.finish().map(|summary| summary.produced).ok(), Some(vec![3, 3]), "Summary::produced");
}

// ---- A failure

/// A failure releases a consumer that has just finished its item and is about to wait for another.
///
/// Next: "stopped" belongs under the mutex of the wait: a waiter that has looked must be in the queue before it can change.
#[scenario]
fn a_failure_releases_the_other_consumer() {
    // Both calls of `work` and the third call of `next` are under way when item 1 fails.
    let (meeting, handled) = (Barrier::new(3), AtomicUsize::new(0));
    let source = (0..3).inspect(|item| {
        if *item == 2 {
            meeting.wait();
        }
    });
    let result = run(only(source), 2, 1, |item: &usize| {
        if *item < 2 {
            meeting.wait();
        }
        if *item == 1 {
            return Err("refused");
        }
        handled.fetch_add(1, SeqCst);
        Ok(())
    });
    let handled = handled.into_inner();
    expect_eq!(result, Err(Failure { item: 1, error: "refused", handled }), "what run returned: item 1 is refused");
}

/// A failure releases a producer that waits for room, or is about to.
///
/// Next: whoever waits for room must hear that there will never be any; when may it have looked for the last time?
#[scenario(negated)]
fn a_failure_releases_the_producer() {
    let result = run(only(0..3), 1, 1, |item: &usize| Err::<(), usize>(*item));
    expect_eq!(result, Err(Failure { item: 0, error: 0, handled: 0 }), "what run returned: work refuses everything");
}

/// Of two failures at the same moment one is returned whole: its item, its error, and what was handled beside it.
///
/// Next: an item and its error are one thing: put them away in one step.
#[scenario]
fn two_consumers_fail_at_once() {
    let live = Arc::new(AtomicUsize::new(0));
    let items: Vec<Item> = (0..3).map(|number| Item::new(number, &live)).collect();
    let handled = AtomicUsize::new(0);
    let result = run(only(items.into_iter()), 2, 3, |item| {
        if item.number > 0 {
            return Err(item.number);
        }
        handled.fetch_add(1, SeqCst);
        Ok(())
    });
    let Err(failure) = result else { unmet("the result", "Err: two of three items fail", "Ok") };
    expect_eq!(failure.error, failure.item.number, "the error, which names its item");
    expect_eq!(failure.handled, handled.load(SeqCst), "Failure::handled, and how often work returned Ok");
    expect_eq!(live.load(SeqCst), 1, "items alive after the run, the failed one included");
}

// ---- A panic

/// What the panics of these scenarios carry.
#[derive(Debug, PartialEq)]
struct Mishap;

/// A producer that panics ends the run: consumers that wait for an item hear of it, and the panic reaches the caller.
///
/// Next: a thread that unwinds has to say so under the same lock, and to the same waiters, as one that fails.
#[scenario(panics)]
fn a_panicking_producer_ends_the_run() {
    let misfortune = iter::from_fn(|| -> Option<usize> { panic_any(Mishap) });
    let ended = catch_unwind(|| run(only(misfortune), 2, 1, |_: &usize| Ok::<(), ()>(())));
    let Err(payload) = ended else { unmet("a run whose source panics", "it panics", "it returns") };
    expect_eq!(payload.downcast_ref(), Some(&Mishap), "the payload that run panicked with");
}

/// A panic that meets a failure is the one that is told.
///
/// Next: what ends the run is decided when all of its threads have ended, by looking for a panic first.
#[scenario(panics)]
fn a_panic_meets_a_failure() {
    let panicked = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&panicked);
    let misfortune = iter::from_fn(move || -> Option<usize> {
        note.store(true, SeqCst);
        panic_any(Mishap)
    });
    let sources: Vec<Box<dyn Iterator<Item = usize> + Send>> = vec![Box::new(iter::once(7)), Box::new(misfortune)];
    let ended = catch_panic(|| run(sources, 1, 1, |item| Err::<(), usize>(*item)));
    match ended {
        Ok(result) => {
            expect!(!panicked.load(SeqCst), "a run whose source has panicked", "it panics", "it returns");
            expect_eq!(result, Err(Failure { item: 7, error: 7, handled: 0 }), "what run returned");
        }
        Err(payload) => expect_eq!(payload.downcast_ref(), Some(&Mishap), "the payload that run panicked with"),
    }
}

// ---- The parts that the stories are played with

/// The sources of a run that has one.
fn only<S>(source: S) -> Vec<S> {
    vec![source]
}

/// An item that is counted from its making to its drop.
struct Item {
    number: usize,
    live: Arc<AtomicUsize>,
}

impl Item {
    fn new(number: usize, live: &Arc<AtomicUsize>) -> Item {
        live.fetch_add(1, SeqCst);
        Item { number, live: Arc::clone(live) }
    }
}

impl Drop for Item {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}
