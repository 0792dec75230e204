//! Stories of a run on a runtime with several threads, each told along every schedule: its tasks run in parallel.

use harness::{Log, expect, expect_eq, scenario};
use std::future::{self, Future, poll_fn};
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use subject::{Failure, Summary, run};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Barrier;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(3).build().expect("the system has room for a runtime")
}

type Source = Box<dyn FnMut() -> future::Ready<Option<usize>> + Send>;

/// A source whose items are ready.
fn source(mut items: impl Iterator<Item = usize> + Send + 'static) -> Source {
    Box::new(move || future::ready(items.next()))
}

/// Gives way once: other tasks may come in between.
fn pause() -> impl Future<Output = ()> + Send {
    let mut paused = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// What the panics of these scenarios carry.
#[derive(Debug, PartialEq)]
struct Mishap;

// The natural end.

/// Every item is handled once, and the run ends.
fn pipeline(producers: usize, each: usize, consumers: usize, capacity: usize) {
    let sources = (0..producers).map(|producer| source(10 * producer..10 * producer + each)).collect();
    let items = Log::new();
    let theirs = items.clone();
    let work = move |item: Arc<usize>| {
        theirs.add(*item);
        future::ready(Ok::<(), ()>(()))
    };
    let result = runtime().block_on(run(sources, consumers, capacity, work));
    let mut items = items.read();
    if consumers == 1 {
        expect!(items.is_sorted() || producers > 1, "the items of the only source", "in order", format!("{items:?}"));
    }
    items.sort_unstable();
    let all: Vec<usize> = (0..producers).flat_map(|producer| 10 * producer..10 * producer + each).collect();
    expect_eq!(items, all, "the items that work was called with, sorted");
    let Ok(Summary { produced, handled }) = result else {
        harness::unmet("the result of a run whose work refuses nothing", "Ok", "Err");
    };
    expect_eq!(produced, vec![each; producers], "Summary::produced");
    expect_eq!(handled.iter().sum::<usize>(), producers * each, "the sum of Summary::handled");
}

/// One producer, one consumer, one place: every item is handled, and the run ends.
///
/// Next: how does a consumer that is about to wait hear that the last item was the last?
#[scenario]
fn one_producer_one_consumer_capacity_1() {
    pipeline(1, 2, 1, 1);
}

/// One producer, two consumers, one place: every item is handled once, and both consumers hear of the end.
///
/// Next: who tells the second consumer that there will be no more?
#[scenario]
fn one_producer_two_consumers_capacity_1() {
    pipeline(1, 2, 2, 1);
}

/// Two producers, one consumer, one place: every item is handled, and only the end of the last producer is the end.
///
/// Next: both producers may end at the same moment. Which of them is the last, and how do you know?
#[scenario]
fn two_producers_one_consumer_capacity_1() {
    pipeline(2, 1, 1, 1);
}

/// Two producers, two consumers, two places: every item is handled once, and everybody ends.
///
/// Next: read the lanes from their end: who waits, for what, and who should have told it?
#[scenario]
fn two_producers_two_consumers_capacity_2() {
    pipeline(2, 1, 2, 2);
}

// A failure.

/// A failure ends the run, though a producer waits for room, or is about to.
///
/// Next: who waits for room waits for a consumer that is no more.
#[scenario(negated)]
fn a_failure_releases_the_producer() {
    let work = |item: Arc<usize>| future::ready(Err::<(), usize>(*item));
    let result = runtime().block_on(run(vec![source(0..3)], 1, 1, work));
    expect_eq!(result, Err(Failure { item: Arc::new(0), error: 0, handled: 0 }), "what run returned");
}

/// A failure counts what was handled, even by a consumer that is just finishing.
///
/// Next: where is the count of a task that was aborted?
#[scenario]
fn a_failure_meets_a_call_that_ends() {
    let (handled, meeting) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(2)));
    let theirs = Arc::clone(&handled);
    let work = move |item: Arc<usize>| {
        let (handled, meeting) = (Arc::clone(&theirs), Arc::clone(&meeting));
        async move {
            if *item < 2 {
                meeting.wait().await;
            }
            if *item == 1 {
                return Err("refused");
            }
            handled.fetch_add(1, SeqCst);
            Ok(())
        }
    };
    let runtime = runtime();
    let result = runtime.block_on(run(vec![source(0..3)], 2, 1, work));
    let Err(failure) = result else { harness::unmet("the result", "Err: item 1 is refused", "Ok") };
    expect_eq!((*failure.item, failure.error), (1, "refused"), "the item and the error");
    expect_eq!(failure.handled, handled.load(SeqCst), "Failure::handled, and how often work returned Ok");
}

