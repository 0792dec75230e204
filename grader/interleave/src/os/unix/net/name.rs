//! The name of a listener.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

/// What a listener is found by. The connections that it accepts have its name, too.
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
}

/// The address of a socket that has this name, or none.
pub(super) fn address(name: Option<&Name>) -> io::Result<SocketAddr> {
    match name {
        Some(Name::Path(path)) => SocketAddr::from_pathname(path),
        Some(Name::Abstract(name)) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(""),
    }
}
