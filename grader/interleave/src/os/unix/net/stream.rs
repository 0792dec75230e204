//! [`UnixStream`].

use super::descriptor::Descriptor;
use super::link::{BUFFER, StreamEnd};
use super::name::Name;
use super::registry;
use super::socket::Socket;
use crate::net::Shutdown;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::SocketAddr;
use std::panic::Location;
use std::path::Path;
use std::time::Duration;

/// The stand-in for [`std::os::unix::net::UnixStream`]. Its clones are descriptors of one end, which is closed with the last of
/// them.
pub struct UnixStream(pub(crate) Socket);

impl UnixStream {
    /// As [`std::os::unix::net::UnixStream::pair`].
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let at = Location::caller();
        let [first, second] = StreamEnd::two(None).map(|end| UnixStream(Socket::Stream(Descriptor::first(end, at))));
        Ok((first, second))
    }

    /// As [`std::os::unix::net::UnixStream::connect`]. It never waits: there is always room for one more connection.
    ///
    /// # Errors
    /// If nobody has bound the name, or who has does not listen any more.
    #[track_caller]
    pub fn connect<P: AsRef<Path>>(path: P) -> io::Result<UnixStream> {
        registry::connect(&Name::of_path(path.as_ref())?).map(Socket::Stream).map(UnixStream)
    }

    /// As [`std::os::unix::net::UnixStream::connect_addr`].
    ///
    /// # Errors
    /// If nobody has bound the name, or who has does not listen any more.
    #[track_caller]
    pub fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        registry::connect(&Name::of(address)?).map(Socket::Stream).map(UnixStream)
    }

    /// As [`std::os::unix::net::UnixStream::try_clone`].
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn try_clone(&self) -> io::Result<UnixStream> {
        Ok(UnixStream(self.0.duplicate()))
    }

    /// As [`std::os::unix::net::UnixStream::local_addr`].
    ///
    /// # Errors
    /// Never.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// As [`std::os::unix::net::UnixStream::peer_addr`].
    ///
    /// # Errors
    /// If this is the socket of a listener.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }

    /// As [`std::os::unix::net::UnixStream::shutdown`]. Where this is the socket of a listener, nobody connects to it any more, and
    /// who waits in `accept` is told so.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shut_down(how, Location::caller());
        Ok(())
    }

    /// As [`std::os::unix::net::UnixStream::set_nonblocking`].
    ///
    /// # Errors
    /// Never.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.set(|settings| settings.nonblocking = nonblocking);
        Ok(())
    }

    /// As [`std::os::unix::net::UnixStream::set_read_timeout`], in virtual time.
    ///
    /// # Errors
    /// If the time is none at all.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = some_time(timeout)?;
        self.0.set(|settings| settings.read_timeout = timeout);
        Ok(())
    }

    /// As [`std::os::unix::net::UnixStream::set_write_timeout`], in virtual time.
    ///
    /// # Errors
    /// If the time is none at all.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = some_time(timeout)?;
        self.0.set(|settings| settings.write_timeout = timeout);
        Ok(())
    }

    /// As [`std::os::unix::net::UnixStream::read_timeout`].
    ///
    /// # Errors
    /// Never.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.settings().read_timeout)
    }

    /// As [`std::os::unix::net::UnixStream::write_timeout`].
    ///
    /// # Errors
    /// Never.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.settings().write_timeout)
    }

    /// As [`std::os::unix::net::UnixStream::take_error`].
    ///
    /// # Errors
    /// Never.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.0.take_error())
    }
}

/// A time-out that `std` accepts.
fn some_time(timeout: Option<Duration>) -> io::Result<Option<Duration>> {
    match timeout {
        Some(Duration::ZERO) => Err(io::Error::new(io::ErrorKind::InvalidInput, "cannot set a 0 duration timeout")),
        timeout => Ok(timeout),
    }
}

// What `std` builds on one read or write is written out here, so that each of them has its place in the program.
macro_rules! stream {
    ($stream:ty) => {
        impl Read for $stream {
            #[track_caller]
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer, Location::caller())
            }

            #[track_caller]
            fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
                let at = Location::caller();
                let mut filled = 0;
                while filled < buffer.len() {
                    match self.0.read(&mut buffer[filled..], at)? {
                        0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "failed to fill whole buffer")),
                        count => filled += count,
                    }
                }
                Ok(())
            }

            #[track_caller]
            fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
                let at = Location::caller();
                let before = buffer.len();
                let mut part = [0; BUFFER];
                loop {
                    match self.0.read(&mut part, at)? {
                        0 => return Ok(buffer.len() - before),
                        count => buffer.extend_from_slice(&part[..count]),
                    }
                }
            }
        }

        impl Write for $stream {
            #[track_caller]
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.write(bytes, Location::caller())
            }

            #[track_caller]
            fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
                self.0.write(&bytes, Location::caller())
            }

            #[track_caller]
            fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
                let at = Location::caller();
                while !bytes.is_empty() {
                    let count = self.0.write(bytes, at)?;
                    bytes = &bytes[count..];
                }
                Ok(())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    };
}

stream!(UnixStream);
stream!(&UnixStream);

impl fmt::Debug for UnixStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("UnixStream").finish_non_exhaustive()
    }
}