/// Of two failures at the same moment one is returned whole, and nothing of the other one is left.
///
/// Next: an item and its error are one thing: put them away in one step.
#[scenario(negated)]
fn two_calls_fail_at_once() {
    let kept = Arc::new(());
    let theirs = Arc::clone(&kept);
    let work = move |item: Arc<usize>| {
        let kept = Arc::clone(&theirs);
        async move {
            pause().await;
            Err::<(), _>((*item, kept))
        }
    };
    let result = runtime().block_on(run(vec![source(0..1), source(1..2)], 2, 1, work));
    let Err(failure) = result else { harness::unmet("the result", "Err: work refuses everything", "Ok") };
    expect_eq!(failure.error.0, *failure.item, "the error, which names its item");
    expect_eq!(failure.handled, 0, "Failure::handled");
    expect_eq!(Arc::strong_count(&kept), 2, "who holds what work and its errors share: this scenario and the failure");
}

/// When a failed run has returned, nothing of it is running or alive any more.
///
/// Next: to abort a task is a request. When has it been granted?
#[scenario]
fn a_failed_run_has_ended_when_it_returns() {
    let kept = Arc::new(());
    let (theirs, in_source) = (Arc::clone(&kept), Arc::clone(&kept));
    let mut items = 0..2;
    let source = move || {
        let (kept, item) = (Arc::clone(&in_source), items.next());
        async move {
            pause().await;
            drop(kept);
            item
        }
    };
    let work = move |_: Arc<usize>| {
        let kept = Arc::clone(&theirs);
        async move {
            drop(kept);
            Err::<(), ()>(())
        }
    };
    let alive = runtime().block_on(async move {
        let result = run(vec![source], 2, 1, work).await;
        expect!(result.is_err(), "the result of a run whose work refuses everything", "Err", "Ok");
        Arc::strong_count(&kept)
    });
    expect_eq!(alive, 1, "who holds what sources and work share, when the run has returned: this scenario alone");
}

// A panic.

/// A source that panics ends the run: consumers that wait for an item do not wait for ever, and the panic reaches the caller.
///
/// Next: look at how each of your tasks has ended.
#[scenario(panics)]
fn a_panicking_source_ends_the_run() {
    let bad: Source = Box::new(|| panic_any(Mishap));
    let work = |_: Arc<usize>| future::ready(Ok::<(), ()>(()));
    let runtime = runtime();
    let ended = runtime.block_on(async { tokio::spawn(run(vec![bad], 2, 1, work)).await });
    let payload = ended.err().and_then(|error| error.try_into_panic().ok());
    expect_eq!(payload.and_then(|payload| payload.downcast().ok()), Some(Box::new(Mishap)), "what run panicked with");
}

/// A panic that meets a failure is the one that is told.
///
/// Next: decide what the run came to when all of it has ended, and look for a panic first.
#[scenario(panics)]
fn a_panic_meets_a_failure() {
    let panicked = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&panicked);
    let bad: Source = Box::new(move || {
        theirs.fetch_add(1, SeqCst);
        panic_any(Mishap)
    });
    let work = |item: Arc<usize>| future::ready(Err::<(), usize>(*item));
    let runtime = runtime();
    let ended = runtime.block_on(async { tokio::spawn(run(vec![source(7..8), bad], 1, 1, work)).await });
    match ended {
        Ok(result) => {
            expect_eq!(panicked.load(SeqCst), 0, "panics of a source, in a run that returned");
            expect_eq!(result, Err(Failure { item: Arc::new(7), error: 7, handled: 0 }), "what run returned");
        }
        Err(error) => {
            let payload = error.try_into_panic().ok().and_then(|payload| payload.downcast().ok());
            expect_eq!(payload, Some(Box::new(Mishap)), "what run panicked with");
        }
    }
}
