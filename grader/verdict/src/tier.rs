//! How well the programs of a grading were confined.

use serde::{Deserialize, Serialize};

/// How well a program is confined. The better one is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Tier {
    /// A private root, network and process table; Landlock; a filter of system calls.
    A,
    /// A private root, network and process table.
    B,
    /// Landlock and a filter of system calls, among everything else that the machine runs.
    C,
    /// Limits on memory and time only.
    D,
}

impl Tier {
    /// All, from the best to the least.
    pub const ALL: [Tier; 4] = [Tier::A, Tier::B, Tier::C, Tier::D];

    /// The letter.
    pub fn letter(self) -> &'static str {
        match self {
            Tier::A => "A",
            Tier::B => "B",
            Tier::C => "C",
            Tier::D => "D",
        }
    }

    /// What confines a program, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Tier::A => "private files, processes and network; Landlock; filtered system calls",
            Tier::B => "private files, processes and network",
            Tier::C => "Landlock and filtered system calls, without private namespaces",
            Tier::D => "limits on memory and time only: it can read and write what you can",
        }
    }
}
