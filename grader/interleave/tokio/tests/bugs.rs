//! Programs with a planted mistake, which must be found, and the same without it, which must not.

use interleave::engine::{Exploration, FailureKind, Limits, Phase, Plan, explore};
use interleave::{executor, sync, thread};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio_standin::runtime::Builder;
use tokio_standin::sync::{Mutex, Notify, OnceCell, mpsc, oneshot};
use tokio_standin::time::{Duration, sleep, timeout};
use tokio_standin::{select, task};

fn explored(body: impl Fn() + 'static) -> Exploration {
    explore(&Plan::usual(300, 300_000, Limits::default()), body)
}

#[track_caller]
fn assert_found(kinds: &[FailureKind], body: impl Fn() + 'static) -> Exploration {
    let exploration = explored(body);
    let found = exploration.found.as_ref().expect("the mistake is found");
    assert!(kinds.contains(&found.failure.kind), "{:#?}", found.failure);
    assert!(found.reproduced, "{found:#?}");
    exploration
}

#[track_caller]
fn assert_fine(body: impl Fn() + 'static) {
    let exploration = explored(body);
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
    assert!(exploration.schedules > 2);
}

/// A flag that tasks wait for. How it is waited for is what the tests differ in.
#[derive(Default)]
struct Flag {
    set: sync::Mutex<bool>,
    wakers: sync::Mutex<Vec<Waker>>,
}

impl Flag {
    fn set(&self) {
        *self.set.lock().unwrap() = true;
        let wakers = std::mem::take(&mut *self.wakers.lock().unwrap());
        wakers.into_iter().for_each(Waker::wake);
    }

    fn is_set(&self) -> bool {
        *self.set.lock().unwrap()
    }
}

#[test]
fn a_waker_registered_after_the_check_is_lost() {
    let exploration = assert_found(&[FailureKind::LostWakeup], || {
        let flag = Arc::new(Flag::default());
        let theirs = Arc::clone(&flag);
        let setter = thread::spawn(move || theirs.set());
        executor::block_on(poll_fn(|context| {
            if flag.is_set() {
                return Poll::Ready(());
            }
            flag.wakers.lock().unwrap().push(context.waker().clone());
            Poll::Pending
        }));
        setter.join().unwrap();
    });
    let found = exploration.found.unwrap();
    assert_eq!(found.preemptions, 1, "{found:#?}");
    assert!(found.failure.stuck.iter().any(|stuck| stuck.missed));
}

#[test]
fn a_waker_registered_before_the_check_is_not_lost() {
    assert_fine(|| {
        let flag = Arc::new(Flag::default());
        let theirs = Arc::clone(&flag);
        let setter = thread::spawn(move || theirs.set());
        executor::block_on(poll_fn(|context| {
            flag.wakers.lock().unwrap().push(context.waker().clone());
            if flag.is_set() { Poll::Ready(()) } else { Poll::Pending }
        }));
        setter.join().unwrap();
    });
}

