//! The other end is in another process, which answers, ends or is killed.

use super::threads::expect_send_beside_receive;
use super::wire::{connection, expect_outcome, frame, outcome, value_of_len};
use harness::{actor, expect, expect_eq, fact, peer, quiesce, start_peer};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

#[peer]
fn echo(stream: UnixStream) {
    let connection = connection(stream);
    while let Ok(value) = connection.recv::<Value>() {
        if connection.send(&value).is_err() {
            return;
        }
    }
}

/// Another process answers, and ends when it sees that the connection is closed.
///
/// Next: `from_stream` makes a connection of one end of a socket, wherever its other end is.
#[fact]
fn another_process_answers() {
    let (mut process, stream) = start_peer("echo");
    let connection = connection(stream);
    for round in 0..50u64 {
        expect_outcome(connection.send(&(round, "ping")), "Ok(())", "sending to a process");
        let expected = format!("Ok(({round}, \"ping\"))");
        expect_outcome(connection.recv::<(u64, String)>(), &expected, "the answer of a process");
    }
    drop(connection);
    let status = process.wait().expect("a child can be waited for");
    expect!(status.success(), "the process, after the connection was dropped", "it ends by itself", status.to_string());
}

#[peer]
fn sends_while_it_receives(stream: UnixStream) {
    let connection = connection(stream);
    let same = std::thread::scope(|scope| {
        scope.spawn(|| connection.send(&value_of_len(8 << 20)));
        connection.recv::<(Vec<u64>, String)>().map(|value| value == value_of_len(8 << 20))
    });
    let _ = connection.send(&outcome(same));
}

/// Two processes that send 8 MiB at each other, and receive on another thread, do not deadlock.
///
/// Next: each of them must be able to read while its own send waits for the other.
#[fact(seconds = 30)]
fn two_processes_send_at_each_other() {
    // The short form of it fails at once where the long one would hang.
    expect_send_beside_receive();
    let (_process, stream) = start_peer("sends_while_it_receives");
    let connection = Arc::new(connection(stream));
    let theirs = Arc::clone(&connection);
    let sender = actor("sender", move || outcome(theirs.send(&value_of_len(8 << 20))));
    let received = connection.recv::<(Vec<u64>, String)>().map(|value| value == value_of_len(8 << 20));
    expect_outcome(received, "Ok(true)", "receiving 8 MiB while sending 8 MiB");
    expect_eq!(sender.finish(), "Ok(())", "sending 8 MiB while receiving 8 MiB");
    expect_outcome(connection.recv::<String>(), "Ok(\"Ok(true)\")", "what the other process received");
}

#[peer]
fn says_goodbye(stream: UnixStream) {
    let _ = (&stream).write_all(&frame(b"\"goodbye\""));
}

/// What a process sent before it ended is received; then the connection is `Closed` in both directions.
///
/// Next: what is in the socket outlives the process that wrote it.
#[fact]
fn a_process_that_ends_closes_the_connection() {
    let (mut process, stream) = start_peer("says_goodbye");
    let connection = connection(stream);
    process.wait().expect("a child can be waited for");
    expect_outcome(connection.recv::<String>(), "Ok(\"goodbye\")", "the last words of a process");
    expect_outcome(connection.recv::<String>(), "Closed", "receiving from a process that has ended");
    expect_outcome(connection.send("?"), "Closed", "sending to a process that has ended");
}

#[peer]
fn leaves_a_message_unread(mut stream: UnixStream) {
    // One byte, to know that the message has come.
    let _ = stream.read(&mut [0]);
}

/// A process that ends without having read its messages has closed the connection too.
///
/// Next: the first read after that fails with `ConnectionReset`, which is an end like any other.
#[fact]
fn a_process_that_ends_with_messages_unread_closes_the_connection() {
    let (mut process, stream) = start_peer("leaves_a_message_unread");
    let connection = connection(stream);
    expect_outcome(connection.send("never read"), "Ok(())", "sending to a process that reads one byte");
    process.wait().expect("a child can be waited for");
    expect_outcome(connection.recv::<String>(), "Closed", "receiving from a process that has ended");
    expect_outcome(connection.send("?"), "Closed", "sending to a process that has ended");
}

#[peer]
fn stops_inside_a_frame(mut stream: UnixStream) {
    let half = [frame(b"\"whole\""), frame(b"\"only the half of it\"")[..12].to_vec()].concat();
    let _ = stream.write_all(&half);
    // Until it is killed.
    let _ = stream.read(&mut [0]);
}

/// A `recv` that waits for the rest of a frame ends with `Truncated` when the sending process is killed.
///
/// Next: a process that is killed finishes nothing: its socket just ends.
#[fact(negated)]
fn a_process_killed_inside_a_frame_truncates_it() {
    let (mut process, stream) = start_peer("stops_inside_a_frame");
    let connection = connection(stream);
    expect_outcome(connection.recv::<String>(), "Ok(\"whole\")", "the frame before");
    let receiver = actor("receiver", move || {
        let first = outcome(connection.recv::<String>());
        (first, outcome(connection.recv::<String>()))
    });
    quiesce();
    expect!(!receiver.has_finished(), "recv in the middle of a frame", "it waits for the rest", "it returned");
    process.kill().expect("a child can be killed");
    process.wait().expect("a child can be waited for");
    let expected = ("Truncated".to_owned(), "Closed".to_owned());
    expect_eq!(receiver.finish(), expected, "recv when the sender was killed, and once more");
}
