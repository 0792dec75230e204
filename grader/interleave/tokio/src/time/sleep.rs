//! [`Sleep`].

use super::instant::Instant;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The stand-in for `tokio::time::Sleep`.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    sleep: interleave::executor::Sleep,
    deadline: Instant,
    // tokio's must be pinned, so this one must be.
    _pinned: std::marker::PhantomPinned,
}

impl Sleep {
    /// As `tokio::time::Sleep::deadline`.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// As `tokio::time::Sleep::is_elapsed`.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        self.sleep.is_elapsed()
    }

    /// As `tokio::time::Sleep::reset`.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        // SAFETY: nothing is moved out, and what is inside need not be pinned.
        let this = unsafe { self.get_unchecked_mut() };
        this.deadline = deadline;
        this.sleep.reset(deadline.as_deadline());
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // SAFETY: as above.
        let this = unsafe { self.get_unchecked_mut() };
        Pin::new(&mut this.sleep).poll(context)
    }
}

/// As `tokio::time::sleep`.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::after(duration))
}

/// As `tokio::time::sleep_until`.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let sleep = interleave::executor::sleep_until(deadline.as_deadline());
    Sleep { sleep, deadline, _pinned: std::marker::PhantomPinned }
}
