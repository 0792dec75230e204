//! The stand-in for [`std::os::fd`]: descriptors of explored sockets. They can be owned, borrowed, duplicated and made into
//! sockets again; whatever else a descriptor is good for leads out of the program, and ends the exploration.

use super::unix::net::{Socket, UnixListener, UnixStream};
use crate::engine;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

/// The number of a descriptor. Under exploration none has any.
pub type RawFd = std::os::fd::RawFd;

const NUMBERS: &str = "the number of a descriptor is asked for or used: explored sockets have none";
const REAL: &str = "a descriptor of the real process is used: under exploration there are explored sockets only";

/// The stand-in for [`std::os::fd::OwnedFd`].
pub struct OwnedFd(Socket);

/// The stand-in for [`std::os::fd::BorrowedFd`].
#[derive(Clone, Copy)]
pub struct BorrowedFd<'a>(Borrowed<'a>);

#[derive(Clone, Copy)]
enum Borrowed<'a> {
    Socket(&'a Socket),
    /// A number, or what has one.
    Real(PhantomData<&'a ()>),
}

/// The stand-in for [`std::os::fd::AsFd`].
pub trait AsFd {
    /// As [`std::os::fd::AsFd::as_fd`].
    fn as_fd(&self) -> BorrowedFd<'_>;
}

/// The stand-in for [`std::os::fd::AsRawFd`].
pub trait AsRawFd {
    /// As [`std::os::fd::AsRawFd::as_raw_fd`]. Ends the exploration.
    #[track_caller]
    fn as_raw_fd(&self) -> RawFd {
        engine::unexplorable(NUMBERS)
    }
}

/// The stand-in for [`std::os::fd::IntoRawFd`].
pub trait IntoRawFd: Sized {
    /// As [`std::os::fd::IntoRawFd::into_raw_fd`]. Ends the exploration.
    #[track_caller]
    fn into_raw_fd(self) -> RawFd {
        engine::unexplorable(NUMBERS)
    }
}

/// The stand-in for [`std::os::fd::FromRawFd`].
pub trait FromRawFd: Sized {
    /// As [`std::os::fd::FromRawFd::from_raw_fd`]. Ends the exploration.
    ///
    /// # Safety
    /// As there; nothing is done with the number here.
    #[track_caller]
    unsafe fn from_raw_fd(_number: RawFd) -> Self {
        engine::unexplorable(NUMBERS)
    }
}

impl OwnedFd {
    /// As [`std::os::fd::OwnedFd::try_clone`].
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<OwnedFd> {
        self.as_fd().try_clone_to_owned()
    }
}

impl BorrowedFd<'_> {
    /// As [`std::os::fd::BorrowedFd::borrow_raw`]. Nothing can be done with it.
    ///
    /// # Safety
    /// As there.
    #[must_use]
    pub const unsafe fn borrow_raw(_number: RawFd) -> Self {
        BorrowedFd(Borrowed::Real(PhantomData))
    }

    /// As [`std::os::fd::BorrowedFd::try_clone_to_owned`]. Ends the exploration if this is a real descriptor.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn try_clone_to_owned(&self) -> io::Result<OwnedFd> {
        Ok(OwnedFd(match self.0 {
            Borrowed::Socket(socket) => socket.duplicate(),
            Borrowed::Real(_) => engine::unexplorable(REAL),
        }))
    }
}

impl AsFd for OwnedFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd(Borrowed::Socket(&self.0))
    }
}

impl AsFd for UnixStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd(Borrowed::Socket(&self.0))
    }
}

impl AsFd for UnixListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd(Borrowed::Socket(&self.0))
    }
}

impl AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<T: AsFd + ?Sized> AsFd for $pointer {
            fn as_fd(&self) -> BorrowedFd<'_> {
                (**self).as_fd()
            }
        }
    )*};
}

pointer!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

impl<T: AsRawFd> AsRawFd for Box<T> {}
impl<T: AsRawFd> AsRawFd for Rc<T> {}
impl<T: AsRawFd> AsRawFd for Arc<T> {}
impl AsRawFd for BorrowedFd<'_> {}
impl AsRawFd for RawFd {}
impl IntoRawFd for RawFd {}
impl FromRawFd for RawFd {}

/// What has real descriptors and exists under exploration all the same.
macro_rules! real {
    ($($type:ty),*) => {$(
        impl AsRawFd for $type {}
        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                BorrowedFd(Borrowed::Real(PhantomData))
            }
        }
    )*};
}

real!(io::Stdin, io::Stdout, io::Stderr, io::StdinLock<'_>, io::StdoutLock<'_>, io::StderrLock<'_>);
real!(io::PipeReader, io::PipeWriter);

macro_rules! numbered {
    ($($type:ty),*) => {$(
        impl AsRawFd for $type {}
        impl IntoRawFd for $type {}
        impl FromRawFd for $type {}
    )*};
}

numbered!(OwnedFd, UnixStream, UnixListener);

impl From<UnixStream> for OwnedFd {
    fn from(stream: UnixStream) -> OwnedFd {
        OwnedFd(stream.0)
    }
}

impl From<UnixListener> for OwnedFd {
    fn from(listener: UnixListener) -> OwnedFd {
        OwnedFd(listener.0)
    }
}

/// What comes of a real descriptor would be one.
macro_rules! real_pipe {
    ($($pipe:ty),*) => {$(
        impl From<$pipe> for OwnedFd {
            /// Ends the exploration.
            #[track_caller]
            fn from(_: $pipe) -> OwnedFd {
                engine::unexplorable(REAL)
            }
        }
    )*};
}

real_pipe!(io::PipeReader, io::PipeWriter);

impl From<OwnedFd> for UnixStream {
    fn from(descriptor: OwnedFd) -> UnixStream {
        UnixStream(descriptor.0)
    }
}

impl From<OwnedFd> for UnixListener {
    fn from(descriptor: OwnedFd) -> UnixListener {
        UnixListener(descriptor.0)
    }
}

impl fmt::Debug for OwnedFd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OwnedFd").finish_non_exhaustive()
    }
}

impl fmt::Debug for BorrowedFd<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BorrowedFd").finish_non_exhaustive()
    }
}
