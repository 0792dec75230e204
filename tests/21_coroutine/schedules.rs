//! Stories of `block_on` and of the timer, each told along every schedule. The clock is virtual: it stands still while
//! anybody can go on, so that a sleep takes exactly its time.
//!
//! The timer's thread waits for ever when nobody sleeps: it is left over at the end of most stories.

use harness::{Actor, Log, Tracked, actor, expect, expect_eq, note, quiesce, scenario};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use subject::{Sleep, block_on, sleep};

// ---- block_on

/// A wake that comes between a pending poll and the wait for it ends that wait.
///
/// Next: to look whether there was a wake, and to begin to wait, must be one step for whoever wakes.
#[scenario(negated)]
fn a_wake_between_poll_and_wait_is_not_lost() {
    let bell = Bell::new();
    let ringer = ring("ringer", &bell);
    block_on(bell.future());
    ringer.finish();
    expect!(bell.polls() <= 2, "polls of a future that was woken once", "2 at most", bell.polls().to_string());
}

/// Two calls that wait on two threads at the same time both get their own wake.
///
/// Next: when one of several waits is to end, how does the right thread learn of it?
#[scenario(negated)]
fn two_calls_wait_at_the_same_time() {
    let bells = [Bell::new(), Bell::new()];
    let theirs = bells[0].future();
    let other = actor("other call", move || block_on(theirs));
    let ringers = [ring("its ringer", &bells[0]), ring("ringer", &bells[1])];
    block_on(bells[1].future());
    other.finish();
    ringers.into_iter().for_each(Actor::finish);
    for bell in bells {
        expect!(bell.polls() <= 2, "polls of a future that was woken once", "2 at most", bell.polls().to_string());
    }
}

/// What a thread did before it woke a call is known to the poll that answers.
///
/// Next: whatever tells `block_on` of the wake must also hand over what was written before it: release here, acquire there.
#[scenario]
fn a_poll_sees_what_was_done_before_the_wake() {
    let letter = Arc::new(Tracked::new(0));
    let (sender, receiver) = mpsc::channel::<Waker>();
    let theirs = Arc::clone(&letter);
    let writer = actor("writer", move || {
        let waker = receiver.recv().expect("the first poll sends its waker");
        theirs.set(42);
        waker.wake();
    });
    let mut sender = Some(sender);
    let seen = block_on(poll_fn(|context| match sender.take() {
        Some(sender) => {
            sender.send(context.waker().clone()).expect("the writer waits for it");
            Poll::Pending
        }
        None => Poll::Ready(letter.get()),
    }));
    expect_eq!(seen, 42, "what the second poll reads, after another thread wrote 42 and woke the call");
    writer.finish();
}

/// An outer and an inner call on one thread, woken by two threads, both get their own wake.
///
/// Next: what tells a call that it was woken belongs to that call alone.
#[scenario]
fn a_nested_call_and_the_one_around_it_are_both_woken() {
    let [outer, inner] = [Bell::new(), Bell::new()];
    let ringers = [ring("outer ringer", &outer), ring("inner ringer", &inner)];
    let mut outer_future = pin!(outer.future());
    let mut inner_future = Some(inner.future());
    block_on(poll_fn(|context| {
        let poll = outer_future.as_mut().poll(context);
        inner_future.take().into_iter().for_each(block_on);
        poll
    }));
    ringers.into_iter().for_each(Actor::finish);
    for bell in [outer, inner] {
        expect!(bell.polls() <= 2, "polls of a future that was woken once", "2 at most", bell.polls().to_string());
    }
}

// ---- The timer

/// Two threads whose sleeps are the first of the process both wake up, each exactly at its time.
///
/// Next: who starts the timer's thread, and what if two find at the same moment that there is none?
#[scenario(leftovers)]
fn two_threads_sleep_for_the_first_time() {
    let sleepers = [("sleeper 1", 10), ("sleeper 2", 20)].map(|(name, time)| {
        let slept = actor(name, move || time_of(|| block_on(sleep(milliseconds(time)))));
        (slept, time)
    });
    for (slept, time) in sleepers {
        expect_time(slept.finish(), milliseconds(time), "one of two sleeps, on two threads");
    }
}

