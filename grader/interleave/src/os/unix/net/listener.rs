//! [`UnixListener`].

use super::backlog::Backlog;
use super::descriptor::{Descriptor, End};
use super::name::Name;
use super::registry;
use super::socket::Socket;
use super::stream::UnixStream;
use crate::engine;
use std::fmt;
use std::io;
use std::os::unix::net::SocketAddr;
use std::panic::Location;
use std::path::Path;
use std::sync::Arc;

impl End for Backlog {
    fn add_descriptor(&self) {
        self.count_up();
    }

    fn remove_descriptor(&self, at: &'static Location<'static>) {
        if !self.is_of_this_execution() {
            return;
        }
        engine::point_at("drop listener", self.object(), at);
        if let Some(unheard) = self.count_down() {
            registry::release(self.name());
            for stream in unheard {
                stream.end().refuse();
            }
        }
    }
}

/// The stand-in for [`std::os::unix::net::UnixListener`].
pub struct UnixListener(pub(crate) Socket);

impl UnixListener {
    #[track_caller]
    fn bind_name(name: Name) -> io::Result<UnixListener> {
        let at = Location::caller();
        let end = Arc::new(Backlog::new(name));
        engine::point("bind", end.object());
        if let Err(error) = registry::bind(end.name(), &end) {
            engine::note(|| "the name is taken".to_owned());
            return Err(error);
        }
        Ok(UnixListener(Socket::Listener(Descriptor::first(end, at))))
    }

    /// As [`std::os::unix::net::UnixListener::bind`]. The name of a file is taken to the end of the execution.
    ///
    /// # Errors
    /// If the name is taken, or cannot be one.
    #[track_caller]
    pub fn bind<P: AsRef<Path>>(path: P) -> io::Result<UnixListener> {
        UnixListener::bind_name(Name::of_path(path.as_ref())?)
    }

    /// As [`std::os::unix::net::UnixListener::bind_addr`].
    ///
    /// # Errors
    /// If the name is taken, or there is none.
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        UnixListener::bind_name(Name::of(address)?)
    }

    /// As [`std::os::unix::net::UnixListener::accept`].
    ///
    /// # Errors
    /// If nobody has come, and it was told not to wait; if it is shut down, or is the socket of a stream.
    #[track_caller]
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let stream = UnixStream(self.0.accept(Location::caller())?);
        let address = stream.peer_addr()?;
        Ok((stream, address))
    }

    /// As [`std::os::unix::net::UnixListener::try_clone`].
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<UnixListener> {
        Ok(UnixListener(self.0.duplicate()))
    }

    /// As [`std::os::unix::net::UnixListener::local_addr`].
    ///
    /// # Errors
    /// Never.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// As [`std::os::unix::net::UnixListener::set_nonblocking`].
    ///
    /// # Errors
    /// Never.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set(|settings| settings.nonblocking = nonblocking);
        Ok(())
    }

    /// As [`std::os::unix::net::UnixListener::take_error`]: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.take_error())
    }

    /// As [`std::os::unix::net::UnixListener::incoming`].
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }
}

impl fmt::Debug for UnixListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UnixListener").finish_non_exhaustive()
    }
}

/// The stand-in for [`std::os::unix::net::Incoming`].
#[derive(Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Incoming<'a> {
    listener: &'a UnixListener,
}

impl Iterator for Incoming<'_> {
    type Item = io::Result<UnixStream>;

    #[track_caller]
    fn next(&mut self) -> Option<io::Result<UnixStream>> {
        Some(self.listener.0.accept(Location::caller()).map(UnixStream))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl<'a> IntoIterator for &'a UnixListener {
    type Item = io::Result<UnixStream>;
    type IntoIter = Incoming<'a>;

    fn into_iter(self) -> Incoming<'a> {
        self.incoming()
    }
}
