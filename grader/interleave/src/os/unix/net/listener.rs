//! [`UnixListener`].

use super::descriptor::{Descriptor, End};
use super::errors::would_block;
use super::names::{self, Name};
use super::{SocketAddr, UnixStream};
use crate::engine::{self, Clock, Object, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::path::Path;
use std::sync::Arc;

/// What descriptors of a listener refer to.
pub(crate) struct ListenerEnd {
    object: Object,
    epoch: u32,
    name: Name,
    state: UnsafeCell<State>,
}

struct State {
    descriptors: usize,
    nonblocking: bool,
    /// Connections that nobody has accepted, with what happened before they were made.
    waiting: VecDeque<(UnixStream, Clock)>,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for ListenerEnd {}
// SAFETY: as above.
unsafe impl Send for ListenerEnd {}

impl ListenerEnd {
    #[track_caller]
    fn new(name: Name) -> ListenerEnd {
        let state = State { descriptors: 0, nonblocking: false, waiting: VecDeque::new() };
        ListenerEnd { object: Object::new("listener"), epoch: engine::epoch(), name, state: UnsafeCell::new(state) }
    }

    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe { engine::with(&self.state, action) }
    }

    pub(super) fn object(&self) -> &Object {
        &self.object
    }

    pub(super) fn is_open(&self) -> bool {
        self.state(|state| state.descriptors > 0)
    }

    /// A connection that waits to be accepted.
    pub(super) fn offer(&self, stream: UnixStream) {
        let mut made = Clock::new();
        engine::release(&mut made);
        self.state(|state| state.waiting.push_back((stream, made)));
        engine::wake_all(self.object.id());
    }

    fn accept(&self, at: &'static Location<'static>) -> io::Result<UnixStream> {
        engine::point_at("accept", &self.object, at);
        loop {
            if let Some((stream, made)) = self.state(|state| state.waiting.pop_front()) {
                engine::acquire(&made);
                return Ok(stream);
            }
            if self.state(|state| state.nonblocking) {
                engine::note(|| "nobody has come".to_owned());
                return Err(would_block());
            }
            let object = Some(self.object.id());
            engine::block(Wait {
                kind: WaitKind::Other,
                operation: "accept",
                object,
                holder: None,
                deadline: None,
                at,
            });
        }
    }
}

impl End for ListenerEnd {
    fn add_descriptor(&self) {
        self.state(|state| state.descriptors += 1);
    }

    fn remove_descriptor(&self, at: &'static Location<'static>) {
        if self.epoch != engine::epoch() {
            return;
        }
        engine::point_at("drop listener", &self.object, at);
        let closed = self.state(|state| {
            state.descriptors -= 1;
            (state.descriptors == 0).then(|| std::mem::take(&mut state.waiting))
        });
        if let Some(unheard) = closed {
            names::release(&self.name);
            for (stream, _) in unheard {
                stream.0.end().refuse();
            }
        }
    }
}

/// The stand-in for [`std::os::unix::net::UnixListener`].
pub struct UnixListener(pub(crate) Descriptor<ListenerEnd>);

impl UnwindSafe for UnixListener {}
impl RefUnwindSafe for UnixListener {}

impl UnixListener {
    #[track_caller]
    fn bind_name(name: Name) -> io::Result<UnixListener> {
        let at = Location::caller();
        let end = Arc::new(ListenerEnd::new(name));
        engine::point("bind", &end.object);
        if let Err(error) = names::bind(&end.name, &end) {
            engine::note(|| "the name is taken".to_owned());
            return Err(error);
        }
        Ok(UnixListener(Descriptor::first(end, at)))
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
    /// If nobody has come, and it was told not to wait.
    #[track_caller]
    pub fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let stream = self.0.end().accept(Location::caller())?;
        // Who connects has no name.
        Ok((stream, SocketAddr::from_pathname("")?))
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
        self.0.end().name.address()
    }

    /// As [`std::os::unix::net::UnixListener::set_nonblocking`].
    ///
    /// # Errors
    /// Never.
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        self.0.end().state(|state| state.nonblocking = nonblocking);
        Ok(())
    }

    /// As [`std::os::unix::net::UnixListener::take_error`]: there is none.
    ///
    /// # Errors
    /// Never.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(None)
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
        Some(self.listener.0.end().accept(Location::caller()))
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