/// A sleep with an earlier deadline, which comes while the timer waits for a later one, ends exactly at its time.
///
/// Next: whoever changes what the timer waits for must tell it; and the timer must not miss that between looking and waiting.
#[scenario(leftovers)]
fn an_earlier_deadline_comes_while_the_timer_waits() {
    let late = actor("late", || time_of(|| block_on(sleep(milliseconds(40)))));
    let early = Duration::from_nanos(10_000_001);
    expect_time(time_of(|| block_on(sleep(early))), early, "a sleep, while another thread sleeps for longer");
    expect_time(late.finish(), milliseconds(40), "a sleep, while another thread sleeps for less");
}

/// The duration of a sleep counts from its first poll, whatever later polls there are.
///
/// Next: the first poll fixes the deadline. All others compare the clock with it.
#[scenario(leftovers)]
fn a_sleep_ends_exactly_when_its_time_has_passed() {
    let mut nap = sleep(milliseconds(20));
    harness::sleep(milliseconds(5));
    let slept = time_of(|| {
        let _ = Task::new().poll(&mut nap);
        harness::sleep(milliseconds(10));
        block_on(nap);
    });
    expect_time(slept, milliseconds(20), "a sleep that is polled again half-way");
}

/// Sleeps wake their tasks in the order of their deadlines, in whatever order they began.
///
/// Next: keep what is pending sorted by deadline; which one did you take out first, when several were due?
#[scenario(leftovers)]
fn sleeps_end_in_the_order_of_their_deadlines() {
    let order = Log::new();
    // The first wake takes so long that all others are due when it is over.
    let naps = [60, 10, 50, 30, 40].map(|time| {
        let theirs = order.clone();
        let task = Task::running(move || {
            theirs.add(time);
            if time == 10 {
                harness::sleep(milliseconds(80));
            }
        });
        let mut nap = sleep(milliseconds(time));
        let _ = task.poll(&mut nap);
        nap
    });
    harness::sleep(milliseconds(100));
    quiesce();
    let mut order = order.read();
    if !VIRTUAL {
        order.sort_unstable();
    }
    expect_eq!(order, [10, 30, 40, 50, 60], "the order of wakes, by milliseconds, begun as 60, 10, 50, 30, 40");
    drop(naps);
}

/// Two sleeps with the same deadline both end.
///
/// Next: a deadline does not say whose it is: what tells two sleeps apart that end at the same moment?
#[scenario(leftovers)]
fn two_sleeps_have_the_same_deadline() {
    let tasks = [Task::new(), Task::new()];
    let mut naps = [sleep(milliseconds(5)), sleep(milliseconds(5))];
    for (task, nap) in tasks.iter().zip(&mut naps) {
        let _ = task.poll(nap);
    }
    harness::sleep(milliseconds(10));
    quiesce();
    for task in tasks {
        expect_eq!(task.wakes(), 1, "wakes by each of two sleeps that began and ended at the same time");
    }
}

/// A sleep that was dropped before its time wakes nobody, neither its own task nor that of another sleep.
///
/// Next: what is the timer left with when a `Sleep` goes, and what does it do when that one's time comes?
#[scenario(leftovers)]
fn a_dropped_sleep_wakes_nobody() {
    let (gone, stays) = (Task::new(), Task::new());
    let begin = Instant::now();
    let mut dropped = sleep(milliseconds(40));
    let mut kept = sleep(milliseconds(200));
    let _ = gone.poll(&mut dropped);
    let _ = stays.poll(&mut kept);
    drop(dropped);
    if !VIRTUAL && begin.elapsed() >= milliseconds(40) {
        // The machine was so busy that the sleep may have ended before it was dropped.
        return;
    }
    harness::sleep(milliseconds(100));
    expect_eq!(gone.wakes(), 0, "wakes by sleep(40 ms), 100 ms later, when it was dropped at once");
    if VIRTUAL {
        expect_eq!(stays.wakes(), 0, "wakes by sleep(200 ms), 100 ms later");
    }
    harness::sleep(milliseconds(150));
    quiesce();
    expect_eq!(gone.wakes(), 0, "wakes by sleep(40 ms), 250 ms later, when it was dropped at once");
    expect_eq!(stays.wakes(), 1, "wakes by sleep(200 ms), 250 ms later");
}

