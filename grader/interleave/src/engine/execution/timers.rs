//! Timers: who is to be woken when.

use super::{epoch, with_execution};
use crate::engine::signal::Alarm;

/// A waker that is to be called at a time.
#[derive(Clone, Copy, Debug)]
pub struct TimerId {
    key: (u64, u64),
    epoch: u32,
}

/// Has `alarm` go off when the virtual time is `deadline`, in nanoseconds.
pub(in crate::engine) fn set_alarm(deadline: u64, alarm: Alarm) -> TimerId {
    let nth = with_execution(|execution| {
        execution.timers_set += 1;
        execution.timers.insert((deadline, execution.timers_set), alarm);
        execution.timers_set
    });
    TimerId { key: (deadline, nth.unwrap_or(0)), epoch: epoch() }
}

/// Takes a timer back. Nothing happens if it has come.
pub fn cancel_timer(timer: TimerId) {
    if timer.epoch == epoch() {
        // Dropped out here: a waker that the program has made may do anything then.
        drop(with_execution(|execution| execution.timers.remove(&timer.key)));
    }
}
