//! Values on their way: the bytes of a frame, and frames that a stream splits or glues together.

use super::script::{Step, one_byte_at_a_time, receiving, receiving_bytes, scripted, sending};
use super::wire::{expect_outcome, frame, pair};
use harness::{expect, expect_eq, fact};
use std::collections::BTreeMap;
use std::io::{self, BufWriter, ErrorKind};
use subject::Connection;

/// A value that one end sends arrives at the other end, unchanged and in order, in both directions.
///
/// Next: look at what `send` writes and what `recv` reads for one small value.
#[fact]
fn a_value_arrives_as_it_was_sent() {
    let (left, right) = pair();
    let nested: BTreeMap<String, Vec<Option<i64>>> =
        [("a".into(), vec![Some(-1), None]), ("ü\n\"".into(), vec![])].into();
    expect_outcome(left.send(&nested), "Ok(())", "sending a map of lists");
    expect_outcome(left.send("text"), "Ok(())", "sending a str");
    expect_outcome(left.send(&[1u8, 2, 3][..]), "Ok(())", "sending a slice");
    expect_outcome(left.send(&()), "Ok(())", "sending a unit");
    expect_outcome(
        right.recv::<BTreeMap<String, Vec<Option<i64>>>>(),
        &format!("Ok({nested:?})"),
        "receiving a map of lists",
    );
    expect_outcome(right.recv::<String>(), "Ok(\"text\")", "receiving a string");
    expect_outcome(right.recv::<Vec<u8>>(), "Ok([1, 2, 3])", "receiving a vector");
    expect_outcome(right.recv::<()>(), "Ok(())", "receiving a unit");
    expect_outcome(right.send(&7), "Ok(())", "sending in the other direction");
    expect_outcome(left.recv::<i32>(), "Ok(7)", "receiving in the other direction");
}

/// On the wire a value is four bytes with the length of its JSON, the highest byte first, and then the JSON.
///
/// Next: `to_be_bytes` of the length as a `u32`; the length counts the payload, not the header.
#[fact]
fn a_frame_is_a_big_endian_length_and_json() {
    let (connection, written) = sending([]);
    let long = "x".repeat(70_000);
    expect_outcome(connection.send(&("a", 1.5, [true, false])), "Ok(())", "sending a tuple");
    expect_eq!(written(), frame(br#"["a",1.5,[true,false]]"#), "the bytes of one frame");
    expect_outcome(connection.send(&long), "Ok(())", "sending 70000 characters");
    let second = written().split_off(4 + 22);
    expect_eq!(second[..4], [0, 1, 0x11, 0x72], "the header of a payload of 70002 bytes");
    expect!(
        second[4..] == *format!("\"{long}\"").as_bytes(),
        "the payload of a long text",
        "the text in quotes",
        format!("{} bytes that differ from it", second.len() - 4)
    );
}

/// Frames that a program in another language wrote are received, white space in the JSON included.
///
/// Next: read four bytes, make a length of them, read so many bytes, and leave the rest to `serde_json`.
#[fact]
fn frames_written_by_hand_are_received() {
    let connection = receiving_bytes([frame(b" { \"a\" : [ 1 , 2 ] } "), frame(b"\n-3\n")].concat());
    expect_outcome(connection.recv::<BTreeMap<String, Vec<u8>>>(), "Ok({\"a\": [1, 2]})", "a map with spaces in it");
    expect_outcome(connection.recv::<i8>(), "Ok(-3)", "a number between line ends");
}

/// Frames that arrive in one piece are taken apart again.
///
/// Next: a read may bring more than one frame: what belongs to the next one must not get lost.
#[fact]
fn frames_that_arrive_together_are_taken_apart() {
    let wire: Vec<u8> = (0..300u32).flat_map(|number| frame(number.to_string())).collect();
    let connection = receiving_bytes(wire);
    for number in 0..300u32 {
        expect_outcome(connection.recv::<u32>(), &format!("Ok({number})"), "the next of 300 frames");
    }
    expect_outcome(connection.recv::<u32>(), "Closed", "the end after 300 frames");
}

/// A frame that arrives one byte at a time is put together.
///
/// Next: one `read` may return less than was asked for, in the header too.
#[fact]
fn a_frame_that_arrives_in_pieces_is_put_together() {
    let wire = [frame(b"[1,22,333]"), frame(b"\"pieces\"")].concat();
    let connection = receiving(one_byte_at_a_time(&wire));
    expect_outcome(connection.recv::<Vec<u16>>(), "Ok([1, 22, 333])", "a frame of one-byte reads");
    expect_outcome(connection.recv::<String>(), "Ok(\"pieces\")", "a second frame of one-byte reads");
}

/// A writer that takes one byte at a time gets the whole frame.
///
/// Next: one `write` may take less than it was given.
#[fact]
fn a_writer_that_takes_little_gets_the_whole_frame() {
    let (connection, written) = sending(vec![Step::Takes(1); 1000]);
    expect_outcome(connection.send("piece by piece"), "Ok(())", "sending to a writer that takes single bytes");
    expect_eq!(written(), frame(b"\"piece by piece\""), "the bytes that the writer got");
}

/// When `send` returns, the frame is not left in a buffer of the writer.
///
/// Next: the writer may be a `BufWriter`: flush it.
#[fact(negated)]
fn send_flushes_the_writer() {
    let writer = scripted([]);
    let written = writer.written();
    let connection = Connection::from_parts(io::empty(), BufWriter::new(writer));
    expect_outcome(connection.send(&12), "Ok(())", "sending into a BufWriter");
    expect_eq!(written(), frame(b"12"), "the bytes behind the BufWriter");
}

/// A read or write that a signal interrupted is done again.
///
/// Next: `ErrorKind::Interrupted` says that nothing was done yet, not that something failed.
#[fact]
fn an_interrupted_call_is_repeated() {
    let wire = frame(b"\"again\"");
    let steps = one_byte_at_a_time(&wire).flat_map(|step| [Step::Fails(ErrorKind::Interrupted), step]);
    let connection = receiving(steps);
    expect_outcome(connection.recv::<String>(), "Ok(\"again\")", "a frame whose every byte was interrupted");
    let steps = [Step::Fails(ErrorKind::Interrupted), Step::Takes(2)];
    let (connection, written) = sending(steps.into_iter().cycle().take(40));
    expect_outcome(connection.send("again"), "Ok(())", "sending with interruptions");
    expect_eq!(written(), wire, "the bytes that were written between interruptions");
}
