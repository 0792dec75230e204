//! Wakers that come too late, that are too few, or that are not passed on.

use super::{assert_fine, assert_found};
use interleave::engine::FailureKind;
use interleave::{executor, sync, thread};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio_standin::task;
use tokio_standin::time::Duration;

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
    assert_eq!(wake.at.file(), file!());
}

fn sleep_thread() {
    thread::sleep(Duration::from_millis(1));
}