/// A sleep that passes to another task on another thread, just as its time comes, ends there.
///
/// Next: between your look whether it is over and the storing of the new waker, the timer may wake the old one.
#[scenario(leftovers)]
fn a_sleep_changes_hands_as_it_ends() {
    let old = Task::new();
    let mut nap = sleep(milliseconds(5));
    let _ = old.poll(&mut nap);
    harness::sleep(milliseconds(5));
    actor("new task", move || block_on(nap)).finish();
    quiesce();
    expect_eq!(old.holders(), 0, "clones of the first task's waker that are left");
}

/// A sleep can be dropped just as its time comes: it wakes at most once, and its waker is let go of.
///
/// Next: the timer and `Drop` may both want the waker: whoever takes it out first has it.
#[scenario(leftovers)]
fn a_sleep_is_dropped_as_it_ends() {
    let task = Task::new();
    let mut nap = sleep(milliseconds(5));
    let _ = task.poll(&mut nap);
    harness::sleep(milliseconds(5));
    drop(nap);
    quiesce();
    expect!(task.wakes() <= 1, "wakes by a sleep that is dropped as it ends", "1 at most", task.wakes().to_string());
    expect_eq!(task.holders(), 0, "clones of the waker that are left");
}

// ---- The parts that the stories are played with

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn time_of(action: impl FnOnce()) -> Duration {
    let start = Instant::now();
    action();
    start.elapsed()
}

/// Whether time is the explorer's, and exact. Under `cargo test` it is the machine's, which may be busy.
const VIRTUAL: bool = cfg!(graded);

/// Exactly the time demanded; where the clock is a real one, at least.
fn expect_time(elapsed: Duration, demanded: Duration, of: &str) {
    let about = format!("the time from the first poll to the end of {of}");
    expect!(
        elapsed == demanded || !VIRTUAL && elapsed > demanded,
        about,
        format!("{demanded:?}"),
        format!("{elapsed:?}")
    );
}

/// What futures wait for: to be rung once.
#[derive(Default)]
struct Bell {
    state: Mutex<(bool, Option<Waker>)>,
    polls: AtomicUsize,
}

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::default()
    }

    fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    /// Ready when the bell has been rung.
    fn future(self: &Arc<Bell>) -> impl Future<Output = ()> + use<> {
        let bell = Arc::clone(self);
        poll_fn(move |context| {
            bell.polls.fetch_add(1, SeqCst);
            note("the future is polled");
            let mut state = bell.state.lock().unwrap();
            state.1 = Some(context.waker().clone());
            if state.0 { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}

/// A thread that rings once.
fn ring(name: &str, bell: &Arc<Bell>) -> Actor<()> {
    let bell = Arc::clone(bell);
    actor(name, move || {
        let sleeper = {
            let mut state = bell.state.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        sleeper.into_iter().for_each(Waker::wake);
    })
}

/// An executor that is played by hand: it counts its wakes.
struct Task(Arc<Wakes>);

struct Wakes {
    count: AtomicUsize,
    action: Box<dyn Fn() + Send + Sync>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, SeqCst);
        (self.action)();
    }
}

impl Task {
    fn new() -> Task {
        Task::running(|| {})
    }

    /// One that does something whenever it is woken.
    fn running(action: impl Fn() + Send + Sync + 'static) -> Task {
        Task(Arc::new(Wakes { count: AtomicUsize::new(0), action: Box::new(action) }))
    }

    fn poll(&self, nap: &mut Sleep) -> Poll<()> {
        Pin::new(nap).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.0))))
    }

    fn wakes(&self) -> usize {
        self.0.count.load(SeqCst)
    }

    /// Clones of its waker that are alive.
    fn holders(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
