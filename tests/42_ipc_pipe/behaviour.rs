//! What a pipe does with frames, with streams that misbehave, with several threads and with other processes.

use harness::{actor, expect, expect_eq, fact, open_descriptors, peer, quiesce, start_peer};
use serde::ser::{Error as _, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use subject::{Connection, MAX_FRAME, PipeError};

// ---------------------------------------------------------------------------------------------- what the facts use

/// A frame as the brief describes it, made without the code under test.
fn frame(payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let len = u32::try_from(payload.len()).expect("a payload of a test fits into the header");
    [&len.to_be_bytes(), payload].concat()
}

/// The payloads of whole frames, taken apart without the code under test; `None` if the bytes are not whole frames.
fn payloads(mut wire: &[u8]) -> Option<Vec<&[u8]>> {
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
fn value_of_len(len: usize) -> (Vec<u64>, String) {
    let count = (len - 64) / 21;
    // `[[18446744073709551615,…,18446744073709551615],"xx…x"]`
    let padding = len - (21 * count - 1) - 7;
    (vec![u64::MAX; count], "x".repeat(padding))
}

/// A result as the brief names it.
fn outcome<T: Debug>(result: Result<T, PipeError>) -> String {
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
fn expect_outcome<T: Debug>(result: Result<T, PipeError>, expected: &str, about: &str) {
    let seen = outcome(result);
    expect!(seen == expected, about, expected, seen);
}

/// What a scripted stream does next.
#[derive(Clone)]
enum Step {
    /// A read gets these bytes, or as many of them as fit; they never come together with those of another step.
    Gives(Vec<u8>),
    /// A write takes at most so many bytes.
    Takes(usize),
    /// The call fails.
    Fails(ErrorKind),
}

/// A stream that follows a script. After the script a read finds the end, and a write takes everything.
struct Scripted {
    steps: VecDeque<Step>,
    written: Arc<Mutex<Vec<u8>>>,
}

fn scripted(steps: impl IntoIterator<Item = Step>) -> Scripted {
    Scripted { steps: steps.into_iter().collect(), written: Arc::default() }
}

impl Scripted {
    /// What has been written so far, from now on.
    fn written(&self) -> impl Fn() -> Vec<u8> + use<> {
        let written = Arc::clone(&self.written);
        move || written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Read for Scripted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.steps.pop_front() {
            Some(Step::Gives(mut bytes)) => {
                let count = bytes.len().min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if !bytes.is_empty() {
                    self.steps.push_front(Step::Gives(bytes));
                }
                Ok(count)
            }
            Some(Step::Fails(kind)) => Err(kind.into()),
            Some(Step::Takes(_)) | None => Ok(0),
        }
    }
}

impl Write for Scripted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = match self.steps.pop_front() {
            Some(Step::Takes(count)) => count.min(bytes.len()),
            Some(Step::Fails(kind)) => return Err(kind.into()),
            Some(Step::Gives(_)) | None => bytes.len(),
        };
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream whose calls give way to other threads for a moment, now a shorter and now a longer one, before they return.
/// Whoever lets go of it between two calls then loses it to another thread hundreds of times.
struct GivesWay<S> {
    stream: S,
    random: u64,
    /// On a busy machine giving way takes long, and works all the better: it stops after a second.
    since: Instant,
}

impl<S> GivesWay<S> {
    fn new(stream: S) -> GivesWay<S> {
        GivesWay { stream, random: 0x9E37_79B9_7F4A_7C15, since: Instant::now() }
    }

    fn give_way(&mut self) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let moment = Duration::from_nanos(500 << (self.random % 8));
        let start = Instant::now();
        while start.elapsed() < moment && self.since.elapsed() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
    }
}

impl<S: Read> Read for GivesWay<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.give_way();
        Ok(count)
    }
}

