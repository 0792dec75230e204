//! The stand-in for `tokio::time`: virtual time, which passes only when no task can go on, as tokio's does when it is paused.

pub mod error;
mod instant;
mod interval;
mod sleep;
mod timeout;

pub use instant::Instant;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use std::time::Duration;
pub use timeout::{Timeout, timeout, timeout_at};

use std::future::Future;

/// As `tokio::time::pause`, without effect: time is virtual.
pub fn pause() {}

/// As `tokio::time::resume`, without effect: time is virtual.
pub fn resume() {}

/// As `tokio::time::advance`. Whatever is due until then comes first.
#[track_caller]
pub fn advance(duration: Duration) -> impl Future<Output = ()> {
    interleave::executor::sleep(duration)
}
