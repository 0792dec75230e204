//! A lock guards the sender that leads to the timer: whoever finds none starts the thread, which keeps a heap of shared naps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex};
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
    Sleep { duration, nap: None }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    nap: Option<Arc<Nap>>,
}

struct Nap {
    end: Instant,
    number: u64,
    waker: Mutex<Option<Waker>>,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let waker = Some(context.waker().clone());
        if let Some(nap) = &self.nap {
            if now >= nap.end {
                return Poll::Ready(());
            }
            let mut current = nap.waker.lock().unwrap();
            // The timer has taken the waker: the time has passed since `now`.
            if current.is_none() {
                return Poll::Ready(());
            }
            let replaced = std::mem::replace(&mut *current, waker);
            drop(current);
            drop(replaced);
            return Poll::Pending;
        }
        let Some(end) = now.checked_add(self.duration) else { return Poll::Pending };
        if end == now {
            return Poll::Ready(());
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let nap = Arc::new(Nap { end, number, waker: Mutex::new(waker) });
        register(Arc::clone(&nap));
        self.nap = Some(nap);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(nap) = &self.nap {
            let waker = nap.waker.lock().unwrap().take();
            drop(waker);
        }
    }
}

static TIMER: Mutex<Option<Sender<Arc<Nap>>>> = Mutex::new(None);

fn register(nap: Arc<Nap>) {
    let mut running = TIMER.lock().unwrap();
    let sender = running.get_or_insert_with(|| {
        let (sender, receiver) = mpsc::channel();
        thread::Builder::new().name("timer".into()).spawn(|| run(receiver)).unwrap();
        sender
    });
    let _ = sender.send(nap);
}

fn run(receiver: Receiver<Arc<Nap>>) {
    let mut naps: BinaryHeap<Reverse<Key>> = BinaryHeap::new();
    loop {
        let now = Instant::now();
        let nap = match naps.peek() {
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(Reverse(first)) if first.0.end > now => receiver.recv_timeout(first.0.end - now),
            Some(_) => {
                let waker = naps.pop().and_then(|Reverse(first)| first.0.waker.lock().unwrap().take());
                waker.into_iter().for_each(Waker::wake);
                continue;
            }
        };
        match nap {
            Ok(nap) => naps.push(Reverse(Key(nap))),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

struct Key(Arc<Nap>);

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        (self.0.end, self.0.number).cmp(&(other.0.end, other.0.number))
    }
}
