//! Other processes of a test: this very test binary, started again, playing one `#[peer]`.

use crate::line::is_graded;
use crate::page;
use probe::entries;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The environment variable that names the part which a process plays, under `cargo test`.
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
    let child = peer_command(name).stdin(Stdio::from(OwnedFd::from(theirs))).spawn();
    let child = child.expect("the system has room for one more process");
    (Peer { child }, ours)
}

/// A command that starts the `#[peer]` called `name`, for code under test that starts processes itself.
///
/// Whoever starts it has to make one end of a Unix socket its standard input: that is the stream which the peer gets. Its
/// standard output is discarded. It ends with exit code 0 when the peer returns, and with another one if it panics.
///
/// # Panics
/// If the system does not tell where this binary is.
pub fn peer_command(name: &str) -> Command {
    crate::children::adopt_orphans();
    let mut command = Command::new(binary());
    if is_graded() || page::part().is_some() {
        command.env(page::PART, entries::number(name).to_string());
    } else {
        command.args(["--nocapture", "--test-threads=1", "--quiet", name]).env(PART, name);
    }
    command.stdout(Stdio::null());
    command
}

/// The file of this program. A graded process has no `/proc` that could say so; but its name is the whole path.
pub(crate) fn binary() -> PathBuf {
    match std::env::args_os().next() {
        Some(name) if is_graded() || page::part().is_some() => name.into(),
        _ => std::env::current_exe().expect("a process knows its own binary"),
    }
}

/// Plays a part, if this process was started for it; does nothing otherwise. Used through `#[peer]` under `cargo test`.
///
/// # Panics
/// With whatever the part panics.
pub fn peer(name: &str, part: impl FnOnce(UnixStream)) {
    if std::env::var_os(PART).is_none_or(|wanted| wanted != name) {
        return;
    }
    play(part);
    // The part is over; what libtest would still print or run is of no interest.
    std::process::exit(0);
}

/// Plays a part with the stream that is this process's standard input. Used through `#[peer]` in a graded test.
///
/// # Panics
/// With whatever the part panics.
pub fn play(part: impl FnOnce(UnixStream)) {
    let stream = io::stdin().as_fd().try_clone_to_owned().expect("a peer has its stream as standard input");
    // Standard input must not keep the socket open behind the part's back: the other side waits for its end.
    // SAFETY: both numbers are plain descriptors; `/dev/null` takes the place of standard input.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        libc::dup2(null, 0);
        libc::close(null);
    }
    part(UnixStream::from(stream));
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
