//! The errors of sockets, by the numbers that Linux gives them: they say the same as those of real sockets.

use std::io;

/// `ENOENT`.
pub(super) fn not_found() -> io::Error {
    io::Error::from_raw_os_error(2)
}

/// `EAGAIN`.
pub(super) fn would_block() -> io::Error {
    io::Error::from_raw_os_error(11)
}

/// `EINVAL`.
pub(super) fn invalid() -> io::Error {
    io::Error::from_raw_os_error(22)
}

/// `EPIPE`.
pub(super) fn broken_pipe() -> io::Error {
    io::Error::from_raw_os_error(32)
}

/// `EADDRINUSE`.
pub(super) fn address_in_use() -> io::Error {
    io::Error::from_raw_os_error(98)
}

/// `ECONNRESET`.
pub(super) fn connection_reset() -> io::Error {
    io::Error::from_raw_os_error(104)
}

/// `ENOTCONN`.
pub(super) fn not_connected() -> io::Error {
    io::Error::from_raw_os_error(107)
}

/// `ECONNREFUSED`.
pub(super) fn connection_refused() -> io::Error {
    io::Error::from_raw_os_error(111)
}
