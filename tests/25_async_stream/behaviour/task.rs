//! What tasks that are polled by hand ask of a stream, and polls that may panic.

use harness::ManualTask;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use subject::{Stream, next};

/// Polls a `next` of the stream once, as this task, and drops it.
pub(super) fn ask<S: Stream + Unpin>(task: &ManualTask, stream: &mut S) -> Poll<Option<S::Item>> {
    task.poll(pin!(next(stream)))
}

pub(super) fn catch<T>(action: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(action))
}
