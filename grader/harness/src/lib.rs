//! What hidden tests are written with.
//!
//! A hidden test is an ordinary `#[test]` in an ordinary crate: `cargo test -p tests-<slug>` runs it against the
//! reference, an editor shows its errors. The attributes of this crate add what a grader needs: run by the grader,
//! each fact has a process of its own, and reports over an inherited descriptor ([`probe::wire`]) instead of by exit code.
//!
//! With the feature `explore`, scenarios are linked with `interleave` instead of real threads: `actor`, `quiesce`, `sleep`,
//! `block_on`, `note` and `Tracked` are then those of the exploration, under the same names.
//!
//! Three things make tests of concurrent code *exact* instead of timed:
//! - [`actor`] starts a named thread that plays a part in the story of a test;
//! - [`quiesce`] returns when every other thread is blocked, so that "it waits" can be asserted without a sleep;
//! - [`cpu_time`] shows whether waiting costs anything.
//!
//! What stories are often played with is here, too: a [`Gate`] that holds calls up, a [`Log`] of what happens, a [`DropCount`],
//! a [`ManualTask`] that is polled by hand, [`catch_panic`] and its kin, other processes ([`start_peer`]) and the places where
//! they meet ([`listen_at`]), and tokio's [`paused_clock!`].
//!
//! Expectations are [`expect!`] and [`expect_eq!`]: they say what was demanded and what was seen, for a person who must
//! not read the test. Nothing here has an opinion on verdicts; that is the engine's.

#[cfg(not(feature = "explore"))]
mod actors;
mod addresses;
#[cfg(not(feature = "explore"))]
mod alone;
mod children;
mod clock;
mod drops;
mod entry;
#[cfg(feature = "explore")]
mod explored;
mod gate;
mod graded;
mod line;
mod log;
mod measures;
mod memory;
mod page;
mod panics;
mod patience;
mod peers;
pub mod process;
mod programs;
mod task;

// The std of what facts and scenarios both use: a scenario's helpers take part in its exploration.
#[cfg(feature = "explore")]
use interleave as explorable;
#[cfg(not(feature = "explore"))]
use std as explorable;

#[cfg(not(feature = "explore"))]
pub use actors::{Actor, actor, quiesce, sleep};
#[cfg(not(feature = "explore"))]
pub use addresses::unused_name;
pub use addresses::{connect_to, listen_at};
#[cfg(not(feature = "explore"))]
pub use alone::{Tracked, block_on, note};
pub use children::{ChildProcess, child_processes, children_running_after, reap_children};
pub use drops::{Counted, DropCount};
#[cfg(feature = "explore")]
pub use explored::{Actor, Tracked, actor, block_on, note, quiesce, sleep};
pub use gate::Gate;
pub use harness_macros::{fact, peer, programs, scenario, transcript, workload};
pub use log::Log;
pub use measures::{cpu_time, open_descriptors, threads_alive};
pub use panics::{catch_panic, panic_payload, panic_text};
pub use patience::Patience;
pub use peers::{Peer, peer_command, start_peer};
#[cfg(not(feature = "explore"))]
pub use probe::threads::Standing;
pub use programs::{Call, Specification, Step, returns};
pub use task::ManualTask;

/// What the attributes expand to. Apart from them, so that importing an attribute imports no function of its name.
#[doc(hidden)]
pub mod run {
    pub use crate::entry::main;
    #[cfg(feature = "explore")]
    pub use crate::explored::{programs, scenario};
    #[cfg(not(feature = "explore"))]
    pub use crate::graded::scenario;
    pub use crate::graded::{fact, transcript, workload};
    pub use crate::peers::{peer, play};
    #[cfg(not(feature = "explore"))]
    pub use crate::programs::programs;
    pub use probe::entries::{Entry, NONE, PEER, TEST, number, number_within_crate};
}

/// When all that can happen without the caller has happened, the condition holds.
///
/// # Panics
/// As an unmet expectation, if it does not.
#[track_caller]
pub fn eventually(about: &str, condition: impl FnOnce() -> bool) {
    quiesce();
    expect!(condition(), about, "it happens, when everything that can happen has happened", "it has not happened");
}

/// When all that can happen without the caller has happened, the condition still does not hold.
///
/// # Panics
/// As an unmet expectation, if it holds.
#[track_caller]
pub fn never(about: &str, condition: impl FnOnce() -> bool) {
    quiesce();
    expect!(!condition(), about, "it does not happen", "it has happened");
}

/// What a fact demanded and did not get. The payload of the panic that [`expect!`] and [`expect_eq!`] raise.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// What was being looked at.
    pub about: String,
    /// What the fact demands.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl std::fmt::Display for Unmet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}\n  expected: {}\n      seen: {}", self.about, self.expected, self.seen)
    }
}

/// Ends the fact: it does not hold.
///
/// # Panics
/// Always; that is how it ends the fact.
#[track_caller]
pub fn unmet(about: impl Into<String>, expected: impl Into<String>, seen: impl Into<String>) -> ! {
    let unmet = Unmet { about: about.into(), expected: expected.into(), seen: seen.into() };
    #[cfg(feature = "explore")]
    if interleave::engine::is_exploring() {
        explored::unmet(unmet, interleave::engine::FailureKind::Unmet);
    }
    if line::is_graded() { std::panic::panic_any(unmet) } else { panic!("{unmet}") }
}

/// Ends the scenario: somebody was passed over too often.
#[track_caller]
fn starved(about: String, expected: String, seen: String) -> ! {
    let unmet = Unmet { about, expected, seen };
    #[cfg(feature = "explore")]
    if interleave::engine::is_exploring() {
        explored::unmet(unmet, interleave::engine::FailureKind::Starvation);
    }
    self::unmet(unmet.about, unmet.expected, unmet.seen)
}

/// `expect!(condition, "what is looked at", "what is demanded", "what was seen")`: each text may be any expression
/// that becomes a `String`, and is evaluated only when the condition is false.
#[macro_export]
macro_rules! expect {
    ($condition:expr, $about:expr, $expected:expr, $seen:expr $(,)?) => {
        if !$condition {
            $crate::unmet($about, $expected, $seen)
        }
    };
}

/// `expect_ne!(seen, other, "what is looked at")`: the two differ. Both must be `Debug` and comparable.
#[macro_export]
macro_rules! expect_ne {
    ($seen:expr, $other:expr, $about:expr $(,)?) => {
        match (&$seen, &$other) {
            (seen, other) => {
                if *seen == *other {
                    $crate::unmet($about, format!("anything but {other:?}"), format!("{seen:?}"))
                }
            }
        }
    };
}

/// `expect_eq!(seen, expected, "what is looked at")`: both must be `Debug` and comparable.
#[macro_export]
macro_rules! expect_eq {
    ($seen:expr, $expected:expr, $about:expr $(,)?) => {
        match (&$seen, &$expected) {
            (seen, expected) => {
                if !(*seen == *expected) {
                    $crate::unmet($about, format!("{expected:?}"), format!("{seen:?}"))
                }
            }
        }
    };
}
