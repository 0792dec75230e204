//! [`Interval`].

use super::instant::Instant;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The stand-in for `tokio::time::MissedTickBehavior`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedTickBehavior {
    /// Ticks that were missed come at once.
    #[default]
    Burst,
    /// The next tick comes a period after the late one.
    Delay,
    /// The next tick comes at the next multiple of the period.
    Skip,
}

/// The stand-in for `tokio::time::Interval`.
#[derive(Debug)]
pub struct Interval {
    sleep: interleave::executor::Sleep,
    next: Instant,
    period: Duration,
    behavior: MissedTickBehavior,
}

/// As `tokio::time::interval`: the first tick comes at once.
///
/// # Panics
/// If the period is zero.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// As `tokio::time::interval_at`.
///
/// # Panics
/// If the period is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(period > Duration::ZERO, "`period` must be non-zero.");
    let sleep = interleave::executor::sleep_until(start.as_deadline());
    Interval { sleep, next: start, period, behavior: MissedTickBehavior::default() }
}

/// Ticks that come this late are not late.
const PRECISION: Duration = Duration::from_millis(5);

impl Interval {
    /// As `tokio::time::Interval::tick`. Dropped half-way no tick is lost.
    #[track_caller]
    pub fn tick(&mut self) -> impl Future<Output = Instant> {
        poll_fn(|context| self.poll_tick(context))
    }

    /// As `tokio::time::Interval::poll_tick`.
    pub fn poll_tick(&mut self, context: &mut Context<'_>) -> Poll<Instant> {
        if Pin::new(&mut self.sleep).poll(context).is_pending() {
            return Poll::Pending;
        }
        let (due, now) = (self.next, Instant::now());
        let after = if now > due + PRECISION { self.after_missed(due, now) } else { due + self.period };
        self.reset_at(after);
        Poll::Ready(due)
    }

    fn after_missed(&self, due: Instant, now: Instant) -> Instant {
        match self.behavior {
            MissedTickBehavior::Burst => due + self.period,
            MissedTickBehavior::Delay => now + self.period,
            MissedTickBehavior::Skip => {
                let late = (now - due).as_nanos() % self.period.as_nanos();
                now + self.period - Duration::from_nanos(u64::try_from(late).unwrap_or(u64::MAX))
            }
        }
    }

    /// As `tokio::time::Interval::reset`.
    pub fn reset(&mut self) {
        self.reset_at(Instant::now() + self.period);
    }

    /// As `tokio::time::Interval::reset_immediately`.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// As `tokio::time::Interval::reset_after`.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now() + after);
    }

    /// As `tokio::time::Interval::reset_at`.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.next = deadline;
        self.sleep.reset(deadline.as_deadline());
    }

    /// As `tokio::time::Interval::period`.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// As `tokio::time::Interval::missed_tick_behavior`.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.behavior
    }

    /// As `tokio::time::Interval::set_missed_tick_behavior`.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.behavior = behavior;
    }
}
