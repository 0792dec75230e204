//! The stand-in for [`std::net`]: only what Unix sockets need. There is no network under exploration.

pub use std::net::Shutdown;
