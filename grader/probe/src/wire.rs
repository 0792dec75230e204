//! Frames between a graded process and the grader.
//!
//! The grader sends a nonce first; every frame that comes back must begin with it. Text on stdout and an
//! exit code prove nothing (a submission can print `test result: ok` or call `process::exit(0)`);
//! only such a frame does.
//!
//! A frame is `length: u32` (little endian, of what follows), the nonce, one tag byte, then the fields.
//! Text is `length: u32` and UTF-8.
//!
//! What the grader sends needs no nonce: the nonce itself, an [`Order`], then answers to questions, or for a workload how
//! often it is to run.

use crate::ask::{Answer, Question};
use crate::explored::Explored;
use crate::field::{Field, invalid, records};
use std::io::{self, Read, Write};

/// Sixteen random bytes that only the grader and the harness of one process know.
pub type Nonce = [u8; 16];

/// No frame is longer than this, in bytes: a longer one is a fault of the sender, and is refused unread.
pub const LONGEST_FRAME: usize = 1 << 20;

/// The environment variable that holds the number of the inherited descriptor.
pub const DESCRIPTOR: &str = "GRADER_DESCRIPTOR";

/// Why a fact does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What was being looked at, or the panic's own message.
    pub about: String,
    /// What the fact demands; empty if the failure was an ordinary panic.
    pub expected: String,
    /// What was seen instead; empty if the failure was an ordinary panic.
    pub seen: String,
    /// The name of the thread that failed.
    pub thread: String,
    /// The source file of the failure, as the compiler was given it.
    pub file: String,
    /// The line in `file`, counted from 1; 0 if unknown.
    pub line: u32,
}

/// What a graded process reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The fact held, to the end of its body.
    Passed,
    /// The fact did not hold.
    Failed(Failure),
    /// The text that a transcript produced.
    Transcript(String),
    /// An allocation of so many bytes was refused.
    OutOfMemory(u64),
    /// A workload has run, and this is what it computed.
    Done(u64),
    /// A scenario has been explored.
    Explored(Box<Explored>),
    /// The process asks the grader about itself, and waits for the answer.
    Ask(Question),
}

impl Message {
    /// Whether it is the last word of a test; what comes before it does not decide anything.
    pub fn is_last_word(&self) -> bool {
        !matches!(self, Message::OutOfMemory(_) | Message::Ask(_))
    }
}

/// What a graded process is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The number of the test in the binary: see [`crate::entries`].
    pub entry: u64,
    /// The root file of the submission, in whose places the lanes of a scenario are told.
    pub subject: String,
    /// For a scenario: how many schedules of each random kind are tried, and how many steps all may take together.
    pub effort: Option<Effort>,
    /// For a scenario: the one schedule that is run.
    pub schedule: Option<String>,
}
records! { Order { entry, subject, effort, schedule } Effort { schedules, steps } }

/// How much is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Schedules of each random kind.
    pub schedules: u64,
    /// Steps of all schedules together.
    pub steps: u64,
}

/// Writes one frame.
///
/// # Errors
/// Those of `writer`.
pub fn send(writer: &mut impl Write, nonce: &Nonce, message: &Message) -> io::Result<()> {
    let body = encode(message);
    let length = (nonce.len() + body.len()) as u32;
    writer.write_all(&[&length.to_le_bytes()[..], nonce, &body].concat())
}

/// What stands in a frame behind the nonce.
pub fn encode(message: &Message) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    match message {
        Message::Passed => body.push(0),
        Message::Failed(failure) => {
            body.push(1);
            for text in [&failure.about, &failure.expected, &failure.seen, &failure.thread, &failure.file] {
                put_text(&mut body, text);
            }
            body.extend_from_slice(&failure.line.to_le_bytes());
        }
        Message::Transcript(text) => {
            body.push(2);
            put_text(&mut body, text);
        }
        Message::OutOfMemory(bytes) => body = out_of_memory(*bytes).to_vec(),
        Message::Done(checksum) => {
            body.push(4);
            body.extend_from_slice(&checksum.to_le_bytes());
        }
        Message::Explored(explored) => {
            body.push(5);
            explored.put(&mut body);
        }
        Message::Ask(question) => {
            body.push(6);
            question.put(&mut body);
        }
    }
    body
}

