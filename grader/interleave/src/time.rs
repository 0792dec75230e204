//! The stand-in for [`std::time`]: virtual time, which passes only when no task can run.

use crate::engine;
use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

pub use std::time::{Duration, TryFromFloatSecsError};

/// The virtual time so far, plus `duration`, in nanoseconds.
pub(crate) fn after(duration: Duration) -> u64 {
    engine::now().saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// When a wait of `duration` is over; `None` if that is never.
pub(crate) fn deadline(duration: Duration) -> Option<u64> {
    Some(after(duration)).filter(|deadline| *deadline < u64::MAX)
}

/// The stand-in for [`std::time::Instant`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// As [`std::time::Instant::now`].
    #[must_use]
    pub fn now() -> Instant {
        // Not at zero, so that a moment before the beginning can be computed.
        Instant(Duration::from_secs(1_000_000) + Duration::from_nanos(engine::read_clock()))
    }

    /// In nanoseconds of virtual time.
    #[doc(hidden)]
    #[must_use]
    pub fn as_deadline(&self) -> u64 {
        let since = self.0.saturating_sub(Duration::from_secs(1_000_000));
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// As [`std::time::Instant::duration_since`].
    #[must_use]
    pub fn duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// As [`std::time::Instant::checked_duration_since`].
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Instant) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// As [`std::time::Instant::saturating_duration_since`].
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// As [`std::time::Instant::elapsed`].
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Instant::now().duration_since(*self)
    }

    /// As [`std::time::Instant::checked_add`].
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_add(duration).map(Instant)
    }

    /// As [`std::time::Instant::checked_sub`].
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant> {
        self.0.checked_sub(duration).map(Instant)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Instant({:?})", self.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        self.checked_add(duration).expect("overflow when adding duration to instant")
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
        self.checked_sub(duration).expect("overflow when subtracting duration from instant")
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
        self.duration_since(earlier)
    }
}

/// The stand-in for [`std::time::SystemTime`]: a clock that nobody sets back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime {
    /// Since the epoch.
    nanoseconds: i128,
}

/// As [`std::time::UNIX_EPOCH`].
pub const UNIX_EPOCH: SystemTime = SystemTime { nanoseconds: 0 };

/// The stand-in for [`std::time::SystemTimeError`].
#[derive(Clone, Debug)]
pub struct SystemTimeError(Duration);

impl SystemTime {
    /// As [`std::time::SystemTime::UNIX_EPOCH`].
    pub const UNIX_EPOCH: SystemTime = UNIX_EPOCH;

    /// As [`std::time::SystemTime::now`]. Every execution begins at the same moment of the year 2001.
    #[must_use]
    pub fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000_000) + Duration::from_nanos(engine::read_clock())
    }

    /// As [`std::time::SystemTime::duration_since`].
    ///
    /// # Errors
    /// If `earlier` is later.
    pub fn duration_since(&self, earlier: SystemTime) -> Result<Duration, SystemTimeError> {
        let nanoseconds = self.nanoseconds - earlier.nanoseconds;
        let magnitude = nanoseconds.unsigned_abs();
        let whole = u64::try_from(magnitude / 1_000_000_000).unwrap_or(u64::MAX);
        let duration = Duration::new(whole, (magnitude % 1_000_000_000) as u32);
        if nanoseconds >= 0 { Ok(duration) } else { Err(SystemTimeError(duration)) }
    }

    /// As [`std::time::SystemTime::elapsed`].
    ///
    /// # Errors
    /// If this moment is in the future.
    pub fn elapsed(&self) -> Result<Duration, SystemTimeError> {
        SystemTime::now().duration_since(*self)
    }

    /// The moment so far from the epoch, if the system could say it: in seconds of 64 bits.
    fn at(nanoseconds: i128) -> Option<SystemTime> {
        let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000));
        seconds.ok().map(|_| SystemTime { nanoseconds })
    }

    /// As [`std::time::SystemTime::checked_add`].
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<SystemTime> {
        SystemTime::at(self.nanoseconds + i128::try_from(duration.as_nanos()).ok()?)
    }

    /// As [`std::time::SystemTime::checked_sub`].
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<SystemTime> {
        SystemTime::at(self.nanoseconds - i128::try_from(duration.as_nanos()).ok()?)
    }
}

impl fmt::Debug for SystemTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SystemTime")
            .field("tv_sec", &self.nanoseconds.div_euclid(1_000_000_000))
            .field("tv_nsec", &self.nanoseconds.rem_euclid(1_000_000_000))
            .finish()
    }
}

impl Add<Duration> for SystemTime {
    type Output = SystemTime;

    fn add(self, duration: Duration) -> SystemTime {
        self.checked_add(duration).expect("overflow when adding duration to instant")
    }
}

impl AddAssign<Duration> for SystemTime {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for SystemTime {
    type Output = SystemTime;

    fn sub(self, duration: Duration) -> SystemTime {
        self.checked_sub(duration).expect("overflow when subtracting duration from instant")
    }
}

impl SubAssign<Duration> for SystemTime {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl SystemTimeError {
    /// As [`std::time::SystemTimeError::duration`].
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.0
    }
}

impl fmt::Display for SystemTimeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("second time provided was later than self")
    }
}

impl std::error::Error for SystemTimeError {}