/// Waits for the flag; `keep` says how many wakers are kept.
async fn wait(flag: Arc<Flag>, keep: usize) {
    poll_fn(|context: &mut Context<'_>| {
        let mut wakers = flag.wakers.lock().unwrap();
        if wakers.len() == keep {
            wakers.pop();
        }
        wakers.push(context.waker().clone());
        drop(wakers);
        if flag.is_set() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn two_waiters(keep: usize) {
    executor::block_on(async {
        let flag = Arc::new(Flag::default());
        let waiters = [1, 2].map(|_| task::spawn(wait(Arc::clone(&flag), keep)));
        flag.set();
        for waiter in waiters {
            waiter.await.unwrap();
        }
    });
}

#[test]
fn two_waiters_need_two_wakers() {
    assert_found(&[FailureKind::LostWakeup], || two_waiters(1));
    assert_fine(|| two_waiters(2));
}

/// A hand-made event for one at a time: the first in the queue gets the token.
#[derive(Default)]
struct Event(sync::Mutex<Queue>);

#[derive(Default)]
struct Queue {
    tokens: u32,
    next: u32,
    waiting: Vec<(u32, Option<Waker>)>,
}

impl Event {
    fn signal(&self) {
        let mut queue = self.0.lock().unwrap();
        queue.tokens += 1;
        Event::wake_first(queue);
    }

    fn wake_first(mut queue: sync::MutexGuard<'_, Queue>) {
        let first = queue.waiting.iter_mut().find_map(|(_, waker)| waker.take());
        drop(queue);
        if let Some(waker) = first {
            waker.wake();
        }
    }
}

struct Wait {
    event: Arc<Event>,
    number: Option<u32>,
    passes_on: bool,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let event = Arc::clone(&self.event);
        let mut queue = event.0.lock().unwrap();
        if queue.tokens > 0 {
            queue.tokens -= 1;
            let number = self.number.take();
            queue.waiting.retain(|(other, _)| Some(*other) != number);
            return Poll::Ready(());
        }
        let waker = Some(context.waker().clone());
        let number = self.number.unwrap_or(queue.next);
        match queue.waiting.iter_mut().find(|(other, _)| *other == number) {
            Some((_, place)) => *place = waker,
            None => {
                queue.next += 1;
                queue.waiting.push((number, waker));
            }
        }
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut queue = self.event.0.lock().unwrap();
        let woken = queue.waiting.iter().any(|(other, waker)| *other == number && waker.is_none());
        queue.waiting.retain(|(other, _)| *other != number);
        if woken && self.passes_on && queue.tokens > 0 {
            Event::wake_first(queue);
        }
    }
}

fn one_gives_up(passes_on: bool) {
    executor::block_on(async move {
        let event = Arc::new(Event::default());
        let wait = |event: &Arc<Event>| Wait { event: Arc::clone(event), number: None, passes_on };
        let impatient = task::spawn(wait(&event));
        let patient = task::spawn(wait(&event));
        let other = Arc::clone(&event);
        let signals = task::spawn(async move { other.signal() });
        impatient.abort();
        signals.await.unwrap();
        if impatient.await.is_ok() {
            // It was quicker, and took the token.
            event.signal();
        }
        patient.await.unwrap();
    });
}

#[test]
fn a_waiter_that_gives_up_passes_its_wake_on() {
    assert_found(&[FailureKind::LostWakeup], || one_gives_up(false));
    assert_fine(|| one_gives_up(true));
}

#[test]
fn a_std_guard_held_across_an_await_blocks_the_thread_of_all_tasks() {
    let exploration = assert_found(&[FailureKind::Deadlock], || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let value = Arc::new(sync::Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                // Through `executor`, for such a future is not `Send`.
                executor::spawn(None, async move {
                    let mut guard = value.lock().unwrap();
                    sleep(Duration::from_millis(1)).await;
                    *guard += 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    assert_eq!(exploration.schedules, 1, "every schedule has it");
}

#[test]
fn an_asynchronous_guard_held_across_an_await_does_not() {
    assert_fine(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let value = Arc::new(Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                task::spawn(async move {
                    let mut guard = value.lock().await;
                    sleep(Duration::from_millis(1)).await;
                    *guard += 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*value.lock().await, 2);
        });
    });
}

/// Forwards what it receives, and counts.
async fn received(safely: bool) -> usize {
    let (sender, mut receiver) = mpsc::channel(4);
    let (stop, mut stopped) = oneshot::channel::<()>();
    let source = task::spawn(async move {
        for number in 0..2 {
            sender.send(number).await.unwrap();
        }
    });
    let stopper = task::spawn(async move { drop(stop) });
    let (mut count, mut stopping) = (0, false);
    loop {
        let next = async {
            let message = receiver.recv().await;
            if !safely && message.is_some() {
                // Whoever is dropped here has taken a message, and loses it.
                task::yield_now().await;
            }
            message
        };
        select! {
            message = next => match message {
                Some(_) => count += 1,
                None => break,
            },
            _ = &mut stopped, if !stopping => stopping = true,
        }
    }
    source.await.unwrap();
    stopper.await.unwrap();
    count
}

#[test]
fn a_branch_that_is_not_cancel_safe_loses_a_message() {
    assert_found(&[FailureKind::Panic], || assert_eq!(executor::block_on(received(false)), 2));
    assert_fine(|| assert_eq!(executor::block_on(received(true)), 2));
}

#[test]
fn without_bias_each_branch_of_select_comes_first_once() {
    for unlikely in [1, 2, 3] {
        assert_found(&[FailureKind::Panic], move || {
            let first = executor::block_on(async {
                select! {
                    value = async { 1 } => value,
                    value = async { 2 } => value,
                    value = async { 3 } => value,
                }
            });
            assert_ne!(first, unlikely);
        });
    }
}

#[test]
fn a_task_that_waits_at_the_end_is_a_leak() {
    let leaves = || {
        executor::block_on(async {
            let notify = Arc::new(Notify::new());
            let theirs = Arc::clone(&notify);
            task::spawn(async move { theirs.notified().await });
            task::yield_now().await;
        });
    };
    let exploration = assert_found(&[FailureKind::Leak], leaves);
    let stuck = &exploration.found.unwrap().failure.stuck;
    assert_eq!(stuck[0].wait.operation, "notified", "{stuck:#?}");
    let limits = Limits { leftovers: true, ..Limits::default() };
    assert!(explore(&Plan::usual(20, 10_000, limits), leaves).found.is_none());
    // A runtime that is dropped takes its tasks along.
    assert_fine(|| {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.spawn(std::future::pending::<()>());
        runtime.block_on(task::yield_now());
    });
}

#[test]
fn a_static_is_as_new_in_each_execution() {
    static LOCK: Mutex<()> = Mutex::const_new(());
    static CELL: OnceCell<u32> = OnceCell::const_new();
    static PERMIT: Notify = Notify::const_new();
    // Ends with the lock held, the cell set and a permit left.
    assert_found(&[FailureKind::Deadlock], || {
        executor::block_on(async {
            let _guard = LOCK.lock().await;
            assert_eq!(CELL.set(1), Ok(()));
            PERMIT.notify_one();
            std::future::pending::<()>().await;
        });
    });
    assert_fine(|| {
        let other = thread::spawn(|| executor::block_on(async { drop(LOCK.lock().await) }));
        executor::block_on(async {
            drop(LOCK.lock().await);
            assert_eq!(CELL.get_or_init(|| async { 2 }).await, &2);
            assert!(timeout(Duration::from_millis(1), PERMIT.notified()).await.is_err());
        });
        other.join().unwrap();
    });
}

#[test]
fn tasks_of_one_thread_change_only_where_they_await() {
    fn counted(runtime: &tokio_standin::runtime::Runtime) -> u32 {
        runtime.block_on(async {
            let value = Arc::new(sync::Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                task::spawn(async move {
                    let read = *value.lock().unwrap();
                    *value.lock().unwrap() = read + 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            *value.lock().unwrap()
        })
    }
    assert_fine(|| assert_eq!(counted(&Builder::new_current_thread().build().unwrap()), 2));
    assert_found(&[FailureKind::Panic], || assert_eq!(counted(&Builder::new_multi_thread().build().unwrap()), 2));
}

/// A waker of the program's own making, around another one.
struct Wrapped(Waker, sync::Mutex<u32>);

impl std::task::Wake for Wrapped {
    fn wake(self: Arc<Self>) {
        *self.1.lock().unwrap() += 1;
        self.0.wake_by_ref();
    }
}

#[test]
fn a_timer_calls_a_waker_of_the_programs_own_making() {
    // Who is polled for no reason just when the time has come needs no waker.
    let mut plan = Plan::usual(300, 300_000, Limits::default());
    plan.phases.retain(|phase| !matches!(phase, Phase::Spurious { .. }));
    let exploration = explore(&plan, || {
        let woken = executor::block_on(async {
            let mut sleep = Box::pin(sleep(Duration::from_secs(1)));
            let mut wrapped = None;
            poll_fn(|context| {
                let wrapped =
                    wrapped.get_or_insert_with(|| Arc::new(Wrapped(context.waker().clone(), sync::Mutex::new(0))));
                sleep.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(wrapped))))
            })
            .await;
            *wrapped.unwrap().1.lock().unwrap()
        });
        assert_eq!(woken, 1);
    });
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}

/// Polls a future by hand on a thread, which parks meanwhile: what an executor of a learner's own does.
struct Unpark(thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn poll_by_hand<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn an_executor_of_the_programs_own_making_works() {
    assert_fine(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = thread::spawn(move || {
            poll_by_hand(async {
                sleep(Duration::from_millis(2)).await;
                sender.send(5).await.unwrap();
            });
        });
        let received = poll_by_hand(async {
            assert!(timeout(Duration::from_millis(1), receiver.recv()).await.is_err());
            receiver.recv().await
        });
        assert_eq!(received, Some(5));
        other.join().unwrap();
    });
}

#[test]
fn a_wake_is_recorded_with_who_is_woken() {
    let exploration = assert_found(&[FailureKind::Panic], || {
        let flag = Arc::new(Flag::default());
        let theirs = Arc::clone(&flag);
        let waiter = thread::Builder::new().name("waiter".into());
        let waiter = waiter.spawn(move || executor::block_on(wait(theirs, 9))).unwrap();
        sleep_thread();
        flag.set();
        waiter.join().unwrap();
        panic!("planted");
    });
    let events = exploration.found.unwrap().recording.events;
    let wake = events.iter().find(|event| event.operation == "wake").expect("a wake is recorded");
    assert_eq!((wake.detail.as_str(), wake.task.0), ("waiter", 0), "{wake:#?}");
    assert!(wake.at.file().ends_with("bugs.rs"));
}

fn sleep_thread() {
    thread::sleep(Duration::from_millis(1));
}

/// A flag and a `Notify` that rings for all who wait. The one who waits looks first, or listens first.
fn looks_and_listens(listens_first: bool) {
    let shared = Arc::new((sync::Mutex::new(false), Notify::new()));
    let theirs = Arc::clone(&shared);
    let setter = thread::spawn(move || {
        *theirs.0.lock().unwrap() = true;
        theirs.1.notify_waiters();
    });
    executor::block_on(async {
        let early = listens_first.then(|| shared.1.notified());
        if !*shared.0.lock().unwrap() {
            match early {
                Some(early) => early.await,
                None => shared.1.notified().await,
            }
        }
    });
    setter.join().unwrap();
}

#[test]
fn a_ring_for_all_between_the_look_and_the_listening_is_lost() {
    assert_found(&[FailureKind::LostWakeup, FailureKind::Deadlock], || looks_and_listens(false));
}

#[test]
fn a_ring_for_all_after_the_listening_is_not_lost() {
    assert_fine(|| looks_and_listens(true));
}
