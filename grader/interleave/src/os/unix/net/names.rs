//! The names of listeners: those of files and abstract ones. They belong to one execution.

use super::SocketAddr;
use super::UnixStream;
use super::descriptor::Descriptor;
use super::errors::{address_in_use, connection_refused, not_found};
use super::link::StreamEnd;
use super::listener::ListenerEnd;
use crate::engine;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a listener is found by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A file. It stays when nobody listens any more, and nothing can be bound to it then.
    Path(PathBuf),
    /// Not a file: it goes with its listener.
    Abstract(Vec<u8>),
}

impl Name {
    pub(super) fn of_path(path: &Path) -> io::Result<Name> {
        // Real addresses have rules about what a path may be.
        Name::of(&SocketAddr::from_pathname(path)?)
    }

    pub(super) fn of(address: &SocketAddr) -> io::Result<Name> {
        let path = address.as_pathname().map(|path| Name::Path(path.to_owned()));
        let name = path.or_else(|| address.as_abstract_name().map(|name| Name::Abstract(name.to_owned())));
        // Linux would choose one.
        name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a listener without a name cannot be explored"))
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Name::Path(path) => SocketAddr::from_pathname(path),
            Name::Abstract(name) => SocketAddr::from_abstract_name(name),
        }
    }
}

#[derive(Default)]
struct Names {
    epoch: u32,
    bound: BTreeMap<Name, Arc<ListenerEnd>>,
}

thread_local! {
    static NAMES: RefCell<Names> = RefCell::default();
}

fn with<R>(action: impl FnOnce(&mut BTreeMap<Name, Arc<ListenerEnd>>) -> R) -> R {
    let epoch = engine::epoch();
    NAMES.with_borrow_mut(|names| {
        if names.epoch != epoch {
            *names = Names { epoch, bound: BTreeMap::new() };
        }
        action(&mut names.bound)
    })
}

/// Gives a name to a listener.
///
/// # Errors
/// If it is taken.
pub(super) fn bind(name: &Name, listener: &Arc<ListenerEnd>) -> io::Result<()> {
    with(|bound| {
        if bound.contains_key(name) {
            return Err(address_in_use());
        }
        bound.insert(name.clone(), Arc::clone(listener));
        Ok(())
    })
}

/// Nobody listens there any more.
pub(super) fn release(name: &Name) {
    if matches!(name, Name::Abstract(_)) {
        with(|bound| bound.remove(name));
    }
}

fn listener(name: &Name) -> Option<Arc<ListenerEnd>> {
    with(|bound| bound.get(name).cloned())
}

/// Connects to whoever listens there.
///
/// # Errors
/// If nobody does.
#[track_caller]
pub(super) fn connect(name: &Name) -> io::Result<UnixStream> {
    let at = Location::caller();
    match listener(name) {
        Some(listener) => engine::point("connect", listener.object()),
        None => engine::point_of_task("connect"),
    }
    let Some(listener) = listener(name).filter(|listener| listener.is_open()) else {
        engine::note(|| "nobody listens".to_owned());
        let is_file = matches!(name, Name::Path(_)) && self::listener(name).is_none();
        return Err(if is_file { not_found() } else { connection_refused() });
    };
    let [ours, theirs] = StreamEnd::two().map(|end| UnixStream(Descriptor::first(end, at)));
    listener.offer(theirs);
    Ok(ours)
}
