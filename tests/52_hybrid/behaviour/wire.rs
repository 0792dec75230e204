//! Items and answers byte by byte, and the end of a socket on which a fact speaks them.

use harness::quiesce;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

/// An answer, with the id of its item.
pub(super) type Answer = (u64, Result<u64, String>);

/// One end of a socket, in the hands of a fact: it plays the owner, or a worker.
pub(super) struct End {
    pub(super) stream: UnixStream,
    pub(super) unread: Vec<u8>,
    ended: bool,
}

impl End {
    pub(super) fn pair() -> (End, UnixStream) {
        let (stream, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
        stream.set_nonblocking(true).expect("a socket can be made not to block");
        (End { stream, unread: Vec::new(), ended: false }, theirs)
    }

    /// Writes, as long as the other side makes room for it. Gives up when it never will.
    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        let mut rested = false;
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => (bytes, rested) = (&bytes[count..], false),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !rested => {
                    quiesce();
                    rested = true;
                }
                Err(error) => harness::unmet("writing to the other side", "it reads on", error.to_string()),
            }
        }
    }

    /// Takes everything that is there when nothing goes on any more.
    pub(super) fn rest(&mut self) {
        quiesce();
        let mut bytes = [0; 4096];
        while !self.ended {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(count) => self.unread.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.ended = true,
            }
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.rest();
        self.ended
    }

    /// The items that have come since the last look, each with its id.
    pub(super) fn items(&mut self) -> Vec<(u64, u64)> {
        self.rest();
        let whole = self.unread.len() / 16 * 16;
        let taken: Vec<u8> = self.unread.drain(..whole).collect();
        taken.chunks_exact(16).map(|item| (number(&item[..8]), number(&item[8..]))).collect()
    }

    /// The answers that have come since the last look.
    pub(super) fn answers(&mut self) -> Vec<Answer> {
        self.rest();
        let (mut answers, mut taken) = (Vec::new(), 0);
        while let Some((answer, len)) = decode(&self.unread[taken..]) {
            taken += len;
            answers.push(answer);
        }
        self.unread.drain(..taken);
        answers
    }

    /// Answers that the output for each of these items is ten times the item.
    pub(super) fn answer_all(&mut self, items: &[(u64, u64)]) {
        let bytes: Vec<u8> = items.iter().flat_map(|(id, item)| output(*id, item * 10)).collect();
        self.write(&bytes);
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

/// The first answer, and its length; `None` if it has not come as a whole.
fn decode(bytes: &[u8]) -> Option<(Answer, usize)> {
    let id = number(bytes.get(..8)?);
    match bytes.get(8)? {
        0 => Some(((id, Ok(number(bytes.get(9..17)?))), 17)),
        _ => {
            let len = usize::from(u16::from_be_bytes(bytes.get(9..11)?.try_into().ok()?));
            let text = bytes.get(11..11 + len)?;
            Some(((id, Err(String::from_utf8_lossy(text).into_owned())), 11 + len))
        }
    }
}

pub(super) fn item(id: u64, item: u64) -> Vec<u8> {
    [id.to_be_bytes(), item.to_be_bytes()].concat()
}

pub(super) fn output(id: u64, output: u64) -> Vec<u8> {
    [&id.to_be_bytes()[..], &[0], &output.to_be_bytes()].concat()
}

pub(super) fn panicked(id: u64, text: &[u8]) -> Vec<u8> {
    let len = u16::try_from(text.len()).expect("a text of a fact fits into the header");
    [&id.to_be_bytes()[..], &[1], &len.to_be_bytes(), text].concat()
}
