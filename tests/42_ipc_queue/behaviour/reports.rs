//! Processes that use the queue: how they are started, how they report to the test, and that they end.

use harness::{child_processes, connect_to, expect, listen_at, peer_command, unused_name};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Stdio};
use std::time::Duration;

/// Where processes of a test report: their standard input leads to the queue.
pub(super) struct Reports {
    listener: UnixListener,
    name: String,
}

const REPORTS: &str = "IPC_QUEUE_REPORTS";

impl Reports {
    pub(super) fn new() -> Reports {
        let name = unused_name("ipc_queue-reports");
        Reports { listener: listen_at(&name), name }
    }

    /// Starts a process that plays a part, with this stream as its standard input.
    pub(super) fn start(&self, part: &str, stream: UnixStream) -> Process {
        let mut command = peer_command(part);
        let child = command.env(REPORTS, &self.name).stdin(Stdio::from(OwnedFd::from(stream))).spawn();
        Process(child.expect("the system has room for one more process"))
    }

    /// The next process that begins to report. Not blocking: a process may have ended before it came to that.
    pub(super) fn accept(&self) -> UnixStream {
        self.listener.set_nonblocking(true).expect("a socket can be set to non-blocking");
        loop {
            let lives = child_processes().iter().any(|child| !child.is_zombie);
            if let Ok((report, _)) = self.listener.accept() {
                report.set_nonblocking(false).expect("a socket can be set to blocking");
                return report;
            }
            expect!(lives, "a process that uses the queue", "it does its part", "it has ended before (a panic?)");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// In a process that `Reports` has started, directly or not: the way to the test.
pub(super) fn report() -> UnixStream {
    let name = std::env::var(REPORTS).expect("the test has said where to report");
    connect_to(&name).expect("the test listens")
}

/// A process, killed at the latest when this is dropped.
pub(super) struct Process(pub(super) Child);

impl Process {
    pub(super) fn kill(&mut self) {
        self.0.kill().expect("a child can be killed");
        self.0.wait().expect("a child can be waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
