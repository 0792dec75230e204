//! What the exploration of one scenario found out, as it goes over the descriptor.

#[cfg(test)]
use crate::field::Field;
use crate::field::records;

/// The result of exploring one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// What was covered, phase by phase.
    pub covered: Vec<Covered>,
    /// Steps taken in all schedules.
    pub steps: u64,
    /// Microseconds that the exploration took.
    pub micros: u64,
    /// The failing schedule, if there is one.
    pub found: Option<Found>,
    /// Of how many generated programs; 0 for a scenario.
    pub programs: u64,
}

/// What one phase covered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// `urw`, `random`, `spurious`, `late`, `bounded`, `replay`.
    pub phase: String,
    /// For `bounded`: how many preemptions.
    pub bound: u32,
    /// Schedules tried.
    pub schedules: u64,
    /// Whether there are no others of this kind.
    pub exhausted: bool,
}

/// A failing schedule, shrunk and recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `deadlock`, `lost_wakeup`, `leak`, `livelock`, `panic`, `unmet`, `starvation`, `race`.
    pub kind: String,
    /// A panic's message, or what was being looked at.
    pub about: String,
    /// What the scenario demands; empty for a panic.
    pub expected: String,
    /// What was seen instead; empty for a panic.
    pub seen: String,
    /// The task that failed, as an index into `lanes`.
    pub lane: u32,
    /// Where it failed, if at one place.
    pub place: Option<Place>,
    /// The phase that found it, and which of its schedules it was, from 1.
    pub phase: String,
    /// Which schedule of that phase, from 1.
    pub nth: u64,
    /// Which schedule of all, from 1.
    pub nth_in_all: u64,
    /// Preemptions and unusual outcomes in the schedule that is shown.
    pub preemptions: u32,
    /// The same in the schedule that was found first.
    pub preemptions_before: u32,
    /// Whether the same schedule failed again.
    pub reproduced: bool,
    /// The schedule, to be replayed.
    pub schedule: String,
    /// The generated program, as a person reads it; empty for a scenario.
    pub program: String,
    /// The names of threads and tasks.
    pub lanes: Vec<String>,
    /// The objects that steps are about.
    pub things: Vec<Thing>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Steps left out at the beginning.
    pub omitted: u32,
    /// Who waits for what at the end.
    pub waiting: Vec<Waiting>,
}

/// A place in a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the compiler was given it.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// A mutex, a condition variable, an atomic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thing {
    /// "mutex".
    pub kind: String,
    /// Where it was made.
    pub made: Place,
}

/// One step of one lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub lane: u32,
    /// "lock".
    pub operation: String,
    /// On what, as an index into `things`.
    pub thing: Option<u32>,
    /// `done`, `blocked`, `resumed`, `timed_out`, `spurious`, `note`, `ended`.
    pub mark: String,
    /// A value, a name, a text.
    pub detail: String,
    /// Where.
    pub place: Place,
    /// Virtual time, in nanoseconds.
    pub time: u64,
    /// The function of the submission that the scenario has called; empty if the step is the scenario's own.
    pub call: String,
    /// The line of the scenario that called it; 0 if unknown.
    pub call_line: u32,
}

/// A lane that waits at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub lane: u32,
    /// "lock".
    pub operation: String,
    /// On what.
    pub thing: Option<u32>,
    /// Who holds it, or is waited for.
    pub holder: Option<u32>,
    /// Woken, it would have gone on.
    pub missed: bool,
    /// Where.
    pub place: Place,
}

records! {
    Explored { covered, steps, micros, found, programs }
    Covered { phase, bound, schedules, exhausted }
    Found {
        kind, about, expected, seen, lane, place, phase, nth, nth_in_all, preemptions, preemptions_before,
        reproduced, schedule, program, lanes, things, steps, omitted, waiting,
    }
    Place { file, line, column }
    Thing { kind, made }
    Step { lane, operation, thing, mark, detail, place, time, call, call_line }
    Waiting { lane, operation, thing, holder, missed, place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exploration_comes_back_as_it_was_sent() {
        let place = Place { file: "lib.rs".into(), line: 3, column: 7 };
        let step = Step {
            operation: "lock".into(),
            thing: Some(0),
            mark: "blocked".into(),
            place: place.clone(),
            ..Step::default()
        };
        let waiting = Waiting { lane: 1, holder: Some(0), missed: true, ..Waiting::default() };
        let thing = Thing { kind: "mutex".into(), made: place.clone() };
        let found = Found {
            kind: "deadlock".into(),
            place: Some(place),
            lanes: vec!["main".into(), "ä".into()],
            things: vec![thing],
            steps: vec![step; 3],
            waiting: vec![waiting],
            ..Found::default()
        };
        let covered = Covered { phase: "bounded".into(), bound: 2, schedules: 7613, exhausted: true };
        let explored = Explored { covered: vec![covered], steps: 1 << 40, micros: 5, found: Some(found), programs: 0 };
        let mut bytes = Vec::new();
        explored.put(&mut bytes);
        let mut rest = &bytes[..];
        assert_eq!(Explored::take(&mut rest).unwrap(), explored);
        assert!(rest.is_empty());
        for end in 0..bytes.len() {
            assert!(Explored::take(&mut &bytes[..end]).is_err(), "cut at {end}");
        }
    }
}
