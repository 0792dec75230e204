//! Waiting for time to pass, and giving way.

use super::runtime::waits;
use crate::engine::{self, TimerId};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A future that is ready when its time has come. Made by [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    deadline: u64,
    timer: Option<TimerId>,
    at: &'static Location<'static>,
}

impl Sleep {
    /// When its time comes, in nanoseconds of virtual time.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        self.deadline
    }

    /// Sets another time, in nanoseconds of virtual time. It must be polled again.
    pub fn reset(&mut self, deadline: u64) {
        self.stop();
        self.deadline = deadline;
    }

    /// Whether its time has come.
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        engine::now() >= self.deadline
    }

    fn stop(&mut self) {
        if let Some(timer) = self.timer.take() {
            engine::cancel_timer(timer);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.stop();
        if self.is_elapsed() || !engine::is_exploring() {
            return Poll::Ready(());
        }
        // A time that cannot be told never comes.
        if self.deadline < u64::MAX {
            self.timer = Some(engine::set_timer(self.deadline, context.waker().clone()));
        }
        waits("sleep", None, self.at);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for `duration` of virtual time, counted from this call. Outside of an exploration no time passes.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(crate::time::after(duration))
}

/// Waits until the virtual time is `deadline`, in nanoseconds.
#[track_caller]
pub fn sleep_until(deadline: u64) -> Sleep {
    Sleep { deadline, timer: None, at: Location::caller() }
}

/// A future that is ready when polled for the second time. Made by [`yield_now`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct YieldNow {
    polled: bool,
    at: &'static Location<'static>,
}

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.polled {
            return Poll::Ready(());
        }
        self.polled = true;
        waits("yield_now", None, self.at);
        engine::wake_within(context.waker().clone(), self.at);
        Poll::Pending
    }
}

/// Gives way to other tasks once.
#[track_caller]
pub fn yield_now() -> YieldNow {
    YieldNow { polled: false, at: Location::caller() }
}
