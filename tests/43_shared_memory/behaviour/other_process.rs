//! Another process with an object of the same memory, which does what a fact tells it.

use harness::{expect, peer, peer_command};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use subject::{Guard, OwnerDied, SharedValue, TryLockError};

/// The environment variable that tells another process the number of the descriptor which it inherits.
const MEMORY: &str = "MEMORY";

/// Another process with an object of the same memory, which does as it is told. Killed and waited for when dropped.
pub(super) struct Other {
    child: Child,
    stream: UnixStream,
}

impl Other {
    pub(super) fn start(part: &str, descriptor: std::io::Result<OwnedFd>) -> Other {
        let descriptor = descriptor.expect("descriptor() succeeds");
        let (stream, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
        let number = descriptor.as_raw_fd();
        let mut command = peer_command(part);
        command.stdin(Stdio::from(OwnedFd::from(theirs))).env(MEMORY, number.to_string());
        // SAFETY: `fcntl` may be called between fork and exec.
        unsafe {
            command.pre_exec(move || match libc::fcntl(number, libc::F_SETFD, 0) {
                0 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            })
        };
        Other { child: command.spawn().expect("the system has room for one more process"), stream }
    }

    /// A puppet with the same value.
    pub(super) fn with(value: &SharedValue) -> Other {
        Other::start("puppet", value.descriptor())
    }

    pub(super) fn says(&mut self, byte: u8) {
        self.stream
            .write_all(&[byte])
            .unwrap_or_else(|error| harness::unmet("another process", "it listens", error.to_string()));
    }

    #[track_caller]
    pub(super) fn hears(&mut self) -> u8 {
        let mut byte = [0];
        let count = self.stream.read(&mut byte).unwrap_or(0);
        expect!(
            count == 1,
            "another process that uses the same memory",
            "it does what the test tells it",
            "it ended early"
        );
        byte[0]
    }

    /// Tells the puppet to lock or try (`b'l'`, `b't'`) and returns what it got.
    #[track_caller]
    pub(super) fn gets(&mut self, command: u8) -> &'static str {
        self.says(command);
        match self.hears() {
            b'g' => "a guard",
            b'd' => "OwnerDied",
            _ => "WouldBlock",
        }
    }

    /// Tells the puppet something that succeeds.
    #[track_caller]
    pub(super) fn does(&mut self, command: u8) {
        self.says(command);
        self.hears();
    }

    /// `kill -9`, and waits until it has died.
    pub(super) fn kill(mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }

    #[track_caller]
    pub(super) fn finish(mut self) {
        let status = self.child.wait().expect("a child can be waited for");
        expect!(status.success(), "another process that uses the same memory", "it ends well", status.to_string());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// The descriptor that this process has inherited.
pub(super) fn inherited() -> OwnedFd {
    let number = std::env::var(MEMORY).ok().and_then(|text| text.parse().ok()).expect("a peer has memory");
    // SAFETY: the parent left it open for this process, which asks once.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// What the puppet holds.
enum Held<'a> {
    Nothing,
    #[expect(dead_code, reason = "it is held, and that is all")]
    Guard(Guard<'a, i64>),
    Doubt(OwnerDied<'a, i64>),
}

#[peer]
fn puppet(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let mut held = Held::Nothing;
    let mut command = [0];
    while stream.read(&mut command).is_ok_and(|count| count == 1) {
        let mut answer = command[0];
        match command[0] {
            b'l' => held = value.lock().map_or_else(Held::Doubt, Held::Guard),
            b't' => match value.try_lock() {
                Ok(guard) => held = Held::Guard(guard),
                Err(TryLockError::OwnerDied(died)) => held = Held::Doubt(died),
                Err(TryLockError::WouldBlock) => {}
            },
            b'r' => {
                if let Held::Doubt(died) = std::mem::replace(&mut held, Held::Nothing) {
                    held = Held::Guard(died.recover());
                }
            }
            b'u' => held = Held::Nothing,
            b'+' => answer = value.fetch_add(1) as u8,
            // Says that it is about to wait.
            b'w' => {
                let _ = stream.write_all(b"w");
                drop(value.lock());
            }
            _ => std::process::exit(0),
        }
        if matches!(command[0], b'l' | b't') {
            answer = match held {
                Held::Nothing => b'w',
                Held::Guard(_) => b'g',
                Held::Doubt(_) => b'd',
            };
        }
        let _ = stream.write_all(&[answer]);
    }
}

/// Four processes with the same value, which begin together.
pub(super) fn four(part: &str, value: &SharedValue) -> Vec<Other> {
    let mut others: Vec<Other> = (0..4).map(|_| Other::start(part, value.descriptor())).collect();
    others.iter_mut().for_each(|other| assert_eq!(other.hears(), b'!'));
    others.iter_mut().for_each(|other| other.says(b'!'));
    others
}
