//! The longest payload, what is over it, and headers that announce more.

use super::script::{receiving_bytes, sending};
use super::wire::{connection, expect_outcome, frame, outcome, value_of_len};
use harness::{actor, expect, expect_eq, fact, process, quiesce};
use serde_json::Value;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use subject::{Connection, MAX_FRAME, PipeError};

/// A header that announces more than `MAX_FRAME` is `TooLarge` at once, without waiting for any payload.
///
/// Next: compare the length with the limit before doing anything with it.
#[fact]
fn a_hostile_length_is_refused_at_once() {
    for len in [MAX_FRAME as u32 + 1, 0x8000_0000, u32::MAX] {
        let (mut stream, other) = UnixStream::pair().expect("the system has room for a socket pair");
        let connection = connection(other);
        stream.write_all(&len.to_be_bytes()).expect("four bytes fit into the socket");
        let receiver = actor("receiver", move || outcome(connection.recv::<Value>()));
        quiesce();
        expect!(
            receiver.has_finished(),
            format!("receiving a frame whose header says {len}"),
            "recv returns: the header is enough to refuse it",
            "recv waits for the payload"
        );
        let expected = format!("TooLarge {{ len: {len}, limit: {MAX_FRAME} }}");
        expect_eq!(receiver.finish(), expected, "receiving a frame over the limit");
    }
}

/// A header that announces four gigabytes costs no memory.
///
/// Next: the length was chosen by the other side: check it before you allocate.
#[fact]
fn a_hostile_length_costs_no_memory() {
    // The largest size that this process has ever had. It counts what was reserved, touched or not.
    let peak = || -> u64 {
        let status = process::status();
        let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).expect("the kernel keeps the peak");
        line.trim().trim_end_matches("kB").trim().parse().expect("the peak is a number")
    };
    let connection = receiving_bytes(u32::MAX.to_be_bytes());
    let before = peak();
    let result = outcome(connection.recv::<Value>());
    let mebibytes = (peak() - before) / 1024;
    expect!(
        mebibytes < 1024,
        "memory reserved while refusing a frame of 4294967295 bytes",
        "next to none",
        format!("{mebibytes} MiB")
    );
    expect_eq!(result, format!("TooLarge {{ len: {}, limit: {MAX_FRAME} }}", u32::MAX), "receiving the frame");
}

/// A payload of exactly `MAX_FRAME` bytes is sent and received.
///
/// Next: the limit is the largest length allowed, and the header does not count.
#[fact(seconds = 30, negated)]
fn a_payload_of_exactly_the_limit_passes() {
    expect_eq!(MAX_FRAME, 16 * 1024 * 1024, "MAX_FRAME");
    let value = value_of_len(MAX_FRAME);
    let mut wire = Vec::new();
    expect_outcome(Connection::from_parts(io::empty(), &mut wire).send(&value), "Ok(())", "sending the largest value");
    expect_eq!(wire.len(), MAX_FRAME + 4, "bytes written for it");
    let received = Connection::from_parts(&wire[..], io::sink()).recv::<(Vec<u64>, String)>();
    let same = received.as_ref().is_ok_and(|received| *received == value);
    expect!(
        same,
        "receiving the largest value",
        "it arrives as it was sent",
        outcome(received.map(|_| "another value"))
    );
}

/// A value whose payload is over the limit is `TooLarge`, writes nothing, and the next value goes out.
///
/// Next: look at the length before the first byte of the header goes out.
#[fact(seconds = 30)]
fn a_value_over_the_limit_writes_nothing() {
    let (connection, written) = sending([]);
    match connection.send(&value_of_len(MAX_FRAME + 1)) {
        Err(PipeError::TooLarge { len, limit }) => {
            expect_eq!(limit, MAX_FRAME, "the limit in the error");
            expect!(len > limit, "the length in the error", format!("more than {limit}"), len.to_string());
        }
        other => expect_outcome(other, "TooLarge", "sending a payload one byte over the limit"),
    }
    expect_eq!(written().len(), 0, "how many bytes were written of it");
    expect_outcome(connection.send(&42), "Ok(())", "sending the next value");
    expect_eq!(written(), frame(b"42"), "the bytes on the wire");
}
