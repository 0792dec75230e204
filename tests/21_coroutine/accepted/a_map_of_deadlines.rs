//! `block_on` parks, and the timer keeps an ordered map of deadlines behind one lock.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Runs a future on the calling thread until it is ready and returns its output.
///
/// # Panics
/// If the future does, with the same payload.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let call = Arc::new(Call { woken: AtomicBool::new(false), thread: thread::current() });
    let waker = Waker::from(Arc::clone(&call));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !call.woken.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Call {
    woken: AtomicBool,
    thread: Thread,
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.swap(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// A future that is ready when `duration` has passed since it was *first polled*.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, entry: Entry::None }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    entry: Entry,
}

enum Entry {
    None,
    At(Key),
    Never,
}

type Key = (Instant, u64);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.duration.is_zero() {
            return Poll::Ready(());
        }
        let now = Instant::now();
        match self.entry {
            Entry::Never => return Poll::Pending,
            Entry::At((end, _)) if now >= end => {
                self.leave();
                return Poll::Ready(());
            }
            Entry::At(key) => {
                let waker = context.waker().clone();
                let before = timers().waiting.insert(key, waker);
                if before.is_none() {
                    // The timer has taken the entry out since the clock was read, and may wait for a later one by now.
                    EARLIER.notify_one();
                }
                drop(before);
            }
            Entry::None => match now.checked_add(self.duration) {
                None => self.entry = Entry::Never,
                Some(end) => self.entry = Entry::At(enter(end, context.waker().clone())),
            },
        }
        Poll::Pending
    }
}

impl Sleep {
    fn leave(&mut self) {
        if let Entry::At(key) = self.entry {
            let waker = timers().waiting.remove(&key);
            drop(waker);
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}

struct Timers {
    waiting: BTreeMap<Key, Waker>,
    number: u64,
    is_running: bool,
}

static TIMERS: Mutex<Timers> = Mutex::new(Timers { waiting: BTreeMap::new(), number: 0, is_running: false });
static EARLIER: Condvar = Condvar::new();

fn timers() -> MutexGuard<'static, Timers> {
    TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn enter(end: Instant, waker: Waker) -> Key {
    let mut timers = timers();
    timers.number += 1;
    let key = (end, timers.number);
    timers.waiting.insert(key, waker);
    if !timers.is_running {
        thread::Builder::new().name("timer".into()).spawn(run).expect("a thread for the timer");
        timers.is_running = true;
    } else if timers.waiting.first_key_value().is_some_and(|(first, _)| *first == key) {
        EARLIER.notify_one();
    }
    key
}

fn run() {
    let mut timers = timers();
    loop {
        let first = timers.waiting.first_key_value().map(|(key, _)| key.0);
        timers = match first.map(|end| end.saturating_duration_since(Instant::now())) {
            None => EARLIER.wait(timers).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                let due = timers.waiting.pop_first();
                drop(timers);
                if let Some((_, waker)) = due {
                    waker.wake();
                }
                self::timers()
            }
            Some(left) => EARLIER.wait_timeout(timers, left).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}
