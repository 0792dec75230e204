//! A server on a thread of this process, where it is reached, and what must come to an end.

use harness::{Actor, actor, connect_to, expect, expect_eq, listen_at, quiesce, unused_name};
use std::fmt::Debug;
use std::io;
use std::os::unix::net::UnixStream;
use subject::{Client, ManagerError, serve};

pub(super) fn new_name() -> String {
    unused_name("manager")
}

pub(super) fn connect(name: &str) -> UnixStream {
    connect_to(name).expect("the server can be reached")
}

/// A server on a thread of this process.
pub(super) struct Server {
    pub(super) name: String,
    pub(super) owner: UnixStream,
    pub(super) thread: Actor<io::Result<()>>,
}

pub(super) fn server() -> Server {
    let (name, (owner, theirs)) = (new_name(), pair());
    let listener = listen_at(&name);
    Server { name, owner, thread: actor("server", move || serve(theirs, listener)) }
}

impl Server {
    pub(super) fn connect(&self) -> UnixStream {
        connect(&self.name)
    }

    pub(super) fn client(&self) -> Client {
        Client::over(self.connect())
    }

    /// The owner leaves.
    #[track_caller]
    pub(super) fn end(self, about: &str) {
        let Server { owner, thread, .. } = self;
        drop(owner);
        let result = done(thread, about);
        expect!(result.is_ok(), about, "serve returns Ok", format!("{result:?}"));
    }
}

pub(super) fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().expect("the system has room for a socket pair")
}

/// What an actor returns, who must get to its end without anybody's help.
#[track_caller]
pub(super) fn done<T>(actor: Actor<T>, about: &str) -> T {
    quiesce();
    let finished = actor.has_finished();
    expect!(finished, about, "it comes to an end", format!("it {}, like all others", actor.standing().describe()));
    actor.finish()
}

/// What an operation returns, which must be answered whatever others do.
#[track_caller]
pub(super) fn answered<T: Send + 'static>(about: &str, operation: impl FnOnce() -> T + Send + 'static) -> T {
    done(actor("asking", operation), about)
}

#[track_caller]
pub(super) fn expect_result<T: Debug + PartialEq>(
    seen: Result<T, ManagerError>,
    expected: Result<T, ManagerError>,
    about: &str,
) {
    expect_eq!(seen, expected, about);
}
