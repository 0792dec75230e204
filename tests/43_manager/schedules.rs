//! Stories of a server, its owner and a client or two, each told along every schedule.
//!
//! The server is the real one, on a thread of this program, over sockets in memory.

use harness::{Actor, actor, connect_to, expect, expect_eq, listen_at, note, scenario};
use std::io;
use std::os::unix::net::UnixStream;
use subject::ManagerError::{Changed, Closed, OutOfRange};
use subject::{Client, ManagerError, serve};

struct Server {
    name: String,
    owner: UnixStream,
    thread: Actor<io::Result<()>>,
}

/// A server; the name is for real sockets, which others may have, too.
fn server(name: &str) -> Server {
    let name = if cfg!(graded) { name.to_owned() } else { format!("manager-{name}-{}", std::process::id()) };
    let listener = listen_at(&name);
    let (owner, theirs) = UnixStream::pair().expect("there is room for a socket pair");
    Server { name, owner, thread: actor("server", move || serve(theirs, listener)) }
}

impl Server {
    fn client(&self) -> Client {
        Client::over(connect_to(&self.name).expect("the server can be reached"))
    }

    /// A client over the owner's connection.
    fn owner(&self) -> Client {
        Client::over(self.owner.try_clone().expect("a socket can be duplicated"))
    }

    /// The owner leaves, and the server must end.
    fn end(self) {
        let Server { owner, thread, .. } = self;
        note("the owner leaves");
        drop(owner);
        let result = thread.finish();
        expect!(result.is_ok(), "what serve returns when the owner has left", "Ok", format!("{result:?}"));
    }
}

/// Of two clients that update the same value at once, exactly one succeeds, and the other one hears what is there.
///
/// Next: from the comparison to the change nobody else may use the dictionary: one hold of the lock.
#[scenario]
fn two_clients_update_one_value() {
    let server = server("update");
    let (one, other) = (server.owner(), server.client());
    let other = actor("client", move || other.dict("d").update("key", None, 2));
    let mine = one.dict("d").update("key", None, 1);
    let outcomes = (mine, other.finish());
    let expected = [(Ok(()), Err(Changed(Some(1)))), (Err(Changed(Some(2))), Ok(()))];
    expect!(
        expected.contains(&outcomes),
        "two updates that both expect that there is nothing",
        "one is Ok, and the other one hears what the first has put there",
        format!("{outcomes:?}")
    );
    drop(one);
    server.end();
}

/// Of two clients that pop the only element at once, exactly one gets it.
///
/// Next: to look and to take is one operation: one hold of the lock.
#[scenario]
fn two_clients_pop_one_element() {
    let server = server("pop");
    let (one, other) = (server.owner(), server.client());
    expect_eq!(one.list("l").push(7), Ok(()), "a push");
    let other = actor("client", move || other.list("l").pop());
    let outcomes = (one.list("l").pop(), other.finish());
    let expected = [(Ok(7), Err(OutOfRange)), (Err(OutOfRange), Ok(7))];
    expect!(
        expected.contains(&outcomes),
        "two pops from a list with one element",
        "one gets the element, and the other one OutOfRange",
        format!("{outcomes:?}")
    );
    drop(one);
    server.end();
}

/// Two threads that use one connection at once get each the answer to their own request.
///
/// Next: the connection belongs to one thread from its request to its answer, not for each half.
#[scenario]
fn two_threads_share_one_connection() {
    let server = server("share");
    let client = server.owner();
    let dict = client.dict("d");
    let other = actor("other thread", move || dict.insert("key", 5));
    let popped = client.list("l").pop();
    expect_eq!(popped, Err(OutOfRange), "a pop from an empty list, while another thread inserts into a dictionary");
    expect_eq!(other.finish(), Ok(None), "an insert of a new key, while another thread pops from an empty list");
    drop(client);
    server.end();
}

/// Whether a result is that of a server, or of a connection that the end of the server has closed.
fn answered_or_closed(result: Result<(), ManagerError>, about: &str) {
    let fits = matches!(result, Ok(()) | Err(Closed));
    expect!(fits, about, "Ok, or Closed", format!("{result:?}"));
}

/// The server ends when its owner leaves, although a client asks just then: it is answered, or `Closed`.
///
/// Next: the thread that accepts must know that it is to end before it is woken.
#[scenario]
fn a_client_asks_as_the_owner_leaves() {
    let server = server("ask");
    let client = server.client();
    let asking = actor("client", move || client.list("l").push(1));
    server.end();
    answered_or_closed(asking.finish(), "a push, just as the owner leaves");
}

/// The server ends when its owner leaves, although a client comes just then: it is refused, closed, or answered.
///
/// Next: closing all connections must not miss the one that is just being admitted.
#[scenario]
fn a_client_comes_as_the_owner_leaves() {
    let server = server("come");
    let name = server.name.clone();
    let coming = actor("client", move || {
        let Ok(stream) = connect_to(&name) else { return Err(Closed) };
        let client = Client::over(stream);
        client.list("l").push(1)
    });
    server.end();
    answered_or_closed(coming.finish(), "a push by a client that comes just as the owner leaves");
}

/// The server ends when its owner leaves, although a client that says nothing comes and stays.
///
/// Next: who waits for a client that says nothing must be woken when the server ends, whenever that client came.
#[scenario]
fn a_silent_client_does_not_keep_the_server() {
    let server = server("silent");
    let silent = connect_to(&server.name).expect("the server can be reached");
    server.end();
    drop(silent);
}

/// The server ends when its owner leaves, although a client leaves at the same time.
///
/// Next: letting go of one connection and closing all of them happen side by side: which locks does each take, in which order?
#[scenario]
fn a_client_leaves_as_the_owner_leaves() {
    let server = server("leave");
    let client = server.client();
    let leaving = actor("client", move || drop(client));
    server.end();
    leaving.finish();
}
