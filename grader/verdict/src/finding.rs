//! What was found wrong with a submission, in a form that a person can act on.

use crate::{Check, Interleaving};
use serde::{Deserialize, Serialize};

/// One thing that is wrong with a submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The check that found it.
    pub check: Check,
    /// What sort of fault it is.
    pub kind: Kind,
    /// The fact, case, rule, transcript, workload or error code that it is about; stable from one grading to the next.
    pub subject: String,
    /// One sentence: what is true of correct code, or what happened.
    pub message: String,
    /// What was demanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was seen instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Where in the submission, if there is a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Longer text: the compiler's own words, a difference, the last words of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// For a hang: where each thread stood.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<Standing>,
    /// For a failing schedule: the interleaving, step by step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interleaving: Option<Box<Interleaving>>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_step: Option<String>,
}

/// A place in the submission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The file, as the user would write it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// Where one thread of a process stood when the process was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The thread's name.
    pub thread: String,
    /// What it was doing.
    pub doing: String,
}

/// The sort of a fault; the codes follow the judges' tradition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A fact does not hold, or a text differs.
    WrongAnswer,
    /// The submission does not compile, or not against the API that the brief asks for.
    CompileError,
    /// What must be refused by the compiler is accepted, or the other way round.
    WrongTypes,
    /// A panic.
    Panic,
    /// Ended by a signal: an abort, an overflow of the stack.
    Signal,
    /// Every thread waits for another one, for ever.
    Deadlock,
    /// A thread waits although what it waits for has come.
    LostWakeup,
    /// Threads keep going, and get nowhere.
    Livelock,
    /// A waiter is passed over more often than it may be.
    Starvation,
    /// Two threads touch the same data at once, and nothing orders them.
    DataRace,
    /// A thread or task still waits when everything is over.
    LeftWaiting,
    /// Uses something that schedules cannot be explored through: not the learner's fault.
    Unexplorable,
    /// Still going when its time was up.
    TimeLimit,
    /// Wanted more memory than it may have.
    MemoryLimit,
    /// Printed more than it may.
    OutputLimit,
    /// The process ended before the fact was decided.
    EarlyExit,
    /// A process was left behind.
    LeftBehind,
    /// Tried to write the grader's own records.
    Forgery,
    /// The source holds something that the exercise forbids.
    Forbidden,
    /// Slower than the reference by more than the limit.
    Slow,
    /// Could not be measured with certainty; never counts against the learner.
    Inconclusive,
}

impl Kind {
    /// The short code that judges use.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::WrongAnswer => "WA",
            Kind::CompileError => "CE",
            Kind::WrongTypes => "WT",
            Kind::Panic => "RE",
            Kind::Signal => "SG",
            Kind::Deadlock | Kind::LostWakeup | Kind::LeftWaiting => "DL",
            Kind::Livelock => "LL",
            Kind::Starvation => "ST",
            Kind::DataRace => "DR",
            Kind::Unexplorable => "UX",
            Kind::TimeLimit => "TLE",
            Kind::MemoryLimit => "MLE",
            Kind::OutputLimit => "OLE",
            Kind::EarlyExit => "EE",
            Kind::LeftBehind | Kind::Forgery => "SV",
            Kind::Forbidden => "FB",
            Kind::Slow => "SLOW",
            Kind::Inconclusive => "??",
        }
    }

    /// A few words for the head of a finding.
    pub const fn words(self) -> &'static str {
        match self {
            Kind::WrongAnswer => "wrong answer",
            Kind::CompileError => "does not compile",
            Kind::WrongTypes => "wrong types",
            Kind::Panic => "panic",
            Kind::Signal => "killed by a signal",
            Kind::Deadlock => "deadlock",
            Kind::LostWakeup => "lost wakeup",
            Kind::Livelock => "livelock",
            Kind::Starvation => "starvation",
            Kind::DataRace => "data race",
            Kind::LeftWaiting => "left waiting",
            Kind::Unexplorable => "not explored",
            Kind::TimeLimit => "time limit",
            Kind::MemoryLimit => "memory limit",
            Kind::OutputLimit => "output limit",
            Kind::EarlyExit => "early exit",
            Kind::LeftBehind => "process left behind",
            Kind::Forgery => "forged record",
            Kind::Forbidden => "forbidden",
            Kind::Slow => "slow",
            Kind::Inconclusive => "inconclusive",
        }
    }
}
