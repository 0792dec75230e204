//! The end of the server: when its owner leaves or talks nonsense, and when its listener fails.

use super::bytes::is_closed;
use super::server::{done, expect_result, pair, server};
use harness::{actor, connect_to, expect, expect_eq, fact, open_descriptors, quiesce, threads_alive};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use subject::ManagerError::Closed;
use subject::serve;

/// When the owner has gone, `serve` returns, with all its threads and descriptors gone and all connections closed.
///
/// Next: who waits in `accept`, and who in `read`? Each must be woken, and waited for.
#[fact(negated)]
fn the_server_ends_when_its_owner_leaves() {
    let before = (threads_alive(), open_descriptors());
    let server = server();
    let name = server.name.clone();
    let clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &clients {
        expect_result(client.list("l").push(1), Ok(()), "a push");
    }
    server.end("the server, whose owner leaves while three clients are connected");
    let refused = connect_to(&name).is_err();
    expect!(refused, "connecting to a server that has ended", "it is refused", "there is a connection");
    for client in clients {
        expect_result(client.list("l").len(), Err(Closed), "len, when the server has ended");
    }
    quiesce();
    expect_eq!((threads_alive(), open_descriptors()), before, "the threads and descriptors, before and after a server");
}

/// An owner that sends nonsense has its connection closed like anybody, and the server ends in order.
///
/// Next: it does not matter why the owner's connection ends.
#[fact(negated)]
fn nonsense_from_the_owner_ends_the_server() {
    let server = server();
    let client = server.client();
    expect_result(client.list("l").push(1), Ok(()), "a push");
    let mut owner = server.owner.try_clone().expect("a socket can be duplicated");
    owner.write_all(&u32::MAX.to_be_bytes()).expect("the server listens");
    let about = "serve, after a hostile header from the owner";
    expect!(done(server.thread, about).is_ok(), about, "Ok", "an error");
    expect!(is_closed(&server.owner), "the owner's connection after a hostile header", "it is closed", "it is open");
}

/// If the listener fails, `serve` returns that error, and closes the owner's connection.
///
/// Next: the owner's connection must be ended, too, if it is not the owner who ends the server.
#[fact(negated)]
fn a_listener_that_fails_ends_the_server() {
    let (owner, theirs) = pair();
    // A connected socket accepts nobody.
    let (no_listener, _other) = pair();
    let thread = actor("server", move || serve(theirs, UnixListener::from(OwnedFd::from(no_listener))));
    let about = "serve, with a socket that is no listener";
    let result = done(thread, about);
    expect!(result.is_err(), about, "the error of accept", "Ok");
    expect!(is_closed(&owner), "the owner's connection, when serve has failed", "it is closed", "it is open");
}
