//! A `Once` starts the timer's thread, the first poll makes the whole entry of a `Sleep`, and the bell rings for every entry,
//! not only for the earliest.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a future on the calling thread until it is ready and returns its output.
///
/// # Panics
/// If the future does, with the same payload.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(Arc::clone(&signal));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        signal.wait();
    }
}

#[derive(Default)]
struct Signal {
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Signal {
    fn wait(&self) {
        let mut woken = self.bell.wait_while(self.woken.lock().unwrap(), |woken| !*woken).unwrap();
        *woken = false;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.bell.notify_one();
    }
}

/// A future that is ready when `duration` has passed since it was *first polled*.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, entry: None }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    entry: Option<Entry>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let entry = match self.entry {
            Some(entry) => entry,
            None => {
                let Some(end) = now.checked_add(self.duration) else { return Poll::Pending };
                *self.entry.insert((end, NUMBER.fetch_add(1, Ordering::Relaxed)))
            }
        };
        if now >= entry.0 {
            return Poll::Ready(());
        }
        TIMER.set(entry, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            let waker = TIMER.agenda().remove(&entry);
            drop(waker);
        }
    }
}

type Entry = (Instant, u64);

static NUMBER: AtomicU64 = AtomicU64::new(0);

struct Timer {
    thread: Once,
    agenda: Mutex<BTreeMap<Entry, Waker>>,
    bell: Condvar,
}

static TIMER: Timer = Timer { thread: Once::new(), agenda: Mutex::new(BTreeMap::new()), bell: Condvar::new() };

impl Timer {
    fn agenda(&self) -> MutexGuard<'_, BTreeMap<Entry, Waker>> {
        self.agenda.lock().unwrap()
    }

    fn start(&'static self) {
        self.thread.call_once(|| {
            thread::Builder::new().name("timer".into()).spawn(|| self.run()).unwrap();
        });
    }

    fn set(&'static self, entry: Entry, waker: Waker) {
        self.start();
        let mut agenda = self.agenda();
        let replaced = agenda.insert(entry, waker);
        drop(agenda);
        self.bell.notify_one();
        drop(replaced);
    }

    fn run(&self) {
        let mut agenda = self.agenda();
        loop {
            let now = Instant::now();
            agenda = match agenda.first_entry() {
                None => self.bell.wait(agenda).unwrap(),
                Some(first) if first.key().0 > now => {
                    let left = first.key().0 - now;
                    self.bell.wait_timeout(agenda, left).unwrap().0
                }
                Some(first) => {
                    let waker = first.remove();
                    drop(agenda);
                    waker.wake();
                    self.agenda()
                }
            };
        }
    }
}
