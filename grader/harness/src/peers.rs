//! Other processes of a test: this very test binary, started again, playing one `#[peer]`.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The environment variable that names the part which a process plays.
pub(crate) const PART: &str = "HARNESS_PEER";

/// A process that plays a `#[peer]`. Killed and reaped when dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
}

/// Starts a new process that runs the `#[peer]` called `name` of this test binary with one end of a socket pair, and
/// returns it with the other end.
///
/// # Panics
/// If the system refuses a process or a socket.
pub fn start_peer(name: &str) -> (Peer, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    let binary = std::env::current_exe().expect("a process knows its own binary");
    let child = Command::new(binary)
        .args(["--nocapture", "--test-threads=1", "--quiet", name])
        .env(PART, name)
        .env_remove(probe::wire::DESCRIPTOR)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .spawn()
        .expect("the system has room for one more process");
    (Peer { child }, ours)
}

/// Plays a part, if this process was started for it; does nothing otherwise. Used through `#[peer]`.
///
/// # Panics
/// With whatever the part panics.
pub fn peer(name: &str, part: impl FnOnce(UnixStream)) {
    if std::env::var_os(PART).is_none_or(|wanted| wanted != name) {
        return;
    }
    let stream = io::stdin().as_fd().try_clone_to_owned().expect("a peer has its stream as standard input");
    // Standard input must not keep the socket open behind the part's back: the other side waits for its end.
    // SAFETY: both numbers are plain descriptors; `/dev/null` takes the place of standard input.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        libc::dup2(null, 0);
        libc::close(null);
    }
    part(UnixStream::from(stream));
    // The part is over; what libtest would still print or run is of no interest.
    std::process::exit(0);
}

impl Peer {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as `kill -9` does.
    ///
    /// # Errors
    /// If it cannot be signalled.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    /// Waits for the process to end.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
