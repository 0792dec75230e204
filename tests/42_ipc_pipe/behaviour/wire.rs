//! Frames, values and outcomes as the brief describes them, made without the code under test;
//! and connections over real sockets.

use harness::expect;
use std::fmt::Debug;
use std::os::unix::net::UnixStream;
use subject::{Connection, PipeError};

/// A frame as the brief describes it, made without the code under test.
pub(super) fn frame(payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let len = u32::try_from(payload.len()).expect("a payload of a test fits into the header");
    [&len.to_be_bytes(), payload].concat()
}

/// The payloads of whole frames, taken apart without the code under test; `None` if the bytes are not whole frames.
pub(super) fn payloads(mut wire: &[u8]) -> Option<Vec<&[u8]>> {
    let mut payloads = Vec::new();
    while !wire.is_empty() {
        let (header, rest) = wire.split_first_chunk::<4>()?;
        let (payload, rest) = rest.split_at_checked(u32::from_be_bytes(*header) as usize)?;
        payloads.push(payload);
        wire = rest;
    }
    Some(payloads)
}

/// A value whose JSON has exactly so many bytes. Numbers, because they are encoded faster than text.
pub(super) fn value_of_len(len: usize) -> (Vec<u64>, String) {
    let count = (len - 64) / 21;
    // `[[18446744073709551615,…,18446744073709551615],"xx…x"]`
    let padding = len - (21 * count - 1) - 7;
    (vec![u64::MAX; count], "x".repeat(padding))
}

/// A result as the brief names it.
pub(super) fn outcome<T: Debug>(result: Result<T, PipeError>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(PipeError::Closed) => "Closed".into(),
        Err(PipeError::Truncated) => "Truncated".into(),
        Err(PipeError::TooLarge { len, limit }) => format!("TooLarge {{ len: {len}, limit: {limit} }}"),
        Err(PipeError::Codec(_)) => "Codec".into(),
        Err(PipeError::Io(error)) => format!("Io({:?})", error.kind()),
    }
}

#[track_caller]
pub(super) fn expect_outcome<T: Debug>(result: Result<T, PipeError>, expected: &str, about: &str) {
    let seen = outcome(result);
    expect!(seen == expected, about, expected, seen);
}

pub(super) fn pair() -> (Connection, Connection) {
    Connection::pair().expect("the system has room for a socket pair")
}

pub(super) fn connection(stream: UnixStream) -> Connection {
    Connection::from_stream(stream).expect("a socket can be duplicated")
}