impl<S: Write> Write for GivesWay<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.stream.write(bytes)?;
        self.give_way();
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A connection that only receives, these steps.
fn receiving(steps: impl IntoIterator<Item = Step>) -> Connection<Scripted, io::Sink> {
    Connection::from_parts(scripted(steps), io::sink())
}

/// A connection that only receives, these bytes, in one piece.
fn receiving_bytes(bytes: impl AsRef<[u8]>) -> Connection<Scripted, io::Sink> {
    receiving([Step::Gives(bytes.as_ref().to_vec())])
}

/// A connection that only sends, with these steps; and what has been written.
fn sending(steps: impl IntoIterator<Item = Step>) -> (Connection<io::Empty, Scripted>, impl Fn() -> Vec<u8>) {
    let writer = scripted(steps);
    let written = writer.written();
    (Connection::from_parts(io::empty(), writer), written)
}

fn one_byte_at_a_time(bytes: &[u8]) -> impl Iterator<Item = Step> {
    bytes.iter().map(|byte| Step::Gives(vec![*byte]))
}

fn pair() -> (Connection, Connection) {
    Connection::pair().expect("the system has room for a socket pair")
}

fn connection(stream: UnixStream) -> Connection {
    Connection::from_stream(stream).expect("a socket can be duplicated")
}

// ------------------------------------------------------------------------------------------------ values and frames

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
#[fact]
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

// ------------------------------------------------------------------------------------------------------ ends, errors

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
#[fact]
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

// ------------------------------------------------------------------------------------------------------- bad values

/// A payload that is not the JSON of the wanted type is `Codec`, and the next frame is received as if nothing had been.
///
/// Next: consume the whole payload whatever is in it; only then look at it.
#[fact]
fn after_a_codec_error_the_next_frame_is_received() {
    let bad: [&[u8]; 7] = [b"nonsense", b"\"a string\"", b"", b"[1,2", b"1 2", b"-1", b"[1]     "];
    for payload in bad {
        let connection = receiving_bytes([frame(payload), frame(b"42")].concat());
        let text = String::from_utf8_lossy(payload);
        expect_outcome(connection.recv::<u64>(), "Codec", &format!("receiving a u64 from the payload `{text}`"));
        expect_outcome(connection.recv::<u64>(), "Ok(42)", &format!("the frame after the payload `{text}`"));
    }
}

/// A value that fails half-way through its encoding is `Codec`, writes nothing, and the next value goes out.
///
/// Next: know the whole payload before the first byte of the header goes out.
#[fact]
fn a_value_that_cannot_be_encoded_writes_nothing() {
    struct Fails;
    impl Serialize for Fails {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut sequence = serializer.serialize_seq(None)?;
            for number in 0..10_000 {
                sequence.serialize_element(&number)?;
            }
            Err(S::Error::custom("the last element is missing"))
        }
    }
    let (connection, written) = sending([]);
    expect_outcome(connection.send(&Fails), "Codec", "sending a value that fails half-way");
    expect_eq!(written().len(), 0, "how many bytes were written of it");
    let keys: BTreeMap<(u8, u8), u8> = [((1, 2), 3)].into();
    expect_outcome(connection.send(&keys), "Codec", "sending a map whose keys cannot be JSON");
    expect_eq!(written().len(), 0, "how many bytes were written of it");
    expect_outcome(connection.send(&42), "Ok(())", "sending the next value");
    expect_eq!(written(), frame(b"42"), "the bytes on the wire");
}

