//! Streams on which nobody knows any more where the next frame begins: they are not used again.

use super::script::{Step, receiving, receiving_bytes, sending};
use super::wire::{expect_outcome, frame, outcome};
use harness::{expect, expect_eq, fact};
use std::io::ErrorKind;
use subject::MAX_FRAME;

/// After `Truncated`, `TooLarge` or `Io` every later `recv` is `Closed`, whatever the stream would still give.
///
/// Next: nobody knows any more where the next frame begins: bytes of a payload must never be taken for a header.
#[fact]
fn after_a_broken_frame_nothing_more_is_received() {
    let hostile = [&u32::MAX.to_be_bytes()[..], &frame(b"666")].concat();
    let connection = receiving([Step::Gives(hostile)]);
    expect_outcome(
        connection.recv::<u32>(),
        &format!("TooLarge {{ len: {}, limit: {MAX_FRAME} }}", u32::MAX),
        "receiving a frame over the limit",
    );
    expect_outcome(connection.recv::<u32>(), "Closed", "receiving after TooLarge");
    expect_outcome(connection.send(&1), "Ok(())", "sending after a receive has failed: the other direction goes on");

    let connection = receiving_bytes(&frame(b"12345")[..6]);
    expect_outcome(connection.recv::<u32>(), "Truncated", "the end inside a frame");
    expect_outcome(connection.recv::<u32>(), "Closed", "receiving after Truncated");

    for before in [Vec::new(), frame(b"12345")[..6].to_vec()] {
        let gives = (!before.is_empty()).then_some(Step::Gives(before));
        let rest = [Step::Fails(ErrorKind::TimedOut), Step::Gives(frame(b"666"))];
        let connection = receiving(gives.into_iter().chain(rest));
        expect_outcome(connection.recv::<u32>(), "Io(TimedOut)", "a read that fails");
        expect_outcome(connection.recv::<u32>(), "Closed", "receiving after Io");
    }
}

/// After a write has failed nothing more is written: every later `send` is `Closed`.
///
/// Next: the other side has part of a frame, and would take the next header for the rest of it.
#[fact]
fn after_a_failed_write_nothing_more_is_written() {
    for kind in [ErrorKind::TimedOut, ErrorKind::BrokenPipe] {
        let (connection, written) = sending([Step::Takes(3), Step::Fails(kind)]);
        let first = outcome(connection.send("lost"));
        expect!(first != "Ok(())", "sending when a write fails", "an error", first);
        expect_outcome(connection.send("later"), "Closed", &format!("sending after a write failed with {kind:?}"));
        expect_eq!(written(), frame(b"\"lost\"")[..3], "the bytes on the wire");
    }
}
