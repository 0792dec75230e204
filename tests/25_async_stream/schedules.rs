//! Stories of a generator that waits for bells which other threads ring, each told along every schedule.

use harness::{Actor, DropCount, actor, block_on, expect_eq, note, scenario};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use subject::{collect, filter_map, generator, next};

/// A generator that waits for something goes on when that happens, whatever the moment.
///
/// Next: the future in the body may be woken between its look and the end of the poll. Who is told then?
#[scenario]
fn the_body_is_woken_while_it_is_being_polled() {
    let bell = Bell::new();
    let ringer = ring("ringer", &bell);
    let heard = Arc::clone(&bell);
    let items = block_on(collect(generator(async move |y| {
        heard.wait().await;
        y.emit("after the bell").await;
    })));
    expect_eq!(items, ["after the bell"], "the items of a body that waits for the bell first");
    ringer.finish();
}

/// When a `next` was dropped and another task goes on, the wakes reach the task that waits now.
///
/// Next: whom to wake may change while a wake is on its way; nothing of the old task may survive the new one's poll.
#[scenario]
fn another_task_goes_on_after_a_dropped_next() {
    let [first, second] = [Bell::new(), Bell::new()];
    let heard = [Arc::clone(&first), Arc::clone(&second)];
    let mut stream = generator(async move |y| {
        heard[0].wait().await;
        heard[1].wait().await;
        y.emit(7).await;
    });
    note("asks, and gives up");
    expect_eq!(poll_once(next(&mut stream)), Poll::Pending, "a next before any bell has rung");
    let early = ring("early ringer", &first);
    let late = ring("late ringer", &second);
    note("asks again, as another task");
    expect_eq!(block_on(next(&mut stream)), Some(7), "the item, waited for by another task than the one that gave up");
    early.finish();
    late.finish();
}

/// A stream that has yielded an item on one thread yields the rest on another, while it is being woken.
///
/// Next: a stream may be polled by another thread each time, with another waker; only the latest waker counts.
#[scenario]
fn the_stream_goes_on_on_another_thread() {
    let bell = Bell::new();
    let heard = Arc::clone(&bell);
    let mut stream = generator(async move |y| {
        y.emit(1).await;
        heard.wait().await;
        y.emit(2).await;
    });
    note("asks for the first item");
    expect_eq!(block_on(next(&mut stream)), Some(1), "the first item, asked for by the first thread");
    note("asks for the next one, and gives up");
    expect_eq!(poll_once(next(&mut stream)), Poll::Pending, "a second next before the bell has rung");
    let consumer = actor("other consumer", move || {
        note("asks for the other items");
        block_on(collect(stream))
    });
    let ringer = ring("ringer", &bell);
    expect_eq!(consumer.finish(), [2], "the other items, asked for by the other consumer");
    ringer.finish();
}

/// A stream can be dropped while what its body waits for is woken; the body goes exactly once.
///
/// Next: between a waker's look whether the stream is still there and its use of what it found, the stream may go.
#[scenario(negated)]
fn the_stream_is_dropped_while_it_is_woken() {
    let bell = Bell::new();
    let ends = DropCount::new();
    let (heard, end) = (Arc::clone(&bell), ends.token());
    let mut stream = generator(async move |y| {
        let _end = end;
        heard.wait().await;
        y.emit(7).await;
    });
    expect_eq!(poll_once(next(&mut stream)), Poll::Pending, "a next before the bell has rung");
    let waker = bell.waker();
    let waking = actor("late waker", move || waker.wake());
    note("drops the stream");
    drop(stream);
    expect_eq!(ends.get(), 1, "how often a local of the body has been dropped when the stream has been");
    waking.finish();
    expect_eq!(ends.get(), 1, "how often a local of the body was dropped altogether");
}

/// A waker that is used while the stream comes to its end does no harm.
///
/// Next: wakers outlive what they were made for. Does yours expect to find something?
#[scenario]
fn the_stream_ends_while_it_is_woken() {
    let bell = Bell::new();
    let heard = Arc::clone(&bell);
    let mut stream = generator(async move |y| {
        heard.wait().await;
        y.emit(7).await;
    });
    expect_eq!(poll_once(next(&mut stream)), Poll::Pending, "a next before the bell has rung");
    let waker = bell.waker();
    bell.ring();
    let waking = actor("late waker", move || waker.wake());
    note("asks for all items");
    expect_eq!(block_on(collect(stream)), [7], "the items of a stream that is woken once more than it needs");
    waking.finish();
}

/// In a comprehension the source and the function may both wait, for different threads.
///
/// Next: the new stream has one waker to give to both; what becomes of a wake that comes while it is being polled?
#[scenario]
fn source_and_function_are_woken_by_two_threads() {
    let [source, function] = [Bell::new(), Bell::new()];
    let ringers = [ring("source ringer", &source), ring("function ringer", &function)];
    let numbers = generator(async move |y| {
        source.wait().await;
        y.emit(3).await;
    });
    let squares = filter_map(numbers, async move |n: u32| {
        function.wait().await;
        Some(n * n)
    });
    expect_eq!(block_on(collect(squares)), [9], "the items of the comprehension after both bells have rung");
    ringers.into_iter().for_each(Actor::finish);
}

// ---- The parts that the stories are played with

/// What a body waits for: rung once, by another thread.
#[derive(Default)]
struct Bell(Mutex<Ringing>);

#[derive(Default)]
struct Ringing {
    has_rung: bool,
    waiting: Option<Waker>,
}

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::default()
    }

    /// A waker that panics is reported where it happens: here it does no more harm.
    fn lock(&self) -> MutexGuard<'_, Ringing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The waker of the latest poll.
    fn waker(&self) -> Waker {
        self.lock().waiting.clone().expect("the body has been polled and waits")
    }

    fn ring(&self) {
        let mut ringing = self.lock();
        ringing.has_rung = true;
        let waiting = ringing.waiting.take();
        drop(ringing);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    fn wait(&self) -> Wait<'_> {
        Wait(self)
    }
}

fn ring(name: &str, bell: &Arc<Bell>) -> Actor<()> {
    let bell = Arc::clone(bell);
    actor(name, move || bell.ring())
}

struct Wait<'a>(&'a Bell);

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        note("the body looks whether the bell has rung");
        let mut ringing = self.0.lock();
        if ringing.has_rung {
            return Poll::Ready(());
        }
        ringing.waiting = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Polls a future once, as a task that then loses interest, and drops it.
fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