/// A panic in a value's own `Serialize` or `Deserialize` passes through, and the connection goes on with the next frame.
///
/// Next: if a lock is held while the value's code runs, it gets poisoned; and a half-made payload must not go out.
#[fact(panics)]
fn a_panic_in_a_value_costs_only_that_value() {
    struct Explodes;
    impl Serialize for Explodes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut sequence = serializer.serialize_seq(None)?;
            sequence.serialize_element("a first element")?;
            panic!("a panic in Serialize");
        }
    }
    impl<'de> Deserialize<'de> for Explodes {
        fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Explodes, D::Error> {
            panic!("a panic in Deserialize");
        }
    }
    let (connection, written) = sending([]);
    let sent = catch_unwind(AssertUnwindSafe(|| connection.send(&Explodes)));
    expect!(sent.is_err(), "a panic in Serialize", "it reaches the caller of send", "send returned");
    expect_outcome(connection.send(&1), "Ok(())", "sending after a panic in Serialize");
    expect_eq!(written(), frame(b"1"), "the bytes on the wire");
    let connection = receiving_bytes([frame(b"[0]"), frame(b"1")].concat());
    let received = catch_unwind(AssertUnwindSafe(|| connection.recv::<Explodes>().is_ok()));
    expect!(received.is_err(), "a panic in Deserialize", "it reaches the caller of recv", "recv returned");
    expect_outcome(connection.recv::<u8>(), "Ok(1)", "receiving after a panic in Deserialize");
}

// ------------------------------------------------------------------------------------------------------------ limits

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
        let status = std::fs::read_to_string("/proc/self/status").expect("a process can read its own status");
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
#[fact(seconds = 30)]
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

// ----------------------------------------------------------------------------------------------- streams out of step

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

// ----------------------------------------------------------------------------------------------------- several threads

/// A `recv` that waits for a frame does not hold up a `send` on the same connection.
///
/// Next: the two directions share nothing; a lock around both of them makes one wait for the other.
#[fact]
fn a_waiting_receive_does_not_hold_up_a_send() {
    expect_send_beside_receive();
}

fn expect_send_beside_receive() {
    let (left, right) = pair();
    let left = Arc::new(left);
    let theirs = Arc::clone(&left);
    let receiver = actor("receiver", move || outcome(theirs.recv::<u8>()));
    quiesce();
    expect!(!receiver.has_finished(), "recv before anything was sent", "it waits", "it returned");
    let theirs = Arc::clone(&left);
    let sender = actor("sender", move || outcome(theirs.send("out")));
    quiesce();
    expect!(
        sender.has_finished(),
        "sending while another thread waits in recv on the same connection",
        "the send goes out",
        "the send waits too"
    );
    expect_eq!(sender.finish(), "Ok(())", "sending while another thread receives");
    expect_outcome(right.recv::<String>(), "Ok(\"out\")", "the other end receives it");
    expect_outcome(right.send(&1), "Ok(())", "the other end answers");
    expect_eq!(receiver.finish(), "Ok(1)", "the recv that waited");
}

/// A `send` waits until the stream has taken its frame, and does not hold up a `recv` on the same connection meanwhile.
///
/// Next: the two directions share nothing; and a frame belongs into the stream, not into a queue in front of it.
#[fact(seconds = 30)]
fn a_blocked_send_does_not_hold_up_a_receive() {
    let (left, right) = pair();
    let left = Arc::new(left);
    expect_outcome(right.send(&1), "Ok(())", "the other end sends first");
    let theirs = Arc::clone(&left);
    let value = value_of_len(2 << 20);
    let sender = actor("sender", move || outcome(theirs.send(&value)));
    quiesce();
    expect!(
        !sender.has_finished(),
        "sending 2 MiB to an end that does not receive",
        "the send waits for the other end: a socket takes only some of it",
        "the send returned"
    );
    let theirs = Arc::clone(&left);
    let receiver = actor("receiver", move || outcome(theirs.recv::<u8>()));
    quiesce();
    expect!(
        receiver.has_finished(),
        "receiving while another thread is blocked in send on the same connection",
        "the frame that is there is received",
        "the receive waits too"
    );
    expect_eq!(receiver.finish(), "Ok(1)", "receiving beside a blocked send");
    let received = right.recv::<(Vec<u64>, String)>().map(|value| value == value_of_len(2 << 20));
    expect_outcome(received, "Ok(true)", "the other end receives the 2 MiB as they were sent");
    expect_eq!(sender.finish(), "Ok(())", "the send that was blocked");
}

