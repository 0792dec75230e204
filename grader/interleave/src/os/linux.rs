//! The stand-in for [`std::os::linux`]: the abstract names of sockets.

/// The stand-in for [`std::os::linux::net`].
pub mod net {
    pub use std::os::linux::net::SocketAddrExt;
}
