//! The stand-in for [`std::hint`].

use crate::engine;

pub use std::hint::{assert_unchecked, black_box, cold_path, select_unpredictable, unreachable_unchecked};

/// As [`std::hint::spin_loop`]: the task gives way, since what it waits for is another one's doing.
#[track_caller]
pub fn spin_loop() {
    engine::yield_point("spin_loop");
}
