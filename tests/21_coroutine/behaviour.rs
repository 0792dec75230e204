//! Facts about `block_on` and `sleep`.
//!
//! Futures that wait are played by a [`Call`]: it counts polls, hands out the waker of each, and is ready when told. A
//! [`Sleep`] is mostly polled by hand, with the waker of a [`Task`], which counts.

use harness::{actor, cpu_time, expect, expect_eq, fact, quiesce, threads_alive, unmet};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};
use subject::{Sleep, block_on, sleep};

const HOUR: Duration = Duration::from_secs(3600);

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

// ---- block_on: what it runs, and where

/// All polls, the first and the last, are on the thread that called `block_on`, and no other thread is started.
///
/// Next: the calling thread has nothing else to do: let it poll, and let it wait.
#[fact]
fn the_calling_thread_polls() {
    let threads = threads_alive();
    let caller = thread::current().id();
    let mut seen = Vec::new();
    let alive = block_on(poll_fn(|context| {
        seen.push(thread::current().id());
        context.waker().wake_by_ref();
        if seen.len() == 3 { Poll::Ready(threads_alive()) } else { Poll::Pending }
    }));
    let elsewhere = seen.iter().filter(|id| **id != caller).count();
    expect_eq!(seen.len(), 3, "polls of a future that wakes itself in each poll and is ready in the third");
    expect_eq!(elsewhere, 0, "polls, out of three, on another thread than the one that called block_on");
    expect_eq!(alive, threads, "threads of the process during block_on, compared with before");
}

/// The future is dropped once, before `block_on` returns.
///
/// Next: own the future inside `block_on`: `pin!` does, and nothing has to be boxed or forgotten.
#[fact]
fn the_future_is_dropped_before_block_on_returns() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Counted(Arc::clone(&drops));
    block_on(poll_fn(move |_| {
        let _ = &counted;
        Poll::Ready(())
    }));
    expect_eq!(drops.load(SeqCst), 1, "drops of what a future owns, when block_on has returned");
}

