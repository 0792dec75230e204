//! The checks of an exercise, in the order in which they are made and reported.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One kind of check. A closed set: each has one module in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// What the exercise forbids is not in the source.
    SourceRules,
    /// The submission compiles, and has the public API that the brief asks for.
    Build,
    /// Misuse of the submission's types is refused by the compiler, proper use is not.
    CompileFail,
    /// Facts about the submission on real threads, processes or a paused clock.
    Behaviour,
    /// Scenarios that must come out well however the threads are interleaved.
    Schedules,
    /// A small program over the submission prints the committed text.
    Transcript,
    /// The submission is not slower than a multiple of the reference.
    Timing,
}

impl Check {
    /// All checks in order.
    pub const ALL: [Check; 7] = [
        Check::SourceRules,
        Check::Build,
        Check::CompileFail,
        Check::Behaviour,
        Check::Schedules,
        Check::Transcript,
        Check::Timing,
    ];

    /// The name in files, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Check::SourceRules => "source_rules",
            Check::Build => "build",
            Check::CompileFail => "compile_fail",
            Check::Behaviour => "behaviour",
            Check::Schedules => "schedules",
            Check::Transcript => "transcript",
            Check::Timing => "timing",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A word that names no check.
#[derive(Debug)]
pub struct UnknownCheck(String);

impl fmt::Display for UnknownCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Check::ALL.map(Check::name).join(", ");
        write!(formatter, "there is no check '{}'; the checks are {names}", self.0)
    }
}

impl std::error::Error for UnknownCheck {}

impl FromStr for Check {
    type Err = UnknownCheck;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let plain = word.replace('-', "_");
        Check::ALL.into_iter().find(|check| check.name() == plain).ok_or_else(|| UnknownCheck(word.to_owned()))
    }
}