/// [`encode`] of [`Message::OutOfMemory`], without allocating.
pub fn out_of_memory(bytes: u64) -> [u8; 9] {
    let mut body = [3; 9];
    body[1..].copy_from_slice(&bytes.to_le_bytes());
    body
}

/// Takes the first whole frame out of `received`, if there is one.
///
/// # Errors
/// `InvalidData` if the bytes are not a frame with this nonce. Whoever wrote them was not the harness.
pub fn take(received: &mut Vec<u8>, nonce: &Nonce) -> io::Result<Option<Message>> {
    let Some(length) = received.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*length) as usize;
    if length > LONGEST_FRAME {
        return Err(invalid("a frame longer than any the harness sends"));
    }
    if received.len() < 4 + length {
        return Ok(None);
    }
    let body: Vec<u8> = received.drain(..4 + length).skip(4).collect();
    let mut fields = body.strip_prefix(nonce).ok_or_else(|| invalid("a frame without the nonce"))?;
    let message = match take_array::<1>(&mut fields)?[0] {
        0 => Message::Passed,
        1 => Message::Failed(Failure {
            about: take_text(&mut fields)?,
            expected: take_text(&mut fields)?,
            seen: take_text(&mut fields)?,
            thread: take_text(&mut fields)?,
            file: take_text(&mut fields)?,
            line: u32::from_le_bytes(take_array(&mut fields)?),
        }),
        2 => Message::Transcript(take_text(&mut fields)?),
        3 => Message::OutOfMemory(u64::from_le_bytes(take_array(&mut fields)?)),
        4 => Message::Done(u64::from_le_bytes(take_array(&mut fields)?)),
        5 => Message::Explored(Box::new(Explored::take(&mut fields)?)),
        6 => Message::Ask(Question::take(&mut fields)?),
        _ => return Err(invalid("a frame of an unknown kind")),
    };
    if !fields.is_empty() {
        return Err(invalid("a frame with something behind its last field"));
    }
    Ok(Some(message))
}

/// The frame of an order: the first thing that the grader sends after the nonce.
pub fn frame_of_order(order: &Order) -> Vec<u8> {
    frame(order)
}

/// The frame of an answer.
pub fn frame_of_answer(answer: &Answer) -> Vec<u8> {
    let whole = frame(answer);
    if whole.len() - 4 <= LONGEST_FRAME { whole } else { frame(&Answer::Unknown("the answer is too long".into())) }
}

fn frame(value: &impl Field) -> Vec<u8> {
    let mut frame = vec![0; 4];
    value.put(&mut frame);
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame
}

/// Reads the order.
///
/// # Errors
/// Those of `reader`; `InvalidData` if it is none.
pub fn read_order(reader: &mut impl Read) -> io::Result<Order> {
    read_frame(reader)
}

/// Reads an answer.
///
/// # Errors
/// Those of `reader`; `InvalidData` if it is none.
pub fn read_answer(reader: &mut impl Read) -> io::Result<Answer> {
    read_frame(reader)
}

fn read_frame<T: Field>(reader: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_FRAME {
        return Err(invalid("a frame longer than any the grader sends"));
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes)?;
    let mut fields = &bytes[..];
    let value = T::take(&mut fields)?;
    if fields.is_empty() { Ok(value) } else { Err(invalid("a frame with something behind its last field")) }
}

/// Sends the order to run a workload so many times.
///
/// # Errors
/// Those of `writer`.
pub fn order(writer: &mut impl Write, iterations: u64) -> io::Result<()> {
    writer.write_all(&iterations.to_le_bytes())
}

