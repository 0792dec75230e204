//! Streams that are not under test: a generator of numbers, and sources written by hand.

use super::bodies::Trace;
use harness::expect;
use std::panic::panic_any;
use std::pin::Pin;
use std::task::{Context, Poll};
use subject::{Stream, generator};

/// A source of 1 and 2 that must not be asked again after its end.
#[derive(Default)]
pub(super) struct Strict(u32);

impl Stream for Strict {
    type Item = u32;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u32>> {
        self.0 += 1;
        expect!(self.0 <= 3, "a source that has said None", "it is not asked again", "it is asked again");
        Poll::Ready(Some(self.0).filter(|n| *n <= 2))
    }
}

/// A source without items, which leaves a trace when it is dropped.
pub(super) struct Ends<'a> {
    #[expect(dead_code, reason = "only its drop matters")]
    pub(super) trace: Trace<'a>,
    pub(super) panics: bool,
}

impl Stream for Ends<'_> {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u32>> {
        if self.panics {
            panic_any(42_u8);
        }
        Poll::Ready(None)
    }
}

pub(super) fn numbers(range: std::ops::RangeInclusive<u32>) -> impl Stream<Item = u32> + Unpin {
    generator(async move |y| {
        for n in range {
            y.emit(n).await;
        }
    })
}