/// A panic in a poll comes out of `block_on` as it is, the future is dropped, and the thread can call `block_on` again.
///
/// Next: nothing has to be caught. Which of your locks or flags would a panic leave behind?
#[fact(panics)]
fn a_panic_comes_out_with_its_payload() {
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Counted(Arc::clone(&drops));
    let mut waker = None;
    let panics_in_its_second_poll = poll_fn(|context| {
        if waker.replace(context.waker().clone()).is_some() {
            panic_any(42_u32);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let owner = async move {
        let _counted = counted;
        panics_in_its_second_poll.await
    };
    let result: Result<(), _> = catch_unwind(AssertUnwindSafe(|| block_on(owner)));
    let payload = result.err().and_then(|payload| payload.downcast_ref::<u32>().copied());
    expect_eq!(payload, Some(42), "the payload that comes out of block_on, when the second poll panics with 42");
    expect_eq!(drops.load(SeqCst), 1, "drops of what a future owns whose poll has panicked");
    expect_eq!(polls_of(milliseconds(1)), 2, "polls of a sleep, in the next call of block_on on this thread");
}

// ---- block_on: when it polls

/// Each wake makes one poll, and without a wake there is none: the thread is blocked.
///
/// Next: after a pending poll wait until the waker is used, without a time-out, and then poll once.
#[fact]
fn each_wake_makes_one_poll() {
    let call = Call::new();
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 1, "polls of a pending future that nobody has woken");
    for wakes in 1..=3 {
        call.waker(0).wake();
        quiesce();
        expect_eq!(call.polls(), wakes + 1, format!("polls of a pending future after {wakes} wakes, one by one"));
    }
    call.end();
    blocked.finish();
    expect_eq!(call.polls(), 5, "polls of a future that was woken three times, then woken and ready");
}

/// Wakes during a poll are not lost, and make one more poll, however many they are.
///
/// Next: being woken is a state, not a count. Forget it before a poll, never after one.
#[fact]
fn wakes_during_a_poll_make_one_more() {
    let call = Call::new();
    call.in_first_poll(|waker| {
        waker.wake_by_ref();
        let theirs = waker.clone();
        thread::spawn(move || theirs.wake()).join().expect("a wake does not panic");
        waker.wake_by_ref();
    });
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 2, "polls of a future that was woken three times in its first poll, and never after");
    call.end();
    blocked.finish();
}

/// The waker of an early poll wakes as well as that of the latest.
///
/// Next: make the waker once per call, not once per poll: wakers of all polls must lead to the same place.
#[fact]
fn wakers_of_early_polls_stay_good() {
    let call = Call::new();
    let blocked = call.start("blocked");
    quiesce();
    call.waker(0).wake();
    quiesce();
    call.waker(0).wake();
    quiesce();
    expect_eq!(call.polls(), 3, "polls, after the waker of the first poll was used twice, with a poll in between");
    call.waker(1).wake();
    quiesce();
    expect_eq!(call.polls(), 4, "polls, after the waker of the second poll was used too");
    call.end();
    blocked.finish();
}

/// A waker whose call has returned wakes no later call on the same thread, and does no harm when the thread has ended.
///
/// Next: what a waker sets must belong to its call, not to the thread.
#[fact]
fn a_waker_wakes_no_later_call() {
    let (early, call) = (Call::new(), Call::new());
    early.end();
    let (first, second) = (early.clone(), call.clone());
    let blocked = actor("blocked", move || {
        block_on(first);
        block_on(second);
    });
    quiesce();
    for _ in 0..2 {
        early.waker(0).wake();
        quiesce();
    }
    expect_eq!(call.polls(), 1, "polls of a pending future, after wakes for an earlier call on its thread");
    call.end();
    blocked.finish();
    early.waker(0).wake();
    call.waker(0).wake();
}

/// A wake of the outer call, while a call inside of it waits, is kept for the outer one.
///
/// Next: two calls on one thread need two places for their wakes, and each must look at its own only.
#[fact]
fn nested_calls_do_not_take_each_others_wakes() {
    let (outer, inner) = (Call::new(), Call::new());
    let within = inner.clone();
    outer.in_first_poll(move |_| block_on(within));
    let blocked = outer.start("blocked");
    quiesce();
    outer.waker(0).wake();
    quiesce();
    expect_eq!(inner.polls(), 1, "polls of the future of an inner call, after a wake for the outer one");
    inner.end();
    quiesce();
    expect_eq!(inner.polls(), 2, "polls of the future of the inner call, after its own wake");
    expect_eq!(outer.polls(), 2, "polls of the future of the outer call, which was woken while the inner one waited");
    outer.end();
    blocked.finish();
}

/// A thread that is unparked without a wake does not poll.
///
/// Next: `park` may return for any reason. Go back to it until a waker has left its mark.
#[fact]
fn to_be_unparked_is_not_to_be_woken() {
    let call = Call::new();
    let (sender, receiver) = mpsc::channel();
    let theirs = call.clone();
    let blocked = actor("blocked", move || {
        sender.send(thread::current()).expect("the fact waits for it");
        block_on(theirs);
    });
    let thread = receiver.recv().expect("the actor sends its handle");
    for _ in 0..3 {
        quiesce();
        thread.unpark();
    }
    quiesce();
    expect_eq!(call.polls(), 1, "polls of a pending future, after its thread was unparked three times but never woken");
    call.end();
    blocked.finish();
}

/// A future that uses up the token of `unpark` while it is polled loses no wake by that.
///
/// Next: whether there was a wake must be written down in a place that only `block_on` and its wakers know.
#[fact]
fn a_future_that_parks_loses_no_wake() {
    let call = Call::new();
    call.in_first_poll(|waker| {
        waker.wake_by_ref();
        thread::park_timeout(Duration::ZERO);
    });
    let blocked = call.start("blocked");
    quiesce();
    expect_eq!(call.polls(), 2, "polls of a future whose first poll wakes itself and then takes the park token away");
    call.end();
    blocked.finish();
}

// ---- sleep: laziness and duration

/// A `Sleep` that nobody polls starts no thread.
///
/// Next: `sleep` only notes the duration. The timer is for the first poll.
#[fact]
fn a_sleep_that_is_not_polled_starts_nothing() {
    let threads = threads_alive();
    let naps: Vec<Sleep> = (0..10).map(|n| sleep(milliseconds(n))).collect();
    expect_eq!(threads_alive(), threads, "threads of the process after ten calls of sleep(), compared with before");
    drop(naps);
}

/// The duration is counted from the first poll.
///
/// Next: when `sleep` is called, the clock must not be read yet.
#[fact]
fn the_first_poll_starts_the_clock() {
    let nap = sleep(milliseconds(30));
    thread::sleep(milliseconds(40));
    let start = Instant::now();
    block_on(nap);
    let elapsed = start.elapsed();
    expect!(
        elapsed >= milliseconds(30),
        "the time from the first poll of sleep(30 ms), which was made 40 ms before, to its end",
        "30 ms or more",
        format!("{elapsed:?}")
    );
}

/// A `Sleep` is never ready before its time.
///
/// Next: compare the clock with the deadline in each poll, and take care where a duration is rounded.
#[fact]
fn no_sleep_ends_early() {
    for duration in [0, 1, 700, 1_300_001, 5_000_000, 12_345_678].map(Duration::from_nanos) {
        let start = Instant::now();
        block_on(sleep(duration));
        let elapsed = start.elapsed();
        expect!(
            elapsed >= duration,
            format!("the time that sleep({duration:?}) takes"),
            format!("{duration:?} or more"),
            format!("{elapsed:?}")
        );
    }
}

/// A sleep of no time is ready in its first poll, without a timer thread.
///
/// Next: ask whether the time has passed before you register anything.
#[fact]
fn a_sleep_of_no_time_is_ready_at_once() {
    let threads = threads_alive();
    let task = Task::new();
    expect!(task.poll(&mut sleep(Duration::ZERO)).is_ready(), "the first poll of sleep(0)", "ready", "pending");
    expect_eq!(threads_alive(), threads, "threads of the process after a sleep of no time, compared with before");
    expect_eq!(task.holders(), 0, "clones of the waker that are left after a sleep of no time");
}

/// A sleep whose end no clock can express stays pending and disturbs no other.
///
/// Next: `Instant + Duration` panics when it overflows; `checked_add` does not.
#[fact]
fn a_sleep_for_ever_disturbs_nobody() {
    let task = Task::new();
    let mut eternal = sleep(Duration::MAX);
    expect!(task.poll(&mut eternal).is_pending(), "the first poll of sleep(Duration::MAX)", "pending", "ready");
    block_on(sleep(milliseconds(2)));
    expect!(task.poll(&mut eternal).is_pending(), "a later poll of sleep(Duration::MAX)", "pending", "ready");
    expect_eq!(task.wakes(), 0, "wakes by sleep(Duration::MAX)");
    drop(eternal);
    expect_eq!(task.holders(), 0, "clones of the waker that are left when the Sleep has been dropped");
}

// ---- sleep: whom it wakes

/// A `Sleep` in `block_on` is polled twice: when it begins and when its time has come.
///
/// Next: one wake, when the deadline has passed: not before, and only for the sleep whose deadline it is.
#[fact]
fn a_sleep_is_polled_twice() {
    let others: Vec<_> = (1..=4).map(|n| actor("sleeping", move || polls_of(milliseconds(5 * n)))).collect();
    for other in others {
        expect_eq!(other.finish(), 2, "polls of one of four sleeps, 5 ms apart, each in a block_on of its own");
    }
}

/// The timer wakes the waker of the latest poll, once.
///
/// Next: each poll may come with another waker: replace the one that the timer keeps.
#[fact]
fn the_waker_of_the_latest_poll_is_woken() {
    let (early, late, mut nap) = loop {
        let (early, late, mut nap) = (Task::new(), Task::new(), sleep(milliseconds(30)));
        let start = Instant::now();
        let _ = early.poll(&mut nap);
        let _ = late.poll(&mut nap);
        // On a slow machine the time may have passed between the two: then it was the early one's.
        if start.elapsed() < milliseconds(30) {
            break (early, late, nap);
        }
    };
    late.woken();
    expect!(late.poll(&mut nap).is_ready(), "the poll that answers the timer's wake", "ready", "pending");
    quiesce();
    expect_eq!(late.wakes(), 1, "wakes of the task that polled last");
    expect_eq!(early.wakes(), 0, "wakes of the task that polled before");
}

/// A `Sleep` keeps the waker of its latest poll only, and that one no longer than it lives.
///
/// Next: whoever stores a waker must let go of it: when another one comes, and in `Drop`.
#[fact]
fn a_dropped_sleep_lets_go_of_its_waker() {
    let (early, late) = (Task::new(), Task::new());
    let mut nap = sleep(HOUR);
    let _ = early.poll(&mut nap);
    expect!(early.holders() > 0, "clones of its waker that the task finds, when a Sleep is pending", "1", "0");
    let _ = late.poll(&mut nap);
    expect_eq!(early.holders(), 0, "clones of the first task's waker, after another task has polled the Sleep");
    drop(nap);
    expect_eq!(late.holders(), 0, "clones of the waker that are left after sleep(1 hour) has been dropped");
}

/// When a sleep has ended, nobody keeps its waker, and the timer thread rests without a time-out.
///
/// Next: an empty timer has nothing to look at its clock for: let it wait until somebody comes.
#[fact]
fn the_timer_rests_when_nobody_sleeps() {
    let (task, nap) = pending(milliseconds(2));
    task.woken();
    quiesce();
    expect_eq!(task.holders(), 0, "clones of the waker that are left after it was woken, with the Sleep still there");
    block_on(sleep(milliseconds(2)));
    quiesce();
    expect_eq!(task.wakes(), 1, "wakes of the task that waited for the first of two sleeps");
    drop(nap);
}

// ---- The timer

/// All sleeps share one timer thread, whichever thread they are polled on.
///
/// Next: one static timer, started by whoever comes first; sleeps only leave a deadline and a waker with it.
#[fact]
fn a_hundred_sleeps_share_one_thread() {
    let threads = threads_alive();
    let naps = fifty_pending_sleeps();
    let (polled, all_polled) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let other = actor("other", move || {
        let _naps = fifty_pending_sleeps();
        polled.send(()).expect("the fact waits for it");
        ended.recv().is_err()
    });
    all_polled.recv().expect("the actor polls its sleeps");
    expect_eq!(threads_alive(), threads + 2, "threads, with one more that polls sleeps and a hundred of these pending");
    drop(end);
    other.finish();
    drop(naps);
}

/// Waiting for a sleep uses no processor time, on the waiting thread or on the timer's.
///
/// Next: both threads block: one until its waker is used, the other until the deadline.
#[fact]
fn waiting_uses_no_processor() {
    block_on(sleep(milliseconds(1)));
    let attempt = || {
        let before = cpu_time();
        block_on(sleep(milliseconds(150)));
        cpu_time() - before
    };
    // A virtual machine that stands still may count that time as used: who polls or spins does so every time.
    let used = (0..3).map(|_| attempt()).find(|used| *used < milliseconds(60)).unwrap_or_else(attempt);
    expect!(
        used < milliseconds(60),
        "processor time that all threads used during a sleep of 150 ms",
        "next to none",
        format!("{used:?}")
    );
}

/// A wake by the timer may poll, drop and create sleeps.
///
/// Next: take the waker out, let go of your lock, and only then call it.
#[fact]
fn a_wake_may_use_the_timer() {
    let (sender, receiver) = mpsc::channel();
    let mut other = sleep(HOUR);
    let _ = Task::new().poll(&mut other);
    let other = Mutex::new(Some(other));
    let waker = waker_of(move || {
        let mut fresh = sleep(milliseconds(1));
        let _ = Task::new().poll(&mut fresh);
        drop(other.lock().unwrap().take());
        let _ = sender.send(fresh);
    });
    // More than once only on a machine that is so slow that a first poll takes 2 ms.
    let nap = (0..ATTEMPTS).map(|_| sleep(milliseconds(2))).find_map(|mut nap| {
        let poll = Pin::new(&mut nap).poll(&mut Context::from_waker(&waker));
        poll.is_pending().then_some(nap)
    });
    drop(waker);
    let fresh = receiver.recv().expect("the wake creates a sleep, polls it, drops another, and returns");
    block_on(fresh);
    drop(nap);
}

/// The last clone of a waker may own sleeps: to let go of it may drop them.
///
/// Next: a waker that you replace or remove is dropped when your lock is free again, not before.
#[fact]
fn a_waker_may_own_a_sleep() {
    let owner = || {
        let mut owned = sleep(HOUR);
        let _ = Task::new().poll(&mut owned);
        let owned = Mutex::new(owned);
        waker_of(move || drop(owned.lock()))
    };
    let mut nap = sleep(HOUR);
    let _ = Pin::new(&mut nap).poll(&mut Context::from_waker(&owner()));
    // Replaces the waker, and with it drops the sleep that it owns.
    let _ = Pin::new(&mut nap).poll(&mut Context::from_waker(&owner()));
    drop(nap);
    let mut short = sleep(milliseconds(2));
    let _ = Pin::new(&mut short).poll(&mut Context::from_waker(&owner()));
    // If the timer's thread drops the sleep under its lock, it can serve no other.
    block_on(sleep(milliseconds(4)));
}

// ---- The parts that the facts are played with

/// A future under remote control; clones are the same one. Ready in the first poll after [`Call::end`].
#[derive(Clone, Default)]
struct Call(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    wakers: Vec<Waker>,
    has_ended: bool,
    in_first_poll: Option<Action>,
}

type Action = Box<dyn FnOnce(&Waker) + Send>;

impl Call {
    fn new() -> Call {
        Call::default()
    }

    /// Has an actor wait for it.
    fn start(&self, name: &str) -> harness::Actor<()> {
        let call = self.clone();
        actor(name, move || block_on(call))
    }

    fn in_first_poll(&self, action: impl FnOnce(&Waker) + Send + 'static) {
        self.0.lock().unwrap().in_first_poll = Some(Box::new(action));
    }

    fn polls(&self) -> usize {
        self.0.lock().unwrap().wakers.len()
    }

    /// The waker of the poll with this number.
    fn waker(&self, poll: usize) -> Waker {
        let waker = self.0.lock().unwrap().wakers.get(poll).cloned();
        expect!(waker.is_some(), format!("poll {} of a future", poll + 1), "it has begun", "it has not");
        waker.expect("looked at before")
    }

    /// Ready from now on, and woken if it has been polled.
    fn end(&self) {
        let waker = {
            let mut played = self.0.lock().unwrap();
            played.has_ended = true;
            played.wakers.last().cloned()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Future for Call {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (action, has_ended) = {
            let mut played = self.0.lock().unwrap();
            played.wakers.push(context.waker().clone());
            (played.in_first_poll.take(), played.has_ended)
        };
        action.into_iter().for_each(|action| action(context.waker()));
        if has_ended { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// An executor that is played by hand: it counts its wakes, and can wait for one.
struct Task {
    wakes: Arc<Wakes>,
    receiver: mpsc::Receiver<()>,
}

struct Wakes {
    count: AtomicUsize,
    sender: mpsc::Sender<()>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.count.fetch_add(1, SeqCst);
        let _ = self.sender.send(());
    }
}

impl Task {
    fn new() -> Task {
        let (sender, receiver) = mpsc::channel();
        Task { wakes: Arc::new(Wakes { count: AtomicUsize::new(0), sender }), receiver }
    }

    fn poll(&self, nap: &mut Sleep) -> Poll<()> {
        Pin::new(nap).poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.wakes))))
    }

    /// Waits for a wake.
    fn woken(&self) {
        self.receiver.recv().expect("the task keeps a sender");
    }

    fn wakes(&self) -> usize {
        self.wakes.count.load(SeqCst)
    }

    /// Clones of its waker that are alive.
    fn holders(&self) -> usize {
        Arc::strong_count(&self.wakes) - 1
    }
}

/// A waker that runs `action` whenever it is woken, and owns it.
fn waker_of(action: impl Fn() + Send + Sync + 'static) -> Waker {
    struct Run<F>(F);
    impl<F: Fn() + Send + Sync + 'static> Wake for Run<F> {
        fn wake(self: Arc<Self>) {
            (self.0)();
        }
    }
    Waker::from(Arc::new(Run(action)))
}