/// Waits for the next order; `None` when the grader has no more.
///
/// # Errors
/// Those of `reader`, but for an end between two orders.
pub fn next_order(reader: &mut impl Read) -> io::Result<Option<u64>> {
    let mut iterations = [0; 8];
    match reader.read_exact(&mut iterations) {
        Ok(()) => Ok(Some(u64::from_le_bytes(iterations))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Longer texts are cut, at a character, so that a frame always fits.
const LONGEST_TEXT: usize = LONGEST_FRAME / 8;

fn put_text(body: &mut Vec<u8>, text: &str) {
    let text = &text[..text.floor_char_boundary(LONGEST_TEXT)];
    body.extend_from_slice(&(text.len() as u32).to_le_bytes());
    body.extend_from_slice(text.as_bytes());
}

fn take_array<const N: usize>(fields: &mut &[u8]) -> io::Result<[u8; N]> {
    let (array, rest) = fields.split_first_chunk::<N>().ok_or_else(|| invalid("a frame that ends too early"))?;
    *fields = rest;
    Ok(*array)
}

fn take_text(fields: &mut &[u8]) -> io::Result<String> {
    let length = u32::from_le_bytes(take_array(fields)?) as usize;
    let (text, rest) = fields.split_at_checked(length).ok_or_else(|| invalid("a text that ends too early"))?;
    *fields = rest;
    String::from_utf8(text.to_vec()).map_err(|_| invalid("a text that is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONCE: Nonce = *b"0123456789abcdef";

    fn any_message() -> impl Strategy<Value = Message> {
        let texts = ("\\PC*", "\\PC*", "\\PC*", "\\PC*", "\\PC*", any::<u32>());
        prop_oneof![
            Just(Message::Passed),
            texts.prop_map(|(about, expected, seen, thread, file, line)| Message::Failed(Failure {
                about,
                expected,
                seen,
                thread,
                file,
                line
            })),
            "\\PC*".prop_map(Message::Transcript),
            any::<u64>().prop_map(Message::OutOfMemory),
            any::<u64>().prop_map(Message::Done),
            proptest::sample::select(&Question::ALL[..]).prop_map(Message::Ask),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_back_as_they_were_sent(messages in proptest::collection::vec(any_message(), 0..5)) {
            let mut bytes = Vec::new();
            for message in &messages {
                send(&mut bytes, &NONCE, message).unwrap();
            }
            let mut back = Vec::new();
            while let Some(message) = take(&mut bytes, &NONCE).unwrap() {
                back.push(message);
            }
            prop_assert_eq!(messages, back);
            prop_assert!(bytes.is_empty());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes: Vec<u8>) {
            while let Ok(Some(_)) = take(&mut bytes, &NONCE) {}
        }
    }

    #[test]
    fn a_frame_with_another_nonce_is_refused() {
        let mut bytes = Vec::new();
        send(&mut bytes, b"fedcba9876543210", &Message::Passed).unwrap();
        assert!(take(&mut bytes, &NONCE).is_err());
    }

    #[test]
    fn half_a_frame_is_waited_for() {
        let mut bytes = Vec::new();
        send(&mut bytes, &NONCE, &Message::Transcript("abc".into())).unwrap();
        bytes.pop();
        assert_eq!(take(&mut bytes, &NONCE).unwrap(), None);
    }

    #[test]
    fn orders_and_answers_come_back_as_they_were_sent() {
        let effort = Some(Effort { schedules: 600, steps: 1 << 40 });
        let order = Order { entry: 7, subject: "src/lib.rs".into(), effort, schedule: Some("0.1".into()) };
        let bytes = frame_of_order(&order);
        assert_eq!(read_order(&mut &bytes[..]).unwrap(), order);
        let answer = Answer::Text("VmPeak: 1 kB".into());
        let bytes = frame_of_answer(&answer);
        assert_eq!(read_answer(&mut &bytes[..]).unwrap(), answer);
        for end in 0..bytes.len() {
            assert!(read_answer(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn an_answer_too_long_is_replaced_by_the_reason() {
        let bytes = frame_of_answer(&Answer::Text("x".repeat(LONGEST_FRAME)));
        assert!(matches!(read_answer(&mut &bytes[..]).unwrap(), Answer::Unknown(why) if why.contains("too long")));
    }

    #[test]
    fn a_text_too_long_is_cut_and_still_arrives() {
        let mut bytes = Vec::new();
        send(&mut bytes, &NONCE, &Message::Transcript("ä".repeat(LONGEST_FRAME))).unwrap();
        let Some(Message::Transcript(text)) = take(&mut bytes, &NONCE).unwrap() else { panic!("no transcript") };
        assert!(text.len() <= LONGEST_TEXT && text.len() + 2 > LONGEST_TEXT);
    }
}
