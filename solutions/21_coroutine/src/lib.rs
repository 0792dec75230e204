//! What an event loop is made of: something that runs a coroutine, and a coroutine that waits for a time.
//!
//! The two know nothing of each other. [`block_on`] runs any future, whoever wakes it; a [`Sleep`] wakes whoever polls
//! it. All that passes between them is a [`Waker`].
//!
//! ```
//! use solution_coroutine::{block_on, sleep};
//! use std::time::Duration;
//!
//! async fn greet(name: &str) -> String {
//!     sleep(Duration::from_millis(2)).await;
//!     format!("hello, {name}")
//! }
//!
//! let coroutine = greet("you"); // runs nothing
//! assert_eq!(block_on(coroutine), "hello, you");
//! ```

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a future on the calling thread until it is ready and returns its output. While the future waits, so does the
/// thread: it polls again when it has been woken, and not otherwise.
///
/// # Panics
/// If the future does, with the same payload.
///
/// # Examples
/// ```
/// use solution_coroutine::block_on;
/// use std::task::Poll;
///
/// let mut polls = 0;
/// let twice = std::future::poll_fn(|context| {
///     polls += 1;
///     if polls == 2 {
///         return Poll::Ready("done");
///     }
///     let waker = context.waker().clone();
///     std::thread::spawn(move || waker.wake());
///     Poll::Pending
/// });
/// assert_eq!(block_on(twice), "done");
/// assert_eq!(polls, 2);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let signal = Arc::new(Signal::default());
    let waker = Waker::from(Arc::clone(&signal));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        signal.wait();
    }
}

/// What the wakers of one call of [`block_on`] share: each call has its own, so that calls on the same thread, one inside
/// another or one after another, never take each other's wakes. Wakers that outlive the call set a flag that nobody reads.
#[derive(Default)]
struct Signal {
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Signal {
    /// Returns once the signal has been given since the last return, at once if that has happened already.
    fn wait(&self) {
        let mut woken = self.woken.lock().expect(UNBROKEN);
        while !*woken {
            woken = self.bell.wait(woken).expect(UNBROKEN);
        }
        *woken = false;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        *self.woken.lock().expect(UNBROKEN) = true;
        self.bell.notify_one();
    }
}

/// A future that is ready when `duration` has passed since it was *first polled*. Until then nothing happens: no thread
/// starts and no clock runs.
///
/// Any executor can wait for it. A duration whose end the clock cannot express never ends.
///
/// # Panics
/// The first poll panics if the system refuses the timer its thread.
///
/// # Examples
/// ```
/// use solution_coroutine::{block_on, sleep};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// block_on(sleep(Duration::from_millis(5)));
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration, end: None, number: None }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    duration: Duration,
    /// Set by the first poll: it starts the clock.
    end: Option<Instant>,
    /// Set by the first poll that has to leave a waker with the timer.
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let Some(end) = self.end.or_else(|| now.checked_add(self.duration)) else { return Poll::Pending };
        self.end = Some(end);
        if now >= end {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| TIMER.numbers.fetch_add(1, Ordering::Relaxed));
        TIMER.set((end, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let (Some(end), Some(number)) = (self.end, self.number) {
            TIMER.remove((end, number));
        }
    }
}

/// The one timer of the process. Whoever needs it first starts its thread.
static TIMER: LazyLock<Timer> = LazyLock::new(|| {
    let thread = thread::Builder::new().name("timer".into());
    thread.spawn(|| TIMER.run()).expect("the system has room for the timer's thread");
    Timer::default()
});

/// Wakes tasks in time, with one thread for all sleeps.
#[derive(Default)]
struct Timer {
    /// Whom to wake when. One lock around it all, never held while a waker is called or dropped.
    agenda: Mutex<BTreeMap<Entry, Waker>>,
    /// Rung when there is a new earliest deadline.
    bell: Condvar,
    numbers: AtomicU64,
}

/// A deadline, and a number that tells sleeps with the same deadline apart.
type Entry = (Instant, u64);

impl Timer {
    /// Has `waker` called at the deadline of `entry`. Returns the one that it replaces.
    ///
    /// Wakers leave the agenda by being returned, so that they are dropped when the lock is free: what the destructor
    /// of a waker does (drop another sleep, say) is not ours to know.
    fn set(&self, entry: Entry, waker: Waker) -> Option<Waker> {
        let mut agenda = self.agenda();
        let replaced = agenda.insert(entry, waker);
        if agenda.first_key_value().is_some_and(|(first, _)| *first == entry) {
            self.bell.notify_one();
        }
        replaced
    }

    /// Takes the waker of `entry` back, if it has not been called.
    fn remove(&self, entry: Entry) -> Option<Waker> {
        self.agenda().remove(&entry)
    }

    /// The life of the timer's thread.
    fn run(&self) {
        let mut agenda = self.agenda();
        loop {
            let now = Instant::now();
            agenda = match agenda.first_entry() {
                None => self.bell.wait(agenda).expect(UNBROKEN),
                Some(first) if first.key().0 > now => {
                    let left = first.key().0 - now;
                    self.bell.wait_timeout(agenda, left).expect(UNBROKEN).0
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

    fn agenda(&self) -> MutexGuard<'_, BTreeMap<Entry, Waker>> {
        self.agenda.lock().expect(UNBROKEN)
    }
}

/// No code of others runs while one of the locks here is held.
const UNBROKEN: &str = "nothing panics under this lock";
