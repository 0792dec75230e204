//! What tasks that are polled by hand ask of a stream.

use harness::ManualTask;
use std::pin::pin;
use std::task::Poll;
use subject::{Stream, next};

/// Polls a `next` of the stream once, as this task, and drops it.
pub(super) fn ask<S: Stream + Unpin>(task: &ManualTask, stream: &mut S) -> Poll<Option<S::Item>> {
    task.poll(pin!(next(stream)))
}
