//! The schedule that breaks a submission, as data: lanes, steps, who waits for whom.

use crate::Location;
use serde::{Deserialize, Serialize};

/// One failing schedule of one scenario, shrunk to few preemptions and recorded step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interleaving {
    /// The names of the threads and tasks, in the order in which they were started. The first is the scenario itself.
    pub lanes: Vec<String>,
    /// The locks, condition variables, atomics, … that steps are about.
    pub objects: Vec<Object>,
    /// What happened, in order; one step of one lane at a time.
    pub steps: Vec<Step>,
    /// Steps left out at the beginning.
    pub omitted: u32,
    /// Who waits for what at the end.
    pub waiting: Vec<Waiting>,
    /// How it was found.
    pub found: Discovery,
    /// The decisions of the schedule, for a replay.
    pub schedule: String,
}

/// How a failing schedule was found and made readable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discovery {
    /// The way of search: `bounded`, `urw`, `random`, `spurious`, `late`, `replay`.
    pub by: String,
    /// Which of its schedules it was, from 1.
    pub nth: u64,
    /// Which of all schedules it was, from 1.
    pub nth_in_all: u64,
    /// Preemptions, unusual outcomes, spurious wakeups and moments at which somebody is late, in it.
    pub preemptions: u32,
    /// The same before it was shrunk.
    pub preemptions_before: u32,
    /// Whether the same schedule failed again. If not, the submission depends on something besides its schedule.
    pub reproduced: bool,
}

/// Something that steps are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// `mutex`, `condvar`, `atomic`, `thread`, …
    pub kind: String,
    /// Its name: that of the field or variable it was made for, or its kind with a number.
    pub name: String,
    /// Where it was made, if in the submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Location>,
}

/// One step of one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Whose, as an index into the lanes.
    pub lane: usize,
    /// What: `lock`, `wait`, `notify_one`, `load`.
    pub operation: String,
    /// On what, as an index into the objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<usize>,
    /// How it went.
    pub mark: Mark,
    /// A value, the name of another lane, a text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Where, if in the submission; otherwise it is the scenario's own step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The function of the submission that the scenario has called; absent if the step is the scenario's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// Virtual time in nanoseconds since the beginning.
    pub nanos: u64,
}

/// A call of the submission's public API by a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The function, `RwLock::write`; `drop of ReadGuard` for a destructor.
    pub function: String,
    /// The line of the scenario; 0 if unknown.
    pub scenario_line: u32,
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// It was done.
    Done,
    /// It could not be done: the lane waits from here on.
    Blocked,
    /// What had blocked the lane is over.
    Resumed,
    /// The lane's time to wait was up.
    TimedOut,
    /// A wait ended without anybody's doing, as the standard library allows.
    Spurious,
    /// The lane ended.
    Ended,
    /// Here it fails: a panic, a demand of the scenario that is not met, two accesses that nothing orders.
    Failed,
    /// Something that the program or the scenario says.
    Note,
}

/// A lane that waits at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// Whose, as an index into the lanes.
    pub lane: usize,
    /// In which operation.
    pub operation: String,
    /// On what, as an index into the objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<usize>,
    /// The lane that holds it, or that is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<usize>,
    /// Had it been woken, it would have gone on: it missed its wakeup.
    pub missed: bool,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}
