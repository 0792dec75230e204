//! What arrives on a connection, byte by byte: requests of a client and answers of a server.

use super::server::{done, pair, server};
use harness::{actor, expect, quiesce};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use subject::Client;

/// All that arrives on a stream until nothing more will. Who writes in small pieces may have to wait until some are read.
pub(super) fn arrived(mut stream: &UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        quiesce();
        let before = bytes.len();
        stream.set_nonblocking(true).expect("a socket can be told not to block");
        let end = stream.read_to_end(&mut bytes).map_err(|error| error.kind());
        stream.set_nonblocking(false).expect("a socket can be told to block");
        expect!(
            matches!(end, Ok(_) | Err(ErrorKind::WouldBlock | ErrorKind::ConnectionReset)),
            "reading what has arrived",
            "bytes or the end",
            format!("{end:?}")
        );
        if bytes.len() == before {
            return bytes;
        }
    }
}

/// Whether the other side has closed a stream, on which nothing (more) is to be read.
pub(super) fn is_closed(stream: &UnixStream) -> bool {
    quiesce();
    let mut stream = stream;
    stream.set_nonblocking(true).expect("a socket can be told not to block");
    let end = stream.read(&mut [0]).map_err(|error| error.kind());
    stream.set_nonblocking(false).expect("a socket can be told to block");
    matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset))
}

/// What a client sends for one operation, whose connection is closed instead of an answer.
pub(super) fn sent_for<T: Send + 'static>(operation: impl FnOnce(Client) -> T + Send + 'static) -> Vec<u8> {
    let (ours, theirs) = pair();
    let asking = actor("asking", move || drop(operation(Client::over(ours))));
    let sent = arrived(&theirs);
    drop(theirs);
    done(asking, "an operation whose connection is closed");
    sent
}

/// The first answer of a fresh server to these bytes.
pub(super) fn answer_to(request: &[u8]) -> Vec<u8> {
    let server = server();
    let mut stream = server.connect();
    stream.write_all(request).expect("the server listens");
    let answer = arrived(&stream);
    server.end("the server, when its owner leaves");
    answer
}
