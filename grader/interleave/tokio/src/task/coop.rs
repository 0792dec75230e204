//! The stand-in for `tokio::task::coop`. A task's budget is not modelled: it is never used up, but where a task asks to give way
//! if it is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

macro_rules! transparent {
    ($name:ident, $std:literal) => {
        #[doc = concat!("The stand-in for `", $std, "`: the future in it.")]
        #[derive(Debug)]
        #[must_use = "futures do nothing unless awaited"]
        pub struct $name<F>(F);

        impl<F: Future> Future for $name<F> {
            type Output = F::Output;

            fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
                // SAFETY: the future is not moved, and there is no other way to it.
                unsafe { self.map_unchecked_mut(|this| &mut this.0) }.poll(context)
            }
        }
    };
}

transparent!(Unconstrained, "tokio::task::coop::Unconstrained");
transparent!(Coop, "tokio::task::coop::Coop");

/// As `tokio::task::coop::unconstrained`.
pub fn unconstrained<F>(future: F) -> Unconstrained<F> {
    Unconstrained(future)
}

/// As `tokio::task::coop::cooperative`.
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop(future)
}

/// As `tokio::task::coop::consume_budget`, where the budget is used up: that may be so at any time.
#[track_caller]
pub fn consume_budget() -> impl Future<Output = ()> {
    interleave::executor::yield_now()
}

/// As `tokio::task::coop::has_budget_remaining`.
#[must_use]
pub fn has_budget_remaining() -> bool {
    true
}

/// The stand-in for `tokio::task::coop::RestoreOnPending`.
#[derive(Debug)]
#[must_use]
pub struct RestoreOnPending(());

impl RestoreOnPending {
    /// As `tokio::task::coop::RestoreOnPending::made_progress`.
    pub fn made_progress(&self) {}
}

/// As `tokio::task::coop::poll_proceed`.
pub fn poll_proceed(_context: &mut Context<'_>) -> Poll<RestoreOnPending> {
    Poll::Ready(RestoreOnPending(()))
}
