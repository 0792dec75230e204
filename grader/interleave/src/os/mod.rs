//! The stand-in for [`mod@std::os`]: Unix sockets in memory, and descriptors as far as these have any.

pub mod fd;
pub mod linux;
pub mod unix;
