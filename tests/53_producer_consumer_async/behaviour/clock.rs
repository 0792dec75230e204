//! Stories on tokio's paused clock, and what a run came to.

use harness::{paused_clock, unmet};
use std::fmt::Debug;
use std::time::Duration;
use subject::{Failure, Summary};
use tokio::time::{Instant, timeout};

/// Longer than any run that does what it should.
pub(super) const LONG: Duration = Duration::from_secs(1_000_000);

pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Plays a story on a runtime with a paused clock.
pub(super) fn on_paused_clock<R>(story: impl Future<Output = R>) -> R {
    paused_clock!().block_on(story)
}

/// What a run came to, and how long it took. One that waits for nothing that will ever happen is told so.
pub(super) async fn timed<R>(run: impl Future<Output = R>) -> (R, f64) {
    let begun = Instant::now();
    match timeout(LONG, run).await {
        Ok(result) => (result, begun.elapsed().as_secs_f64()),
        Err(_) => unmet("the run, when nothing outside holds it up any more", "it ends", "it waits for ever"),
    }
}

/// The same, in one story.
pub(super) fn played<R>(run: impl Future<Output = R>) -> (R, f64) {
    on_paused_clock(timed(run))
}

pub(super) fn ok<T: Debug, E: Debug>(result: Result<Summary, Failure<T, E>>) -> Summary {
    result.unwrap_or_else(|failure| unmet("a run whose work refuses nothing", "Ok", format!("{failure:?}")))
}
