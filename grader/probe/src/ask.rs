//! What a graded process asks about itself, and the answers.
//!
//! A graded process has no `/proc`. Its harness asks the grader, which reads `/proc/PID` from outside. Only the questions of
//! [`Question`] can be asked: a process never names a path or the id of a process, so it learns nothing about others.
//! Ids in answers are those that the process itself knows, also where it lives in a namespace of process ids.
//!
//! [`Question::answer`] is the one place where `/proc` is read for this. Without a grader, the harness calls it for its own process.

use crate::children::{self, Child};
use crate::descriptors::{self, Descriptor};
use crate::field::{Field, invalid};
use crate::shares::Shares;
use crate::threads::{self, Reading};
use std::fs;
use std::io;

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Where each thread stands.
    Threads,
    /// How much of the cores its threads had.
    Shares,
    /// Its direct children.
    Children,
    /// Its open descriptors, and what each leads to.
    Descriptors,
    /// The text of `/proc/PID/status`.
    Status,
    /// The text of `/proc/PID/statm`.
    Statm,
    /// The text of `/proc/PID/maps`.
    Maps,
    /// The text of `/proc/PID/smaps_rollup`.
    Rollup,
}

/// What the grader says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Threads`].
    Threads(Reading),
    /// To [`Question::Shares`].
    Shares(Shares),
    /// To [`Question::Children`].
    Children(Vec<Child>),
    /// To [`Question::Descriptors`].
    Descriptors(Vec<Descriptor>),
    /// To the questions for a text.
    Text(String),
    /// It could not be found out: why.
    Unknown(String),
}

impl Question {
    /// All questions; the place of each is its number in a frame.
    pub const ALL: [Question; 8] = [
        Question::Threads,
        Question::Shares,
        Question::Children,
        Question::Descriptors,
        Question::Status,
        Question::Statm,
        Question::Maps,
        Question::Rollup,
    ];

    /// Finds the answer for process `pid`, or for the calling process if `None`, in `/proc`.
    ///
    /// # Errors
    /// If the process is gone, or `/proc` cannot be read.
    pub fn answer(self, pid: Option<u32>) -> io::Result<Answer> {
        let text = |file: &str| fs::read_to_string(format!("{}/{file}", crate::proc_of(pid))).map(Answer::Text);
        match self {
            Question::Threads => threads::read(pid).map(Answer::Threads),
            Question::Shares => Ok(Answer::Shares(Shares::of(pid))),
            Question::Children => children::of(pid).map(Answer::Children),
            Question::Descriptors => descriptors::of(pid).map(Answer::Descriptors),
            Question::Status => text("status"),
            Question::Statm => text("statm"),
            Question::Maps => text("maps"),
            Question::Rollup => text("smaps_rollup"),
        }
    }
}

impl Field for Question {
    fn put(&self, body: &mut Vec<u8>) {
        (*self as u8).put(body);
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        let number = usize::from(u8::take(bytes)?);
        Question::ALL.get(number).copied().ok_or_else(|| invalid("a question of an unknown kind"))
    }
}

impl Field for Answer {
    fn put(&self, body: &mut Vec<u8>) {
        match self {
            Answer::Threads(reading) => (0_u8.put(body), reading.put(body)).1,
            Answer::Shares(shares) => (1_u8.put(body), shares.put(body)).1,
            Answer::Children(children) => (2_u8.put(body), children.put(body)).1,
            Answer::Descriptors(descriptors) => (3_u8.put(body), descriptors.put(body)).1,
            Answer::Text(text) => (4_u8.put(body), text.put(body)).1,
            Answer::Unknown(why) => (5_u8.put(body), why.put(body)).1,
        }
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        Ok(match u8::take(bytes)? {
            0 => Answer::Threads(Field::take(bytes)?),
            1 => Answer::Shares(Field::take(bytes)?),
            2 => Answer::Children(Field::take(bytes)?),
            3 => Answer::Descriptors(Field::take(bytes)?),
            4 => Answer::Text(Field::take(bytes)?),
            5 => Answer::Unknown(Field::take(bytes)?),
            _ => return Err(invalid("an answer of an unknown kind")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_an_answer_and_both_come_back_as_they_were_sent() {
        for question in Question::ALL {
            let mut bytes = Vec::new();
            question.put(&mut bytes);
            assert_eq!(Question::take(&mut &bytes[..]).unwrap(), question);
            let answer = question.answer(None).unwrap();
            let mut bytes = Vec::new();
            answer.put(&mut bytes);
            let mut rest = &bytes[..];
            assert_eq!(Answer::take(&mut rest).unwrap(), answer);
            assert!(rest.is_empty());
        }
        assert!(Question::take(&mut &[Question::ALL.len() as u8][..]).is_err());
    }

    #[test]
    fn a_process_that_is_gone_has_no_answer() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let id = child.id();
        child.wait().unwrap();
        assert!(Question::Status.answer(Some(id)).is_err());
        assert!(Question::Threads.answer(Some(id)).is_err());
    }
}
