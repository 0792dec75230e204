//! The stand-in for `tokio::sync::mpsc`.

mod bounded;
mod chan;
pub mod error;
mod permit;
mod unbounded;

pub use bounded::{OwnedPermit, Receiver, Sender, WeakSender, channel};
pub use permit::{Permit, PermitIterator};
pub use unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender, unbounded_channel};
