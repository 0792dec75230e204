//! The stand-in for [`crossbeam::channel`](https://docs.rs/crossbeam-channel).
//!
//! Which of several waiting receivers gets a message, and which of several ready operations a `select!` takes, is for the
//! schedule to say: crossbeam promises neither an order nor fairness.

mod error;
mod macros;
mod receiver;
mod select;
mod sender;
mod state;
mod timed;
mod timer;
mod wait;

pub use crate::{select, select_biased};
pub use error::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryReadyError,
    TryRecvError, TrySelectError, TrySendError,
};
pub use receiver::{IntoIter, Iter, Receiver, TryIter};
pub use select::{Select, SelectedOperation};
pub use sender::Sender;
pub use timed::{after, at, never, tick};

use state::Channel;
use std::panic::Location;
use std::sync::Arc;

/// As `crossbeam::channel::unbounded`.
#[track_caller]
#[must_use]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    pair(Channel::new(None))
}

/// As `crossbeam::channel::bounded`: with a capacity of zero, a sender and a receiver have to meet.
#[track_caller]
#[must_use]
pub fn bounded<T>(cap: usize) -> (Sender<T>, Receiver<T>) {
    pair(Channel::new(Some(cap)))
}

#[track_caller]
fn pair<T>(channel: Channel<T>) -> (Sender<T>, Receiver<T>) {
    let (channel, at) = (Arc::new(channel), Location::caller());
    (Sender::new(Arc::clone(&channel), at), Receiver::of_channel(channel, at))
}
