//! caught-by: behaviour — a_hundred_sleeps_share_one_thread
//! Starts a thread for every sleep, which waits for its deadline and then wakes.

use std::pin::{Pin, pin};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a future on the calling thread until it is ready and returns its output.
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

/// A future that is ready when `duration` has passed since it was first polled.
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, shared: None }
}

/// The future that [`sleep`] returns.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    shared: Option<(Instant, Arc<Shared>)>,
}

#[derive(Default)]
struct Shared {
    waker: Mutex<Option<Waker>>,
    dropped: Condvar,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if self.shared.is_none() {
            let Some(end) = now.checked_add(self.duration) else { return Poll::Pending };
            self.shared = Some((end, Arc::default()));
            if now < end {
                let shared = Arc::clone(&self.shared.as_ref().unwrap().1);
                *shared.waker.lock().unwrap() = Some(context.waker().clone());
                thread::spawn(move || wake_at(end, &shared));
                return Poll::Pending;
            }
        }
        let (end, shared) = self.shared.as_ref().unwrap();
        if now >= *end {
            return Poll::Ready(());
        }
        let replaced = shared.waker.lock().unwrap().replace(context.waker().clone());
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some((_, shared)) = &self.shared {
            let waker = shared.waker.lock().unwrap().take();
            shared.dropped.notify_one();
            drop(waker);
        }
    }
}

fn wake_at(end: Instant, shared: &Shared) {
    let left = end - Instant::now();
    let waker = shared.waker.lock().unwrap();
    let waker = shared.dropped.wait_timeout_while(waker, left, |waker| waker.is_some()).unwrap().0.take();
    if let Some(waker) = waker {
        waker.wake();
    }
}
