//! The stand-in for [`std::thread`].

mod handle;
mod scope;
mod spawn;

pub use crate::local::{AccessError, LocalKey};
pub use handle::{Thread, ThreadId, current, park, park_timeout, park_timeout_ms};
pub use scope::{Scope, ScopedJoinHandle, scope};
pub use spawn::{Builder, JoinHandle, spawn};
pub use std::thread::Result;

use crate::engine::{self, Wait, WaitKind};
use std::io;
use std::num::NonZero;
use std::panic::Location;
use std::time::Duration;

/// As [`std::thread::sleep`], in virtual time.
#[track_caller]
pub fn sleep(duration: Duration) {
    let at = Location::caller();
    if !engine::is_exploring() {
        return;
    }
    engine::yield_point("sleep");
    engine::note(|| format!("{duration:?}"));
    let deadline = crate::time::deadline(duration);
    engine::block(Wait { kind: WaitKind::Sleep, operation: "sleep", object: None, holder: None, deadline, at });
}

/// As [`std::thread::sleep_ms`].
#[track_caller]
pub fn sleep_ms(milliseconds: u32) {
    sleep(Duration::from_millis(u64::from(milliseconds)));
}

/// As [`std::thread::yield_now`].
#[track_caller]
pub fn yield_now() {
    engine::yield_point("yield_now");
}

/// As [`std::thread::panicking`].
#[must_use]
pub fn panicking() -> bool {
    engine::is_unwinding()
}

/// As [`std::thread::available_parallelism`]: two, so that code which adapts to it uses threads.
///
/// # Errors
/// Never.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    Ok(NonZero::<usize>::MIN.saturating_add(1))
}
