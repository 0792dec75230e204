//! [`Instant`].

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// As explored code sees `std`, this is what it calls `std::time::Instant`.
type Std = interleave::time::Instant;

/// The stand-in for `tokio::time::Instant`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Std);

impl Instant {
    /// As `tokio::time::Instant::now`.
    #[must_use]
    pub fn now() -> Instant {
        Instant(Std::now())
    }

    /// Now and so much later, or never.
    pub(super) fn after(duration: Duration) -> Instant {
        // What the clock of the exploration cannot tell never comes.
        let never = Duration::from_nanos(u64::MAX);
        Instant::now().checked_add(duration.min(never)).expect("the virtual time is small")
    }

    pub(super) fn as_deadline(self) -> u64 {
        self.0.as_deadline()
    }

    /// As `tokio::time::Instant::from_std`.
    #[must_use]
    pub fn from_std(std: Std) -> Instant {
        Instant(std)
    }

    /// As `tokio::time::Instant::into_std`.
    #[must_use]
    pub fn into_std(self) -> Std {
        self.0
    }

    /// As `tokio::time::Instant::duration_since`.
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// As `tokio::time::Instant::checked_duration_since`.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// As `tokio::time::Instant::saturating_duration_since`.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// As `tokio::time::Instant::elapsed`.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// As `tokio::time::Instant::checked_add`.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// As `tokio::time::Instant::checked_sub`.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl From<Std> for Instant {
    fn from(std: Std) -> Instant {
        Instant(std)
    }
}

impl From<Instant> for Std {
    fn from(instant: Instant) -> Std {
        instant.0
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant(self.0 + duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;

    fn sub(self, duration: Duration) -> Instant {
        Instant(self.0 - duration)
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        self.0 - earlier.0
    }
}
