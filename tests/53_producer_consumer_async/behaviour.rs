//! What a run promises, fact by fact. All facts play on tokio's paused clock, where a second is exact and costs nothing:
//! the clock moves on only when every task waits.

use harness::{expect, expect_eq, fact, unmet};
use std::error::Error;
use std::fmt::Debug;
use std::future;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::{Failure, Summary, run};
use tokio::time::{Instant, sleep, timeout};

/// Longer than any run that does what it should.
const LONG: Duration = Duration::from_secs(1_000_000);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Plays a story on a runtime with a paused clock.
fn on_paused_clock<R>(story: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("the system has room for a runtime").block_on(story)
}

/// What a run came to, and how long it took. One that waits for nothing that will ever happen is told so.
async fn timed<R>(run: impl Future<Output = R>) -> (R, f64) {
    let begun = Instant::now();
    match timeout(LONG, run).await {
        Ok(result) => (result, begun.elapsed().as_secs_f64()),
        Err(_) => unmet("the run, when nothing outside holds it up any more", "it ends", "it waits for ever"),
    }
}

/// The same, in one story.
fn played<R>(run: impl Future<Output = R>) -> (R, f64) {
    on_paused_clock(timed(run))
}

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Source<T> = Box<dyn FnMut() -> Answer<Option<T>> + Send>;

/// A source that takes so long for each item, and no time for its end.
fn source<T: Send + 'static>(items: impl IntoIterator<Item = T, IntoIter: Send + 'static>, each: f64) -> Source<T> {
    let mut items = items.into_iter();
    Box::new(move || {
        let item = items.next();
        Box::pin(async move {
            if item.is_some() && each > 0.0 {
                sleep(seconds(each)).await;
            }
            item
        })
    })
}

/// A source whose items are ready.
fn ready<T: Send + 'static>(items: impl IntoIterator<Item = T, IntoIter: Send + 'static>) -> Source<T> {
    source(items, 0.0)
}

/// Work that takes so long for each item and refuses nothing.
fn taking<T: Send + Sync + 'static>(each: f64) -> impl Fn(Arc<T>) -> Answer<Result<(), &'static str>> + Send + Sync {
    move |_| {
        Box::pin(async move {
            if each > 0.0 {
                sleep(seconds(each)).await;
            }
            Ok(())
        })
    }
}

/// The items that `work` was called with, in that order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<usize>>>);

impl Log {
    /// Writes down what `work` is called with.
    fn of<A, W: Fn(Arc<usize>) -> A>(&self, work: W) -> impl Fn(Arc<usize>) -> A + use<A, W> {
        let log = self.clone();
        move |item| {
            log.0.lock().unwrap().push(*item);
            work(item)
        }
    }

    fn read(&self) -> Vec<usize> {
        self.0.lock().unwrap().clone()
    }
}

/// A number that several tasks change.
type Count = Arc<AtomicUsize>;

fn count() -> Count {
    Count::default()
}

/// Counts what is alive: made, and not dropped yet.
#[derive(Debug)]
struct Counted {
    number: usize,
    live: Count,
}

impl Counted {
    fn new(number: usize, live: &Count) -> Counted {
        live.fetch_add(1, SeqCst);
        Counted { number, live: Arc::clone(live) }
    }

    /// Another one. A closure that calls this owns all of `self`.
    fn another(&self, number: usize) -> Counted {
        Counted::new(number, &self.live)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.fetch_sub(1, SeqCst);
    }
}

/// A source without end that owns a [`Counted`], as do its items and its futures.
fn holding_source(live: &Count, calls: &Count, pause: fn(usize) -> f64) -> Source<Counted> {
    let (kept, calls) = (Counted::new(0, live), calls.clone());
    Box::new(move || {
        let number = calls.fetch_add(1, SeqCst);
        let (item, held) = (kept.another(number), kept.another(0));
        Box::pin(async move {
            sleep(seconds(pause(number))).await;
            drop(held);
            Some(item)
        })
    })
}

/// Work that owns a [`Counted`], as do its futures, and refuses everything.
fn holding_work(
    live: &Count,
    calls: &Count,
    pause: fn(usize) -> f64,
) -> impl Fn(Arc<Counted>) -> Answer<Result<(), ()>> + use<> {
    let (kept, calls) = (Counted::new(0, live), calls.clone());
    move |item| {
        calls.fetch_add(1, SeqCst);
        let held = kept.another(0);
        Box::pin(async move {
            sleep(seconds(pause(item.number))).await;
            drop(held);
            Err(())
        })
    }
}

