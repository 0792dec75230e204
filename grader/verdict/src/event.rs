//! What happens during a grading, for somebody who watches: also as lines of JSON (`--format events`).

use crate::{Check, CheckReport, Finding, Outcome, Report};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// One step of a grading. A watcher may ignore any of them; the report has everything that matters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Dependencies of an exercise are being built; this happens once, and takes a while.
    Preparing {
        /// What for, in a few words.
        what: String,
    },
    /// The compiler is at work.
    Compiling {
        /// On what.
        what: Cow<'static, str>,
    },
    /// A check has begun.
    Started {
        /// Which.
        check: Check,
        /// How many items it has.
        items: usize,
    },
    /// One item of a check has ended.
    Item {
        /// Which check.
        check: Check,
        /// The item's name.
        name: String,
        /// How it ended.
        outcome: Outcome,
        /// What is wrong, if something is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding: Option<Box<Finding>>,
    },
    /// What failed in the last grading has been tried again, before everything else. Its item is still to come.
    Again {
        /// Which check.
        check: Check,
        /// The item's name.
        name: String,
        /// How it ended.
        outcome: Outcome,
        /// What is wrong, if something still is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        finding: Option<Box<Finding>>,
    },
    /// A check has ended.
    Ended(Box<CheckReport>),
    /// The grading has ended: the last line of `--format events`.
    Report(Box<Report>),
}
