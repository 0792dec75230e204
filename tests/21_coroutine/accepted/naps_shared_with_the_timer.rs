//! The timer's agenda holds no wakers, but what each `Sleep` shares with the timer: its waker, and whether it is over.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    Sleep { duration, entry: None, nap: Arc::default() }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    entry: Option<Entry>,
    nap: Arc<Nap>,
}

#[derive(Default)]
struct Nap {
    is_over: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.duration.is_zero() || self.nap.is_over.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        let replaced = {
            let mut waker = self.nap.waker.lock().unwrap();
            // The timer takes the waker out before it says that the sleep is over.
            if self.entry.is_some() && waker.is_none() {
                return Poll::Ready(());
            }
            waker.replace(context.waker().clone())
        };
        drop(replaced);
        if self.entry.is_none() {
            let Some(end) = Instant::now().checked_add(self.duration) else { return Poll::Pending };
            let entry = *self.entry.insert((end, NUMBER.fetch_add(1, Ordering::Relaxed)));
            TIMER.set(entry, Arc::clone(&self.nap));
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(entry) = self.entry {
            TIMER.agenda().remove(&entry);
        }
        let waker = self.nap.waker.lock().unwrap().take();
        drop(waker);
    }
}

type Entry = (Instant, u64);

static NUMBER: AtomicU64 = AtomicU64::new(0);

struct Timer {
    thread: Once,
    agenda: Mutex<BTreeMap<Entry, Arc<Nap>>>,
    bell: Condvar,
}

static TIMER: Timer = Timer { thread: Once::new(), agenda: Mutex::new(BTreeMap::new()), bell: Condvar::new() };

impl Timer {
    fn agenda(&self) -> MutexGuard<'_, BTreeMap<Entry, Arc<Nap>>> {
        self.agenda.lock().unwrap()
    }

    fn start(&'static self) {
        self.thread.call_once(|| {
            thread::Builder::new().name("timer".into()).spawn(|| self.run()).unwrap();
        });
    }

    fn set(&'static self, entry: Entry, nap: Arc<Nap>) {
        self.start();
        let mut agenda = self.agenda();
        agenda.insert(entry, nap);
        drop(agenda);
        self.bell.notify_one();
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
                    let nap = first.remove();
                    drop(agenda);
                    let waker = nap.waker.lock().unwrap().take();
                    nap.is_over.store(true, Ordering::Release);
                    waker.into_iter().for_each(Waker::wake);
                    self.agenda()
                }
            };
        }
    }
}
