//! What the corpus knows of each of its bugs.

use interleave::engine::{FailureKind, Limits};

/// Each program is written once; what mends it is an `if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Broken,
    Mended,
}

impl Version {
    pub(crate) fn is_mended(self) -> bool {
        self == Version::Mended
    }
}

/// A program with a bug.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bug {
    pub(crate) name: &'static str,
    pub(crate) suite: &'static str,
    /// What its idea is called there.
    pub(crate) origin: &'static str,
    /// How it shows.
    pub(crate) kind: FailureKind,
    pub(crate) limits: Limits,
    /// The usual plan does not find it: it takes more schedules than anybody would wait for.
    pub(crate) is_deep: bool,
    pub(crate) program: fn(Version),
}

/// A bug that needs nothing special.
pub(crate) const fn bug(origin: &'static str, kind: FailureKind) -> Bug {
    let limits = Limits { steps: 20_000, panics: false, leftovers: false, weak_memory: false };
    Bug { name: "", suite: "", origin, kind, limits, is_deep: false, program: |_| () }
}

impl Bug {
    /// It is legal for its threads to panic.
    pub(crate) const fn with_panics(mut self) -> Self {
        self.limits.panics = true;
        self
    }

    /// It is legal for its threads to wait when all is over.
    pub(crate) const fn with_leftovers(mut self) -> Self {
        self.limits.leftovers = true;
        self
    }

    /// It only shows where atomics may return old values.
    pub(crate) const fn with_weak_memory(mut self) -> Self {
        self.limits.weak_memory = true;
        self
    }

    /// It takes hundreds of thousands of schedules.
    pub(crate) const fn deep(mut self) -> Self {
        self.is_deep = true;
        self
    }
}
