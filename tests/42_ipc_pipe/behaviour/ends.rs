//! The end of the stream in every place, resets, and errors that are passed on.

use super::script::{Step, one_byte_at_a_time, receiving, receiving_bytes, sending};
use super::wire::{expect_outcome, frame, pair};
use harness::{expect, expect_eq, fact};
use std::io::{self, ErrorKind};
use subject::{MAX_FRAME, PipeError};

/// The end of the stream between two frames is `Closed`, however often one asks.
///
/// Next: only a read that finds the end before the first byte of a header is an orderly end.
#[fact]
fn the_end_between_two_frames_is_closed() {
    let connection = receiving_bytes(frame(b"1"));
    expect_outcome(connection.recv::<u8>(), "Ok(1)", "the only frame");
    expect_outcome(connection.recv::<u8>(), "Closed", "the end after a frame");
    expect_outcome(connection.recv::<u8>(), "Closed", "asking again");
    expect_outcome(receiving([]).recv::<u8>(), "Closed", "a stream without a single byte");
}

/// The end of the stream inside a header is `Truncated`.
///
/// Next: `read_exact` reports the same error for no byte and for three: count yourself.
#[fact]
fn the_end_inside_a_header_is_truncated() {
    for count in 1..4 {
        let connection = receiving(one_byte_at_a_time(&frame(b"1")[..count]));
        expect_outcome(connection.recv::<u8>(), "Truncated", &format!("the end after {count} bytes of a header"));
    }
}

/// The end of the stream inside a payload is `Truncated`, also right after the header and before the last byte.
///
/// Next: a header promises so many bytes; fewer are a broken promise, even if they are JSON by themselves.
#[fact]
fn the_end_inside_a_payload_is_truncated() {
    let whole = frame(b"12345");
    for count in 4..9 {
        let connection = receiving_bytes(&whole[..count]);
        let about = format!("the end after {} of 5 bytes of a payload", count - 4);
        expect_outcome(connection.recv::<u32>(), "Truncated", &about);
    }
}

/// A reset by the other side is the end of the stream: `Closed` between frames, `Truncated` inside one.
///
/// Next: a socket answers `ConnectionReset` when the other side went away with something unread.
#[fact]
fn a_reset_counts_as_the_end() {
    let reset = || Step::Fails(ErrorKind::ConnectionReset);
    let connection = receiving([Step::Gives(frame(b"1")), reset()]);
    expect_outcome(connection.recv::<u8>(), "Ok(1)", "the frame before the reset");
    expect_outcome(connection.recv::<u8>(), "Closed", "a reset between frames");
    let connection = receiving([Step::Gives(vec![0, 0]), reset()]);
    expect_outcome(connection.recv::<u8>(), "Truncated", "a reset inside a header");
    let connection = receiving([Step::Gives(frame(b"1234")[..6].to_vec()), reset()]);
    expect_outcome(connection.recv::<u32>(), "Truncated", "a reset inside a payload");
}

/// Sending to a side that is gone is `Closed`, and so is every later send.
///
/// Next: a write fails with `BrokenPipe` or `ConnectionReset` then.
#[fact]
fn sending_to_a_side_that_is_gone_is_closed() {
    let (left, right) = pair();
    drop(right);
    expect_outcome(left.send("anybody?"), "Closed", "sending after the other end was dropped");
    expect_outcome(left.send("anybody?"), "Closed", "sending again");
    expect_outcome(left.recv::<String>(), "Closed", "receiving from an end that was dropped");
    for kind in [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset] {
        let (connection, _) = sending([Step::Takes(2), Step::Fails(kind)]);
        expect_outcome(connection.send("anybody?"), "Closed", &format!("a write that fails with {kind:?}"));
    }
}

/// Another error of the stream is passed on as `Io`, with its kind.
///
/// Next: only ends of the stream and interruptions have a meaning of their own.
#[fact]
fn other_errors_of_the_stream_are_passed_on() {
    let denied = || Step::Fails(ErrorKind::PermissionDenied);
    expect_outcome(receiving([denied()]).recv::<u8>(), "Io(PermissionDenied)", "a read that fails between frames");
    let connection = receiving([Step::Gives(frame(b"12345")[..6].to_vec()), denied()]);
    expect_outcome(connection.recv::<u8>(), "Io(PermissionDenied)", "a read that fails inside a frame");
    let (connection, _) = sending([Step::Takes(3), denied()]);
    expect_outcome(connection.send(&1), "Io(PermissionDenied)", "a write that fails");
}

/// A writer that takes nothing any more is an error, not an endless loop.
///
/// Next: `Ok(0)` from a write that had something to write is `ErrorKind::WriteZero`, as `write_all` has it.
#[fact(negated)]
fn a_writer_that_takes_nothing_is_an_error() {
    let (connection, written) = sending(vec![Step::Takes(0); 100_000]);
    expect_outcome(connection.send(&1), "Io(WriteZero)", "sending to a writer that takes nothing");
    expect_eq!(written(), [0u8; 0], "the bytes that the writer got");
}

/// `Codec` and `Io` name the error inside as their source; the others have none; every message says something.
///
/// Next: `Error::source` of those two, and a `Display` for all five.
#[fact]
fn errors_name_their_source() {
    use std::error::Error;
    let codec = receiving_bytes(frame(b"?")).recv::<u8>().expect_err("a question mark is not JSON");
    let io = receiving([Step::Fails(ErrorKind::TimedOut)]).recv::<u8>().expect_err("the read fails");
    let is_json = codec.source().is_some_and(|source| source.is::<serde_json::Error>());
    expect!(is_json, "the source of Codec", "the serde_json::Error", format!("{:?}", codec.source()));
    let is_io = io.source().is_some_and(|source| source.is::<io::Error>());
    expect!(is_io, "the source of Io", "the io::Error", format!("{:?}", io.source()));
    let too_large = PipeError::TooLarge { len: 20_000_000, limit: MAX_FRAME };
    let numbers = too_large.to_string();
    expect!(
        numbers.contains("20000000") && numbers.contains("16777216"),
        "the message of TooLarge { len: 20000000, limit: 16777216 }",
        "both numbers are in it",
        numbers
    );
    for error in [PipeError::Closed, PipeError::Truncated, too_large] {
        expect!(error.source().is_none(), "the source", "none", format!("{error:?} has one"));
        expect!(!error.to_string().is_empty(), "the message", "some words", format!("nothing for {error:?}"));
    }
}
