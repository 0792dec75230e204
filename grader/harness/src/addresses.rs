//! Abstract Unix addresses, where the processes of a test meet: a name is enough, and no file is left behind.

use crate::explorable::os::linux::net::SocketAddrExt;
use crate::explorable::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::io;

/// A name that no other test uses, nor another run of this one.
#[cfg(not(feature = "explore"))]
pub fn unused_name(begin: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::UNIX_EPOCH.elapsed().expect("it is later than 1970").as_nanos();
    format!("{begin}-{}-{now}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Listens at the address of this name.
///
/// # Panics
/// If somebody else does, or if the name is too long.
#[track_caller]
pub fn listen_at(name: &str) -> UnixListener {
    UnixListener::bind_addr(&address(name)).expect("nobody else uses this address")
}

/// Connects to whoever listens at the address of this name.
///
/// # Errors
/// If nobody does, or if the system refuses.
///
/// # Panics
/// If the name is too long.
#[track_caller]
pub fn connect_to(name: &str) -> io::Result<UnixStream> {
    UnixStream::connect_addr(&address(name))
}

fn address(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).expect("the name is short")
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_lead_to_their_listeners() {
        let names = [unused_name("spam"), unused_name("spam")];
        assert_ne!(names[0], names[1]);
        let listener = listen_at(&names[0]);
        assert!(connect_to(&names[0]).is_ok());
        assert!(connect_to(&names[1]).is_err());
        assert!(listener.accept().is_ok());
    }
}
