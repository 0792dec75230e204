//! A descriptor of any socket, as the kernel sees it: streams, listeners and owned descriptors are the same in there, and differ in
//! what they offer. To ask a socket for what its kind does not do is an error, as on Linux.

use super::backlog::Backlog;
use super::descriptor::Descriptor;
use super::errors::{connection_reset, invalid, not_connected};
use super::link::{Settings, StreamEnd};
use super::name;
use crate::net::Shutdown;
use std::io;
use std::os::unix::net::SocketAddr;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// A descriptor of a socket.
pub(crate) enum Socket {
    Stream(Descriptor<StreamEnd>),
    Listener(Descriptor<Backlog>),
}

impl UnwindSafe for Socket {}
impl RefUnwindSafe for Socket {}

impl Socket {
    #[track_caller]
    pub(crate) fn duplicate(&self) -> Socket {
        match self {
            Socket::Stream(stream) => Socket::Stream(stream.duplicate()),
            Socket::Listener(listener) => Socket::Listener(listener.duplicate()),
        }
    }

    pub(super) fn accept(&self, at: &'static Location<'static>) -> io::Result<Socket> {
        match self {
            Socket::Stream(_) => Err(invalid()),
            Socket::Listener(listener) => listener.end().accept(at).map(Socket::Stream),
        }
    }

    pub(super) fn read(&self, buffer: &mut [u8], at: &'static Location<'static>) -> io::Result<usize> {
        match self {
            Socket::Stream(stream) => stream.end().read(buffer, at),
            Socket::Listener(_) => Err(invalid()),
        }
    }

    pub(super) fn write(&self, bytes: &[u8], at: &'static Location<'static>) -> io::Result<usize> {
        match self {
            Socket::Stream(stream) => stream.end().write(bytes, at),
            Socket::Listener(_) => Err(not_connected()),
        }
    }

    pub(super) fn shut_down(&self, how: Shutdown, at: &'static Location<'static>) {
        match self {
            Socket::Stream(stream) => stream.end().shut_down(how, at),
            Socket::Listener(listener) => listener.end().shut_down(how, at),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        match self {
            Socket::Stream(stream) => stream.end().settings(),
            Socket::Listener(listener) => listener.end().settings(),
        }
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) {
        match self {
            Socket::Stream(stream) => stream.end().set(change),
            Socket::Listener(listener) => listener.end().set(change),
        }
    }

    /// What has happened to it and has not been told; it is told once.
    pub(super) fn take_error(&self) -> Option<io::Error> {
        match self {
            Socket::Stream(stream) => stream.end().take_reset().then(connection_reset),
            Socket::Listener(_) => None,
        }
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Stream(stream) => name::address(stream.end().name()),
            Socket::Listener(listener) => name::address(Some(listener.end().name())),
        }
    }

    pub(super) fn peer_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Socket::Stream(stream) => name::address(stream.end().name_of_peer()),
            Socket::Listener(_) => Err(not_connected()),
        }
    }
}
