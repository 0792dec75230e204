//! What a run promises, fact by fact. Where order matters, a `Gate` holds calls of `work` or `next` until the story says so.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::fmt::Debug;
use std::iter;
use std::panic::{panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use subject::{Failure, Summary, run};

type Source<T> = Box<dyn Iterator<Item = T> + Send>;

/// Holds everyone who comes, until enough are admitted.
#[derive(Default)]
struct Gate {
    state: Mutex<Crowd>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Crowd {
    arrived: usize,
    passed: usize,
    admitted: usize,
}

impl Gate {
    fn new() -> Arc<Gate> {
        Arc::default()
    }

    fn pass(&self) {
        let mut crowd = self.state.lock().unwrap();
        crowd.arrived += 1;
        let mut crowd = self.changed.wait_while(crowd, |crowd| crowd.passed >= crowd.admitted).unwrap();
        crowd.passed += 1;
    }

    fn admit(&self, more: usize) {
        self.state.lock().unwrap().admitted += more;
        self.changed.notify_all();
    }

    fn open(&self) {
        self.state.lock().unwrap().admitted = usize::MAX;
        self.changed.notify_all();
    }

    fn arrived(&self) -> usize {
        self.state.lock().unwrap().arrived
    }

    fn passed(&self) -> usize {
        self.state.lock().unwrap().passed
    }

    fn waiting(&self) -> usize {
        let crowd = *self.state.lock().unwrap();
        crowd.arrived - crowd.passed
    }
}

/// Counts the calls of `next`.
fn counted<S: Iterator + Send>(
    mut source: S,
    asked: &Arc<AtomicUsize>,
) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let asked = Arc::clone(asked);
    iter::from_fn(move || {
        asked.fetch_add(1, SeqCst);
        source.next()
    })
}

/// A source in which every call of `next` passes the gate.
fn gated<S: Iterator + Send>(mut source: S, gate: &Arc<Gate>) -> impl Iterator<Item = S::Item> + Send + use<S> {
    let gate = Arc::clone(gate);
    iter::from_fn(move || {
        gate.pass();
        source.next()
    })
}

/// A list that several threads write to.
type Log<T> = Arc<Mutex<Vec<T>>>;

fn read<T: Clone>(log: &Log<T>) -> Vec<T> {
    log.lock().unwrap().clone()
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

/// An item that is counted from its making to its drop.
#[derive(Debug)]
struct Tracked {
    number: usize,
    live: Arc<AtomicUsize>,
}

impl Tracked {
    fn new(number: usize, live: &Arc<AtomicUsize>) -> Tracked {
        live.fetch_add(1, SeqCst);
        Tracked { number, live: Arc::clone(live) }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}

/// What the panics of these facts carry.
#[derive(Debug)]
struct Mishap(&'static str);

/// Says how a run ended that should have panicked with a [`Mishap`].
fn mishap_of(ended: thread::Result<impl Debug>) -> String {
    let payload = match ended {
        Ok(result) => return format!("no panic but {result:?}"),
        Err(payload) => payload,
    };
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    match payload.downcast_ref::<Mishap>() {
        Some(Mishap(what)) => format!("the payload of {what}"),
        None => text.map_or("some other payload".into(), |text| format!("another payload: {text}")),
    }
}

/// How a run has ended that has nothing left to wait for.
fn end_of<T>(running: Actor<T>) -> thread::Result<T> {
    quiesce();
    expect!(
        running.has_finished(),
        "the run, when nothing outside holds it up any more",
        "it ends",
        "it does not: each of its threads waits for another"
    );
    running.join()
}

/// What a run has returned that has nothing left to wait for.
fn result_of<T>(running: Actor<T>) -> T {
    end_of(running).unwrap_or_else(|payload| resume_unwind(payload))
}

/// The sources of a run that has one.
fn only<S>(source: S) -> Vec<S> {
    vec![source]
}

/// Work that refuses nothing.
fn fine<T>(_: &T) -> Result<(), &'static str> {
    Ok(())
}

// Every item, exactly once.

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
#[fact]
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
    let (work_gate, work_log) = (Arc::clone(&gate), Arc::clone(&log));
    let running = actor("run", move || {
        run(vec![0..30, 100..130], 1, 8, |item| {
            work_gate.pass();
            work_log.lock().unwrap().push(*item);
            fine(item)
        })
    });
    // The buffer is full before the second item is taken.
    quiesce();
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
    let log = read(&log);
    for source in [0..30, 100..130] {
        let of_source: Vec<usize> = log.iter().copied().filter(|item| source.contains(item)).collect();
        expect_eq!(of_source, source.collect::<Vec<_>>(), "the items of one source, in the order of their handling");
    }
}

// Side by side.

/// As many items are in work at once as there are consumers: neither fewer nor more.
///
/// Next: no lock may be held while work runs. How long does the guard live that you took the item with?
#[fact]
fn consumers_work_side_by_side() {
    let gate = Gate::new();
    let theirs = Arc::clone(&gate);
    let running = actor("run", move || {
        run(only(0..20), 3, 2, |item| {
            theirs.pass();
            fine(item)
        })
    });
    quiesce();
    expect_eq!(gate.waiting(), 3, "calls of work under way: 3 consumers, none of whose calls returns");
    gate.open();
    expect!(result_of(running).is_ok(), "the result", "Ok", "Err");
}

/// While one consumer is stuck in `work`, the others handle everything else.
///
/// Next: an item belongs to nobody until a consumer is free to take it.
#[fact]
fn a_slow_consumer_holds_up_nothing_else() {
    let (gate, others) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let (theirs, count) = (Arc::clone(&gate), Arc::clone(&others));
    let running = actor("run", move || {
        run(only(0..50), 2, 1, |item| {
            if *item == 0 {
                theirs.pass();
            } else {
                count.fetch_add(1, SeqCst);
            }
            fine(item)
        })
    });
    quiesce();
    expect_eq!(others.load(SeqCst), 49, "items handled by the other consumer while one is stuck with the first of 50");
    expect!(!running.has_finished(), "the run, one item still in work", "it goes on", "it has returned");
    gate.open();
    let handled = result_of(running).map(|summary| sorted(summary.handled)).ok();
    expect_eq!(handled, Some(vec![1, 49]), "Summary::handled, sorted");
}

/// While one source is stuck in `next`, the items of the others are handled.
///
/// Next: one thread for each source, and no lock held while it is asked.
#[fact]
fn a_slow_source_holds_up_nothing_else() {
    let (gate, others) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let sources: Vec<Source<usize>> =
        vec![Box::new(gated(0..1, &gate)), Box::new(1..20), Box::new(gated(20..21, &gate)), Box::new(21..40)];
    let count = Arc::clone(&others);
    let running = actor("run", move || {
        run(sources, 1, 1, |item| {
            count.fetch_add(1, SeqCst);
            fine(item)
        })
    });
    quiesce();
    expect_eq!(others.load(SeqCst), 38, "items handled while 2 of 4 sources are stuck; the other two have 19 each");
    expect!(!running.has_finished(), "the run, two sources still being asked", "it goes on", "it has returned");
    gate.open();
    expect_eq!(result_of(running).map(|summary| summary.produced).ok(), Some(vec![1, 19, 1, 19]), "Summary::produced");
}

// Back-pressure.

/// Producers stop when the buffer is full: never are more than capacity + producers + consumers items under way.
///
/// Next: look at the room again after every wake-up, under the same lock that the item goes in with.
#[fact]
fn a_full_buffer_stops_the_producers() {
    let (gate, asked) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let sources: Vec<_> = (0..3).map(|_| counted(0..500, &asked)).collect();
    let theirs = Arc::clone(&gate);
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
    let (theirs, source) = (Arc::clone(&gate), counted(0..500, &asked));
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

// Waiting.

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
    let theirs = Arc::clone(&gate);
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

// The end of a run.

/// The end of one source is not the end of the run.
///
/// Next: count the sources that are still open; only the last one to end closes the buffer.
#[fact]
fn one_ended_source_does_not_end_the_run() {
    let (gate, log) = (Gate::new(), Log::<usize>::default());
    let sources: Vec<Source<usize>> = vec![Box::new(0..0), Box::new(gated(1..4, &gate)), Box::new(0..1)];
    let theirs = Arc::clone(&log);
    let running = actor("run", move || {
        run(sources, 2, 1, |item| {
            theirs.lock().unwrap().push(*item);
            fine(item)
        })
    });
    quiesce();
    expect!(!running.has_finished(), "the run, one of three sources not at its end", "it goes on", "it has returned");
    gate.open();
    let produced = result_of(running).map(|summary| summary.produced).ok();
    expect_eq!(produced, Some(vec![0, 3, 1]), "Summary::produced");
    expect_eq!(sorted(read(&log)), [0, 1, 2, 3], "the items handled, sorted");
}

/// The run returns after the last call of `work` has returned, not before.
///
/// Next: the end of the sources lets consumers leave once the buffer is empty; the run has to wait for each of them.
#[fact]
fn the_run_waits_for_the_last_item() {
    let gate = Gate::new();
    let theirs = Arc::clone(&gate);
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

// Failures.

/// A failure is returned with its item, its error, and the number of items handled.
///
/// Next: the consumer still owns the item when `work` refuses it: keep both, and tell the others to stop.
#[fact]
fn a_failure_brings_its_item_and_error() {
    let log = Log::<usize>::default();
    let result = run(only(0..10), 1, 4, |item| {
        log.lock().unwrap().push(*item);
        if *item == 3 { Err("three is too many") } else { Ok(()) }
    });
    expect_eq!(result, Err(Failure { item: 3, error: "three is too many", handled: 3 }), "what run returned");
    expect_eq!(read(&log), [0, 1, 2, 3], "the items that work was called with, one consumer");
}

/// After a failure no item is begun, no source is asked, and the run waits for the calls under way.
///
/// Next: what is still in the buffer is not to be handled; look whether the run has stopped before you look for an item.
#[fact]
fn after_a_failure_nothing_new_is_begun() {
    let (slow, failing, asked, log) = (Gate::new(), Gate::new(), Arc::new(AtomicUsize::new(0)), Log::default());
    let sources = vec![counted(0..10_000, &asked)];
    let (my_slow, my_failing, my_log) = (Arc::clone(&slow), Arc::clone(&failing), Arc::clone(&log));
    let running = actor("run", move || {
        run(sources, 2, 4, |item: &usize| {
            my_log.lock().unwrap().push(*item);
            match *item {
                0 => my_slow.pass(),
                _ => my_failing.pass(),
            }
            if *item == 1 { Err("one") } else { Ok(()) }
        })
    });
    quiesce();
    let before = asked.load(SeqCst);
    failing.open();
    quiesce();
    expect_eq!(sorted(read(&log)), [0, 1], "items begun: two consumers, item 1 has failed, item 0 is still in work");
    expect!(!running.has_finished(), "the run, item 0 still in work", "it waits for that call", "it has returned");
    slow.open();
    let result = result_of(running);
    expect_eq!(result, Err(Failure { item: 1, error: "one", handled: 1 }), "what run returned");
    expect_eq!(sorted(read(&log)), [0, 1], "items begun in the whole run");
    expect_eq!(asked.load(SeqCst) - before, 0, "calls of next after the failure; the buffer was full when it happened");
}

/// A failure ends the run although its producers wait for room.
///
/// Next: who waits for room has to be woken when there will never be any.
#[fact]
fn a_failure_releases_the_producers() {
    let gate = Gate::new();
    let theirs = Arc::clone(&gate);
    let running = actor("run", move || {
        run(vec![0..100, 100..200, 200..300], 1, 1, |item: &usize| {
            theirs.pass();
            Err::<(), usize>(*item)
        })
    });
    quiesce();
    gate.open();
    let result = result_of(running);
    let failed = result.as_ref().err().map(|failure| (failure.item % 100, failure.error % 100, failure.handled));
    expect_eq!(
        failed,
        Some((0, 0, 0)),
        "item and error modulo 100, and handled: each source's first item is a multiple"
    );
}

/// A failure ends the run although other consumers are idle, and a call of `next` under way yields to nobody.
///
/// Next: who waits for an item has to be woken when there will never be one; what a source yields too late is dropped.
#[fact]
fn a_failure_releases_idle_consumers() {
    let (fails, asks, log) = (Gate::new(), Gate::new(), Log::default());
    asks.admit(1);
    let sources = vec![gated(0..10, &asks)];
    let (theirs, my_log) = (Arc::clone(&fails), Arc::clone(&log));
    let running = actor("run", move || {
        run(sources, 3, 2, |item| {
            my_log.lock().unwrap().push(*item);
            theirs.pass();
            Err::<(), &str>("no")
        })
    });
    // Item 0 is in work, two consumers are idle, the source is being asked.
    quiesce();
    fails.open();
    quiesce();
    expect!(
        !running.has_finished(),
        "the run, a call of next still under way",
        "it waits for that call",
        "it has returned"
    );
    asks.admit(1);
    expect_eq!(result_of(running), Err(Failure { item: 0, error: "no", handled: 0 }), "what run returned");
    expect_eq!(asks.arrived(), 2, "calls of next: the second was under way when item 0 failed");
    expect_eq!(read(&log), [0], "the items that work was called with");
}

/// Of several failures the first is returned.
///
/// Next: write the failure down when it happens; the order in which threads are joined says nothing.
#[fact]
fn the_first_failure_wins() {
    for first in [0, 1] {
        let gates = [Gate::new(), Gate::new()];
        let theirs = gates.clone();
        let running = actor("run", move || {
            run(only(0..2), 2, 1, |item: &usize| {
                theirs[*item].pass();
                Err::<(), usize>(item * 10)
            })
        });
        quiesce();
        gates[first].open();
        quiesce();
        gates[1 - first].open();
        let expected = Err(Failure { item: first, error: first * 10, handled: 0 });
        expect_eq!(result_of(running), expected, format!("what run returned: both items failed, item {first} before"));
    }
}

/// Items that are not handled are dropped before the run returns; only the failed one is handed back.
///
/// Next: the buffer, the producers' hands and the sources all hold items when a run stops.
#[fact]
fn unhandled_items_are_dropped() {
    let (live, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let sources: Vec<_> =
        (0..2).map(|_| (0..20).map(|number| Tracked::new(number, &live)).collect::<Vec<_>>().into_iter()).collect();
    let theirs = Arc::clone(&gate);
    let running = actor("run", move || {
        run(sources, 2, 3, |item| {
            theirs.pass();
            if item.number >= 1 { Err("no") } else { Ok(()) }
        })
    });
    quiesce();
    gate.open();
    let Err(failure) = result_of(running) else { harness::unmet("the result", "Err: work has failed", "Ok") };
    quiesce();
    expect_eq!(live.load(SeqCst), 1, "items alive after the run, the failed one included");
    drop(failure);
    expect_eq!(live.load(SeqCst), 0, "items alive after the failure was dropped");
}

/// Over many runs that fail half-way, the numbers add up.
///
/// Next: `handled` counts the calls that returned `Ok`, of all consumers, those that finished after the failure too.
#[fact]
fn failing_runs_add_up() {
    for round in 0..150 {
        let (handled, times) = (AtomicUsize::new(0), [(); 90].map(|()| AtomicUsize::new(0)));
        let result = run(vec![0..30, 30..60, 60..90], 3, 1 + round % 3, |item: &usize| {
            times[*item].fetch_add(1, SeqCst);
            if *item % 30 == round % 30 {
                return Err(*item);
            }
            handled.fetch_add(1, SeqCst);
            Ok(())
        });
        let Err(failure) = result else { harness::unmet("the result", "Err: three of 90 items fail", "Ok") };
        expect_eq!(failure.item % 30, round % 30, "the failed item, modulo 30");
        expect_eq!(failure.error, failure.item, "the error, which names its item");
        expect_eq!(failure.handled, handled.into_inner(), "Failure::handled, and how often work returned Ok");
        let twice = times.iter().filter(|times| times.load(SeqCst) > 1).count();
        expect_eq!(twice, 0, "items that work was called with more than once");
    }
}

// Panics.

/// A panic of `work` ends the run and reaches the caller with its own payload.
///
/// Next: join every thread yourself and resume the panic that `join` returns.
#[fact(panics)]
fn a_panicking_work_reaches_the_caller() {
    let running = actor("run", || {
        run(
            vec![0..1000, 0..1000],
            1,
            1,
            |item: &usize| if *item == 5 { panic_any(Mishap("work")) } else { fine(item) },
        )
    });
    expect_eq!(
        mishap_of(end_of(running)),
        "the payload of work",
        "what run panicked with: its only consumer panics, both producers wait"
    );
}

/// After a panic no item is begun, and the panic goes on only when every call under way has returned.
///
/// Next: a thread that unwinds must still tell the others that the run has stopped; a guard's `drop` can do that.
#[fact(panics)]
fn after_a_panic_nothing_new_is_begun() {
    let (slow, panics, log) = (Gate::new(), Gate::new(), Log::default());
    let (my_slow, my_panics, my_log) = (Arc::clone(&slow), Arc::clone(&panics), Arc::clone(&log));
    let running = actor("run", move || {
        run(only(0..8), 2, 4, |item: &usize| {
            my_log.lock().unwrap().push(*item);
            match *item {
                0 => my_slow.pass(),
                _ => {
                    my_panics.pass();
                    panic_any(Mishap("work"))
                }
            }
            fine(item)
        })
    });
    quiesce();
    panics.open();
    quiesce();
    expect!(!running.has_finished(), "the run, item 0 still in work", "it waits for that call", "it has ended");
    slow.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of work", "what run panicked with");
    expect_eq!(sorted(read(&log)), [0, 1], "items begun in the whole run");
}

/// A panic is not swallowed by a failure that came before it.
///
/// Next: a panic is a bug and a failure is a result: look for panics first.
#[fact(panics)]
fn a_panic_outweighs_an_earlier_failure() {
    let gates = [Gate::new(), Gate::new()];
    let theirs = gates.clone();
    let running = actor("run", move || {
        run(only(0..2), 2, 1, |item: &usize| {
            theirs[*item].pass();
            if *item == 0 { Err("no") } else { panic_any(Mishap("work")) }
        })
    });
    quiesce();
    gates[0].open();
    quiesce();
    gates[1].open();
    expect_eq!(
        mishap_of(end_of(running)),
        "the payload of work",
        "what run panicked with: item 0 failed, then item 1 panicked"
    );
}

/// A panic of a source ends the run, releases idle consumers and reaches the caller.
///
/// Next: a producer that unwinds leaves consumers behind that wait for it.
#[fact(panics)]
fn a_panicking_source_reaches_the_caller() {
    let asks = Gate::new();
    let source = gated(iter::from_fn(|| -> Option<usize> { panic_any(Mishap("a source")) }), &asks);
    let running = actor("run", move || run(vec![source], 3, 1, fine::<usize>));
    quiesce();
    asks.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of a source", "what run panicked with");
}

/// After a panic of one source the others are not asked again, and nothing they still yield is handled.
///
/// Next: treat a panic like a failure, wherever it happens: the whole run stops.
#[fact(panics)]
fn a_panicking_source_stops_the_others() {
    let (panics, asks, begun) = (Gate::new(), Gate::new(), Arc::new(AtomicUsize::new(0)));
    let misfortune = iter::from_fn(|| -> Option<usize> { panic_any(Mishap("a source")) });
    let sources: Vec<Source<usize>> = vec![Box::new(gated(misfortune, &panics)), Box::new(gated(0..50, &asks))];
    let count = Arc::clone(&begun);
    let running = actor("run", move || {
        run(sources, 2, 1, |item| {
            count.fetch_add(1, SeqCst);
            fine(item)
        })
    });
    quiesce();
    panics.open();
    quiesce();
    expect!(
        !running.has_finished(),
        "the run, a call of next still under way",
        "it waits for that call",
        "it has ended"
    );
    asks.open();
    expect_eq!(mishap_of(end_of(running)), "the payload of a source", "what run panicked with");
    expect_eq!(asks.arrived(), 1, "calls of next on the other source: one was under way when the first panicked");
    expect_eq!(begun.load(SeqCst), 0, "calls of work");
}

/// A run without consumers, or with room for nothing, is refused with a panic before any source is asked.
///
/// Next: check the arguments first.
#[fact(panics)]
fn a_run_that_could_not_move_is_refused() {
    for (consumers, capacity) in [(0, 1), (1, 0)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = counted(0..3, &asked);
        let ended = end_of(actor("run", move || run(vec![source], consumers, capacity, fine::<usize>)));
        let about = format!("{consumers} consumers, capacity {capacity}");
        expect!(ended.is_err(), about, "run panics", format!("it returned {ended:?}"));
        expect_eq!(asked.load(SeqCst), 0, format!("calls of next, {about}"));
    }
}

// Several runs.

/// Runs do not know of each other: one inside another's `work`, one beside another that is stuck.
///
/// Next: everything a run needs belongs to that call; nothing is global.
#[fact]
fn runs_are_independent() {
    let gate = Gate::new();
    let theirs = Arc::clone(&gate);
    let stuck = actor("stuck run", move || {
        run(only(0..5), 1, 1, |item| {
            theirs.pass();
            fine(item)
        })
    });
    quiesce();
    let inner = AtomicUsize::new(0);
    let outer = run(vec![0..4, 0..4], 2, 1, |_: &usize| {
        run(only(0..10), 2, 1, |item: &usize| if *item == 7 { Err("seven") } else { Ok(()) }).map(drop).or_else(
            |failure| {
                inner.fetch_add(1, SeqCst);
                if failure.item == 7 { Ok(()) } else { Err(failure.error) }
            },
        )
    });
    expect!(outer.is_ok(), "a run whose work starts a run that fails", "it is Ok itself", format!("{outer:?}"));
    expect_eq!(inner.into_inner(), 8, "inner runs that failed");
    gate.open();
    expect!(result_of(stuck).is_ok(), "the run that was stuck meanwhile", "Ok", "Err");
}
