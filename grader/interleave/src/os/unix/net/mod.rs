//! The stand-in for [`std::os::unix::net`]: sockets of which both ends lie in the explored program.
//!
//! They behave as Linux has them, but for their buffers, which are small ([`BUFFER`]): who relies on the size of a buffer, or
//! on a write that takes everything, is found out. A read returns what is there, a write takes what there is room for, and
//! both wait only if that is nothing. Names of listeners exist from `bind` to the end of the execution.
//!
//! There are no datagrams, and no ancillary data: what is not here does not compile.

mod backlog;
mod descriptor;
mod errors;
mod link;
mod listener;
mod name;
mod registry;
mod socket;
mod stream;

pub use link::BUFFER;
pub use listener::{Incoming, UnixListener};
pub(crate) use socket::Socket;
// An address is a value: it leads nowhere.
pub use std::os::unix::net::SocketAddr;
pub use stream::UnixStream;