/// Frames of threads that send on one connection at the same time never mix.
///
/// Next: the lock is held from the first byte of the header to the last byte of the payload.
#[fact(seconds = 20)]
fn frames_of_concurrent_senders_never_mix() {
    const SENDERS: usize = 8;
    const ROUNDS: usize = 250;
    let mut wire = Vec::new();
    {
        let connection = Connection::from_parts(io::empty(), GivesWay::new(&mut wire));
        let send_all = |sender: usize| {
            for round in 0..ROUNDS {
                expect_outcome(connection.send(&(sender, round)), "Ok(())", "one of many sends");
            }
        };
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                scope.spawn(move || send_all(sender));
            }
        });
    }
    let mut next = [0; SENDERS];
    for payload in payloads(&wire).unwrap_or_default() {
        let Ok((sender, round)) = serde_json::from_slice::<(usize, usize)>(payload) else { break };
        if next.get(sender) != Some(&round) {
            break;
        }
        next[sender] += 1;
    }
    expect!(
        next == [ROUNDS; SENDERS],
        format!("{ROUNDS} frames from each of {SENDERS} threads"),
        "all of them whole, and each thread's in order",
        format!("whole and in order only up to {next:?}")
    );
}

/// Threads that receive on one connection at the same time get whole frames, each frame once.
///
/// Next: one thread reads a header *and* its payload before another one may read.
#[fact(seconds = 20)]
fn each_frame_goes_whole_to_one_receiver() {
    const FRAMES: usize = 2000;
    let wire: Vec<u8> = (0..FRAMES).flat_map(|number| frame(number.to_string())).collect();
    let connection = Connection::from_parts(GivesWay::new(&wire[..]), io::sink());
    let mut numbers: Vec<usize> = std::thread::scope(|scope| {
        let receive = || {
            let mut mine = Vec::new();
            loop {
                match connection.recv::<usize>() {
                    Ok(number) => mine.push(number),
                    Err(PipeError::Closed) => return mine,
                    Err(error) => {
                        expect_outcome(Err::<(), _>(error), "a number or Closed", "one of several receivers");
                    }
                }
            }
        };
        let receivers: Vec<_> = (0..8).map(|_| scope.spawn(receive)).collect();
        receivers.into_iter().flat_map(|receiver| receiver.join().unwrap_or_default()).collect()
    });
    numbers.sort_unstable();
    let whole = numbers.iter().copied().eq(0..FRAMES);
    expect!(whole, "what eight receivers got", "each of 2000 frames once", format!("{} frames", numbers.len()));
}

/// A `recv` that waits ends with `Closed` when the other end is dropped.
///
/// Next: the other end's socket must really be closed: no copy of its descriptor may be left open.
#[fact]
fn a_waiting_receive_ends_when_the_other_end_is_dropped() {
    let (left, right) = pair();
    let receiver = actor("receiver", move || outcome(left.recv::<u8>()));
    quiesce();
    expect!(!receiver.has_finished(), "recv while the other end is idle", "it waits", "it returned");
    drop(right);
    quiesce();
    expect!(receiver.has_finished(), "recv after the other end was dropped", "it returns", "it still waits");
    expect_eq!(receiver.finish(), "Closed", "recv after the other end was dropped");
}

/// A dropped connection leaves no descriptor and no thread behind.
///
/// Next: whatever was made for a connection must go with it.
#[fact]
fn dropping_leaves_nothing_behind() {
    let before = (open_descriptors(), harness::threads_alive());
    for round in 0..100 {
        let (left, right) = pair();
        expect_outcome(left.send(&round), "Ok(())", "sending over one of many pairs");
        expect_outcome(right.recv::<i32>(), &format!("Ok({round})"), "receiving over one of many pairs");
    }
    let after = (open_descriptors(), harness::threads_alive());
    expect_eq!(after, before, "open descriptors and threads after 100 pairs have come and gone");
}

// --------------------------------------------------------------------------------------------------- other processes

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
#[fact]
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
