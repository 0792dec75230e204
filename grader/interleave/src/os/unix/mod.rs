//! The stand-in for [`std::os::unix`].

pub mod net;
pub mod process;

pub use super::fd as io;

/// The stand-in for [`std::os::unix::prelude`].
pub mod prelude {
    pub use super::process::{CommandExt, ExitStatusExt};
    pub use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
}
