//! What an event loop is made of: something that runs a coroutine, and a coroutine that waits for a time.
//!
//! The brief is in `README.md`. The public items stay as they are; what is behind them is yours.
//!
//! ```
//! use coroutine::{block_on, sleep};
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

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Runs a future on the calling thread until it is ready and returns its output. While the future waits, so does the
/// thread: it polls again when it has been woken, and not otherwise.
///
/// # Panics
/// If the future does, with the same payload.
///
/// # Examples
/// ```
/// use coroutine::block_on;
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
    drop(future);
    todo!("poll the future; while it is pending, wait to be woken")
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
/// use coroutine::{block_on, sleep};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// block_on(sleep(Duration::from_millis(5)));
/// assert!(start.elapsed() >= Duration::from_millis(5));
/// ```
pub fn sleep(duration: Duration) -> Sleep {
    Sleep { duration }
}

/// The future that [`sleep`] returns. Once it has been dropped, it wakes nobody.
#[must_use = "futures do nothing unless they are polled"]
pub struct Sleep {
    // Yours to design, and so is `impl Drop`, if you want one.
    duration: Duration,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let _ = context;
        todo!("ready after {:?}; until then the timer keeps the waker", self.duration)
    }
}
