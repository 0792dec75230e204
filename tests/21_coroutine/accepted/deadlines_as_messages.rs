//! `block_on` waits on a condition variable of the call's own; sleeps tell the timer thread of themselves over a channel, and
//! share a slot with it for the waker.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::pin::Pin;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Default)]
struct Alarm {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Alarm {
    fn wait(&self) {
        let mut rung = self.bell.wait_while(self.rung.lock().unwrap(), |rung| !*rung).unwrap();
        *rung = false;
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        *self.rung.lock().unwrap() = true;
        self.bell.notify_one();
    }
}

/// Runs a future on the calling thread until it is ready and returns its output.
///
/// # Panics
/// If the future does, with the same payload.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let alarm = Arc::new(Alarm::default());
    let waker: Waker = Arc::clone(&alarm).into();
    let mut context = Context::from_waker(&waker);
    let mut future = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => alarm.wait(),
        }
    }
}

/// A future that is ready when `duration` has passed since it was *first polled*.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, slot: None }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    slot: Option<Arc<Mutex<Slot>>>,
}

#[derive(Default)]
struct Slot {
    is_over: bool,
    waker: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.duration == Duration::ZERO {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        if let Some(slot) = &self.slot {
            let mut slot = slot.lock().unwrap();
            if slot.is_over {
                return Poll::Ready(());
            }
            let before = slot.waker.replace(waker);
            drop(slot);
            drop(before);
            return Poll::Pending;
        }
        let slot = Arc::new(Mutex::new(Slot { is_over: false, waker: Some(waker) }));
        if let Some(end) = Instant::now().checked_add(self.duration) {
            TIMER.send(Deadline { end, slot: Arc::clone(&slot) }).expect("the timer never ends");
        }
        self.slot = Some(slot);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            let waker = slot.lock().unwrap().waker.take();
            drop(waker);
        }
    }
}

static TIMER: LazyLock<Sender<Deadline>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || run(&receiver));
    sender
});

fn run(news: &Receiver<Deadline>) {
    let mut deadlines = BinaryHeap::new();
    loop {
        deadlines.extend(news.try_iter());
        let Some(first) = deadlines.peek() else {
            deadlines.extend(news.recv());
            continue;
        };
        let left = first.end.saturating_duration_since(Instant::now());
        if left > Duration::ZERO {
            match news.recv_timeout(left) {
                Ok(deadline) => deadlines.push(deadline),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            continue;
        }
        let Some(Deadline { slot, .. }) = deadlines.pop() else { continue };
        let waker = {
            let mut slot = slot.lock().unwrap();
            slot.is_over = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The earliest is the greatest.
struct Deadline {
    end: Instant,
    slot: Arc<Mutex<Slot>>,
}

impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> Ordering {
        other.end.cmp(&self.end)
    }
}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Deadline {}
