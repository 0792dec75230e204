//! What has been achieved so far, as a fold over the entries of the history.

use crate::{Check, Score, Verdict};
use serde::{Deserialize, Serialize};

/// One line of the history: something the learner did with one exercise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// The exercise's folder name.
    pub exercise: String,
    /// What.
    pub what: Attempt,
}

/// What a learner can do with an exercise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "did", deny_unknown_fields)]
pub enum Attempt {
    /// Opened it in `watch`: time is counted from here.
    Opened,
    /// Had it graded.
    Check {
        /// The verdict.
        verdict: Verdict,
        /// Whether all checks were asked for.
        complete: bool,
        /// The points.
        score: Score,
        /// The checks that failed.
        failed: Vec<Check>,
        /// The facts, cases, scenarios, transcripts and workloads that failed, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<String>,
        /// For each workload, how many times as long as the reference it took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        timing: Vec<Timed>,
        /// How long the grading took, in milliseconds.
        millis: u64,
    },
    /// Read the hint of this number, counted from 1.
    Hint {
        /// Which.
        number: usize,
    },
    /// Asked for the solution before acceptance.
    GaveUp,
    /// Put the starter back.
    Reset,
}

/// How long one workload took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timed {
    /// The workload's name.
    pub workload: String,
    /// So many times as long as the reference.
    pub ratio: f64,
}

/// How far one exercise has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Complete gradings of the learner's own code.
    pub attempts: usize,
    /// The highest score so far.
    pub best: Score,
    /// Whether a complete grading accepted it.
    pub accepted: bool,
    /// Whether the solution was shown before that.
    pub gave_up: bool,
    /// How many hints have been read.
    pub hints: usize,
    /// The best of the complete gradings that were accepted: so many times as long as the reference, in the workload that is
    /// slowest in comparison.
    pub ratio: Option<f64>,
}

/// The state of an exercise, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Never graded.
    New,
    /// Graded, not accepted.
    Begun,
    /// The solution was shown, and it has not been accepted before or since.
    GivenUp,
    /// Accepted.
    Accepted,
}

impl Progress {
    /// Folds the entries of one exercise, oldest first.
    pub fn of<'a>(exercise: &str, entries: impl IntoIterator<Item = &'a Entry>) -> Progress {
        let mut progress = Progress::default();
        for entry in entries.into_iter().filter(|entry| entry.exercise == exercise) {
            match &entry.what {
                Attempt::Check { verdict, complete, score, timing, .. } => {
                    progress.attempts += 1;
                    if score.points >= progress.best.points && *complete {
                        progress.best = *score;
                    }
                    let accepted = *complete && *verdict == Verdict::Accepted;
                    progress.accepted |= accepted;
                    let slowest = timing.iter().map(|timed| timed.ratio).reduce(f64::max).filter(|_| accepted);
                    progress.ratio = [progress.ratio, slowest].into_iter().flatten().reduce(f64::min);
                }
                Attempt::Hint { number } => progress.hints = progress.hints.max(*number),
                Attempt::GaveUp => progress.gave_up |= !progress.accepted,
                // A reset puts the file back, not the history: what was accepted stays accepted.
                Attempt::Reset | Attempt::Opened => {}
            }
        }
        progress
    }

    /// The state in one word.
    pub fn state(&self) -> State {
        match (self.accepted, self.gave_up, self.attempts) {
            (true, ..) => State::Accepted,
            (false, true, _) => State::GivenUp,
            (false, false, 0) => State::New,
            (false, false, _) => State::Begun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(verdict: Verdict, complete: bool) -> Attempt {
        Attempt::Check {
            verdict,
            complete,
            score: Score { points: 5, of: 10 },
            failed: vec![],
            items: vec![],
            timing: vec![],
            millis: 1,
        }
    }

    fn any_attempt() -> impl Strategy<Value = Attempt> {
        prop_oneof![
            Just(check(Verdict::Accepted, true)),
            Just(check(Verdict::Accepted, false)),
            Just(check(Verdict::Rejected, true)),
            (1..4usize).prop_map(|number| Attempt::Hint { number }),
            Just(Attempt::GaveUp),
            Just(Attempt::Reset),
        ]
    }

    proptest! {
        #[test]
        fn acceptance_is_never_lost(attempts in proptest::collection::vec(any_attempt(), 0..12)) {
            let entries: Vec<Entry> = attempts
                .into_iter()
                .map(|what| Entry { at: String::new(), exercise: "11_gil".into(), what })
                .collect();
            let mut accepted = false;
            for end in 0..=entries.len() {
                let progress = Progress::of("11_gil", &entries[..end]);
                prop_assert!(progress.accepted || !accepted);
                accepted = progress.accepted;
            }
            prop_assert_eq!(accepted, entries.iter().any(|entry| entry.what == check(Verdict::Accepted, true)));
            prop_assert_eq!(Progress::of("22_gather", &entries), Progress::default());
        }
    }

    #[test]
    fn the_best_ratio_is_that_of_the_slowest_workload_in_the_best_accepted_grading() {
        let timed = |verdict: Verdict, ratios: [f64; 2]| {
            let timing = ratios.map(|ratio| Timed { workload: String::new(), ratio }).to_vec();
            let score = Score { points: 5, of: 10 };
            let what =
                Attempt::Check { verdict, complete: true, score, failed: vec![], items: vec![], timing, millis: 1 };
            Entry { at: String::new(), exercise: "11_gil".into(), what }
        };
        let past = [
            timed(Verdict::Accepted, [1.5, 0.9]),
            timed(Verdict::Rejected, [0.2, 0.2]),
            timed(Verdict::Accepted, [1.1, 1.2]),
            timed(Verdict::Accepted, [0.5, 1.4]),
        ];
        assert_eq!(Progress::of("11_gil", &past).ratio, Some(1.2));
    }

    #[test]
    fn some_checks_alone_accept_nothing() {
        let entry = Entry { at: String::new(), exercise: "11_gil".into(), what: check(Verdict::Accepted, false) };
        assert_eq!(Progress::of("11_gil", [&entry]).state(), State::Begun);
    }
}
