//! Channels on which the time speaks, and one on which nobody ever does.

use super::receiver::Receiver;
use super::timer::Timer;
use super::wait::Until;
use interleave::engine;
use interleave::time::{Duration, Instant};

fn instant(moment: u64) -> Instant {
    let (now, here) = (engine::now(), Instant::now());
    if moment < now { here - Duration::from_nanos(now - moment) } else { here + Duration::from_nanos(moment - now) }
}

#[track_caller]
fn timer(first: Until, every: Option<u64>) -> Receiver<Instant> {
    match first {
        Until::Deadline(due) => Receiver::of_timer(Timer::new(due, every, instant)),
        Until::Now | Until::Forever => never(),
    }
}

/// As `crossbeam::channel::after`, in virtual time.
#[track_caller]
#[must_use]
pub fn after(duration: Duration) -> Receiver<Instant> {
    timer(Until::after(duration), None)
}

/// As `crossbeam::channel::at`, in virtual time.
#[track_caller]
#[must_use]
pub fn at(when: Instant) -> Receiver<Instant> {
    timer(Until::Deadline(when.as_deadline()), None)
}

/// As `crossbeam::channel::tick`, in virtual time.
#[track_caller]
#[must_use]
pub fn tick(duration: Duration) -> Receiver<Instant> {
    timer(Until::after(duration), u64::try_from(duration.as_nanos()).ok())
}

/// As `crossbeam::channel::never`.
#[track_caller]
#[must_use]
pub const fn never<T>() -> Receiver<T> {
    Receiver::of_nothing()
}