fn fifty_pending_sleeps() -> Vec<Sleep> {
    let task = Task::new();
    let mut naps: Vec<Sleep> = (0..50).map(|_| sleep(HOUR)).collect();
    for nap in &mut naps {
        let _ = task.poll(nap);
    }
    naps
}

/// A `Sleep` whose first poll was pending, and the task that polled it. On a slow machine the time may pass in the course
/// of that poll, which may then be ready: so there are some attempts.
fn pending(duration: Duration) -> (Task, Sleep) {
    for _ in 0..ATTEMPTS {
        let (task, mut nap) = (Task::new(), sleep(duration));
        if task.poll(&mut nap).is_pending() {
            return (task, nap);
        }
    }
    unmet(format!("the first poll of sleep({duration:?})"), "pending", "ready")
}

/// How often a `Sleep` is polled in a `block_on` of its own. The first poll may be ready on a slow machine, as above.
fn polls_of(duration: Duration) -> usize {
    let attempt = || {
        let mut polls = 0;
        let mut nap = pin!(sleep(duration));
        block_on(poll_fn(|context| {
            polls += 1;
            nap.as_mut().poll(context)
        }));
        polls
    };
    (0..ATTEMPTS).map(|_| attempt()).find(|polls| *polls != 1).unwrap_or(1)
}

const ATTEMPTS: usize = 20;

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