/// What the panics of these facts carry.
#[derive(Debug)]
struct Mishap(&'static str);

/// Says how a run ended that must panic with a [`Mishap`], and when.
fn mishap_of<R: Debug + Send + 'static>(run: impl Future<Output = R> + Send + 'static) -> (String, f64) {
    let (ended, took) = played(async { tokio::spawn(run).await });
    let ended = match ended {
        Ok(result) => format!("no panic but {result:?}"),
        Err(error) => match error.into_panic().downcast_ref() {
            Some(Mishap(what)) => format!("the payload of {what}"),
            None => "another payload".into(),
        },
    };
    (ended, took)
}

fn ok<T: Debug, E: Debug>(result: Result<Summary, Failure<T, E>>) -> Summary {
    result.unwrap_or_else(|failure| unmet("a run whose work refuses nothing", "Ok", format!("{failure:?}")))
}

fn failure<T, E>(result: Result<Summary, Failure<T, E>>) -> Failure<T, E> {
    match result {
        Ok(summary) => unmet("the result of a run whose work refuses an item", "Err", format!("Ok({summary:?})")),
        Err(failure) => failure,
    }
}

// Every item, exactly once.

/// Every item of every source is handled exactly once, for any number of sources and consumers and any capacity.
///
/// Next: count each item in and out: which of your steps can take one without handling it, or hand it to two consumers?
#[fact]
fn every_item_is_handled_exactly_once() {
    const EACH: usize = 20;
    for (producers, consumers, capacity) in
        [(1, 1, 1), (1, 5, 1), (5, 1, 1), (2, 2, 2), (3, 4, 2), (4, 3, 7), (5, 5, 1000), (1, 1, 1000)]
    {
        for (slow_source, slow_work) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let log = Log::default();
            let sources = (0..producers).map(|index| source(index * EACH..(index + 1) * EACH, slow_source)).collect();
            let (result, _) = played(run(sources, consumers, capacity, log.of(taking(slow_work))));
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
#[fact]
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
    ok(played(run(vec![ready(0..20), ready(100..120)], 1, 8, log.of(taking(1.0)))).0);
    let log = log.read();
    for range in [0..20, 100..120] {
        let of_source: Vec<usize> = log.iter().copied().filter(|item| range.contains(item)).collect();
        expect_eq!(of_source, range.collect::<Vec<_>>(), "the items of one source, in the order of their handling");
    }
}

/// A source that has said `None` is not asked again.
///
/// Next: the first `None` is the end, even of a source that would go on.
#[fact]
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

// Side by side, and when.

/// As many calls of `work` are under way as there are consumers: six items of 2 s take 3 consumers exactly 4 s.
///
/// Next: no lock may be held while work is awaited. How long does the guard live that you took the item with?
#[fact]
fn consumers_work_side_by_side() {
    let (result, took) = played(run(vec![ready(0..6)], 3, 2, taking(2.0)));
    expect_eq!(took, 4.0, "the seconds that 6 items of 2 s each take 3 consumers");
    expect_eq!(ok(result).handled, [2, 2, 2], "Summary::handled");
}

/// Sources are asked side by side: three that take 1 s for each of 4 items take exactly 4 s.
///
/// Next: each source needs somebody of its own who waits for it.
#[fact]
fn sources_are_asked_side_by_side() {
    let sources = (0..3).map(|_| source(0..4, 1.0)).collect();
    let (result, took) = played(run(sources, 1, 1, taking(0.0)));
    expect_eq!(took, 4.0, "the seconds that three sources with 4 items of 1 s each take");
    ok(result);
}

/// Producing and working overlap: items that come every second and take 2 s of work, five of them, take exactly 11 s.
///
/// Next: a producer asks for the next item while the last one is in the buffer or in work.
#[fact]
fn producing_and_working_overlap() {
    let (result, took) = played(run(vec![source(0..5, 1.0)], 1, 2, taking(2.0)));
    expect_eq!(took, 11.0, "the seconds: the first item comes after 1 s, then 5 items of 2 s each");
    ok(result);
    let (result, took) = played(run(vec![source(0..5, 2.0)], 1, 2, taking(1.0)));
    expect_eq!(took, 11.0, "the seconds: the last of 5 items of 2 s each comes after 10 s, and takes 1 s of work");
    ok(result);
}

/// While one consumer is busy for long, the others handle everything else.
///
/// Next: an item belongs to nobody until a consumer is free to take it.
#[fact]
fn a_slow_call_holds_up_nothing_else() {
    let work = |item: Arc<usize>| async move {
        sleep(seconds(if *item == 0 { 100.0 } else { 1.0 })).await;
        Ok::<(), ()>(())
    };
    let (result, took) = played(run(vec![ready(0..91)], 2, 1, work));
    expect_eq!(took, 100.0, "the seconds that an item of 100 s and 90 items of 1 s take 2 consumers");
    let mut handled = ok(result).handled;
    handled.sort_unstable();
    expect_eq!(handled, [1, 90], "Summary::handled, sorted");
}

/// While one source takes its time, the items of the others are handled.
///
/// Next: whoever waits for a source must not keep anything that the others need.
#[fact]
fn a_slow_source_holds_up_nothing_else() {
    let others = Log::default();
    on_paused_clock(async {
        let work = others.of(taking(0.0));
        let mut running = pin!(run(vec![source([7], 100.0), ready(0..20), source(0..20, 1.0)], 1, 1, work));
        let early = timeout(seconds(50.5), running.as_mut()).await;
        expect!(early.is_err(), "the run, after 50.5 s", "it goes on", "it has ended");
        let about = "items handled after 50.5 s, of two sources with 20 each beside a slow one";
        expect_eq!(others.read().len(), 40, about);
        let (result, _) = timed(running).await;
        expect_eq!(ok(result).produced, [1, 20, 20], "Summary::produced");
    });
}

// Back-pressure.

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

// A failure.

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
    let work = called.of(|item: Arc<usize>| async move {
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

// A panic.

/// A panic of `work` stops the run, and goes on in whoever awaits it.
///
/// Next: a task that panics ends with an error for whoever joins it, and the payload is in there.
#[fact(panics)]
fn a_panic_of_work_reaches_the_caller() {
    let (live, slow) = (count(), Duration::from_secs(100));
    let theirs = Arc::clone(&live);
    let items = (0..9).map(move |number| Counted::new(number, &theirs));
    let work = move |item: Arc<Counted>| async move {
        sleep(if item.number == 1 { seconds(2.0) } else { slow }).await;
        match item.number {
            1 => panic_any(Mishap("work")),
            _ => Ok::<(), ()>(()),
        }
    };
    let (ended, took) = mishap_of(run(vec![ready(items)], 3, 2, work));
    expect_eq!(ended, "the payload of work", "how a run ended whose work panicked");
    expect_eq!(took, 2.0, "the seconds until it did: work panicked after 2 s");
    expect_eq!(live.load(SeqCst), 0, "items alive then");
    let in_the_call = |_: Arc<usize>| -> future::Ready<Result<(), ()>> { panic_any(Mishap("the call")) };
    let (ended, _) = mishap_of(run(vec![ready(0..9)], 2, 1, in_the_call));
    expect_eq!(ended, "the payload of the call", "how a run ended whose work panicked before it returned a future");
}

/// A panic of a source stops the run, and goes on in whoever awaits it.
///
/// Next: consumers wait for an item that never comes, unless somebody looks at how the producers end.
#[fact(panics)]
fn a_panic_of_a_source_reaches_the_caller() {
    let bad: Source<u8> = Box::new(|| {
        Box::pin(async {
            sleep(seconds(2.0)).await;
            panic_any(Mishap("a source"))
        })
    });
    let (ended, took) = mishap_of(run(vec![source(0.., 1.0), bad], 2, 1, taking(50.0)));
    expect_eq!(ended, "the payload of a source", "how a run ended whose source panicked");
    expect_eq!(took, 2.0, "the seconds until it did: the source panicked after 2 s");
    let in_the_call: Source<u8> = Box::new(|| panic_any(Mishap("the call")));
    let (ended, _) = mishap_of(run(vec![in_the_call], 2, 1, taking(1.0)));
    expect_eq!(ended, "the payload of the call", "how a run ended whose source panicked before it returned a future");
}

/// A run without consumers or without room is refused with a panic, and no source is asked.
///
/// Next: check the arguments before you start anything.
#[fact(panics)]
fn zeros_are_refused() {
    for (consumers, capacity) in [(0, 1), (1, 0)] {
        let asked = count();
        let theirs = asked.clone();
        let counted = move || future::ready((theirs.fetch_add(1, SeqCst) < 5).then_some(7));
        for sources in [vec![], vec![counted]] {
            let about = format!("{} sources, {consumers} consumers, capacity {capacity}", sources.len());
            let ended = catch_unwind(AssertUnwindSafe(|| played(run(sources, consumers, capacity, taking(1.0)))));
            expect!(ended.is_err(), about, "a panic", "it returned");
        }
        expect_eq!(asked.load(SeqCst), 0, format!("how often the source was asked, capacity {capacity}"));
    }
}

// Laziness, cancellation, guests.

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
#[fact]
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
