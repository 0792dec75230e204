//! Tokio's paused clock, and what takes time on it.

use harness::paused_clock;
use std::time::Duration;
use tokio::time::sleep;

pub(super) fn on_paused_clock<F: Future>(future: F) -> F::Output {
    paused_clock!().block_on(future)
}

pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Until nothing more can happen: the clock only moves then.
pub(super) async fn rest() {
    sleep(ms(1)).await;
}

pub(super) async fn after<T>(milliseconds: u64, output: T) -> T {
    sleep(ms(milliseconds)).await;
    output
}
