//! The report of one grading, and the one way from checks to a verdict.

use crate::tier::Tier;
use crate::{Check, Finding};
use serde::{Deserialize, Serialize};

/// The version of the JSON form of a [`Report`]. Raised when a field changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that one grading of one exercise found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this form: [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The exercise's folder name, `34_read_write_lock`.
    pub exercise: String,
    /// The section of the article, `3.4`.
    pub section: String,
    /// The exercise's title.
    pub title: String,
    /// What was graded.
    pub submission: Submission,
    /// The verdict on the checks that were asked for.
    pub verdict: Verdict,
    /// How well the programs of this grading were confined.
    pub confinement: Tier,
    /// Whether all checks of the exercise were asked for; only then does `accepted` mean the whole exercise.
    pub complete: bool,
    /// Points over all checks that were asked for.
    pub score: Score,
    /// The checks in their order.
    pub checks: Vec<CheckReport>,
    /// How long the grading took, in milliseconds.
    pub millis: u64,
}

impl Report {
    /// Whether nothing was left unexplored because the grader lacks something.
    pub fn is_explored(&self) -> bool {
        let left_out = |outcome: &Outcome| *outcome == Outcome::NotExplored;
        !self
            .checks
            .iter()
            .any(|check| left_out(&check.outcome) || check.items.iter().any(|item| left_out(&item.outcome)))
    }
}

/// What was graded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Whose code it is.
    pub origin: Origin,
    /// The crate's root file, as the user would write it.
    pub path: String,
}

/// Whose code is graded. All of them take the very same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The learner's own, in `exercises/`.
    Learner,
    /// A file or folder named with `--submission`.
    Submitted,
    /// The reference, in `solutions/`.
    Reference,
    /// A variant that must be accepted.
    Accepted,
    /// A variant that must be caught.
    Rejected,
}

/// Points reached, and points there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Points reached.
    pub points: u32,
    /// Points there were.
    pub of: u32,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckReport {
    /// Which check.
    pub check: Check,
    /// How it ended.
    pub outcome: Outcome,
    /// Points.
    pub score: Score,
    /// What was looked at, so that a pass says what it rests on.
    pub evidence: Evidence,
    /// The facts, cases, rules, transcripts or workloads, each with its own outcome.
    pub items: Vec<Item>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// How long the check took, in milliseconds.
    pub millis: u64,
}

/// How a check, or one item of it, ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because", deny_unknown_fields)]
pub enum Outcome {
    /// Nothing is wrong.
    Passed,
    /// Something is wrong.
    Failed,
    /// Could not be decided; never counts against the learner.
    Inconclusive,
    /// Schedules could not be explored: the stand-in for std lacks something that is used here. That is the grader's gap. It costs no
    /// points, and the other checks decide.
    NotExplored,
    /// Was not made, and why.
    NotRun(String),
}

impl Outcome {
    /// Whether it stands in the way of an accepted submission.
    pub fn is_in_order(&self) -> bool {
        matches!(self, Outcome::Passed | Outcome::NotExplored)
    }
}

/// One fact, case, rule, transcript or workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name, stable from one grading to the next.
    pub name: String,
    /// One sentence, true of correct code.
    pub statement: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// What a check looked at. A report never says "correct" when it means "nothing found in what was tried".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Evidence {
    /// The check was not made.
    None,
    /// So many source files were read against so many rules.
    Source {
        /// Files read.
        files: usize,
        /// Rules applied.
        rules: usize,
    },
    /// The compiler took the submission.
    Compiled {
        /// Its version.
        compiler: String,
    },
    /// So many cases were compiled.
    Cases {
        /// Cases that must be refused.
        refused: usize,
        /// Cases that must be accepted.
        accepted: usize,
    },
    /// So many facts were run, each once, in a process of its own.
    Facts {
        /// Facts run.
        run: usize,
        /// Facts there are.
        of: usize,
    },
    /// So many schedules were tried. Scenarios with all their schedules tried, up to a number of preemptions, say so.
    Schedules {
        /// One entry per scenario.
        scenarios: Vec<Schedules>,
    },
    /// So many texts were compared.
    Texts {
        /// Texts compared.
        compared: usize,
    },
    /// Paired runs against the reference.
    Pairs {
        /// One entry per workload.
        workloads: Vec<Pairs>,
    },
}

pub use pairs::Pairs;

/// What was tried of one scenario, or of programs that were generated from a specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedules {
    /// The scenario, or the test that generates programs.
    pub scenario: String,
    /// How many programs were generated; absent for a scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<u64>,
    /// Schedules sampled at random, from fixed seeds.
    pub sampled: u64,
    /// Every schedule with at most so many preemptions was tried; absent if not even those without any were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhausted_preemptions: Option<u32>,
    /// How many schedules those are.
    pub exhausted: u64,
    /// Schedules with more preemptions that were tried before the budget was spent.
    pub further: u64,
    /// Steps in all schedules together.
    pub steps: u64,
    /// How long it took, in microseconds.
    pub micros: u64,
}

mod pairs {
    use serde::{Deserialize, Serialize};

    /// What paired runs of one workload showed.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct Pairs {
        /// The workload.
        pub workload: String,
        /// Pairs run.
        pub pairs: u32,
        /// Pairs in which the submission was slower than `limit` × the reference.
        pub above: u32,
        /// The median of submission / reference.
        pub ratio: f64,
        /// The highest ratio that passes.
        pub limit: f64,
        /// The median duration of the submission's half of a pair, in milliseconds.
        pub millis: f64,
    }
}

/// The verdict on a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check that was asked for passed.
    Accepted,
    /// A check failed.
    Rejected,
    /// The submission does not compile.
    Unbuildable,
    /// No check failed, but at least one could not be decided.
    Inconclusive,
}

impl Verdict {
    /// The verdict that follows from the outcomes of checks.
    pub fn of(checks: &[CheckReport]) -> Verdict {
        let any = |wanted: fn(&CheckReport) -> bool| checks.iter().any(wanted);
        if any(|report| report.check == Check::Build && report.outcome == Outcome::Failed) {
            Verdict::Unbuildable
        } else if any(|report| report.outcome == Outcome::Failed) {
            Verdict::Rejected
        } else if checks.is_empty() || any(|report| !report.outcome.is_in_order()) {
            Verdict::Inconclusive
        } else {
            Verdict::Accepted
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Rejected => "rejected",
            Verdict::Unbuildable => "unbuildable",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

impl CheckReport {
    /// A check that was not made.
    pub fn not_run(check: Check, of: u32, because: impl Into<String>) -> CheckReport {
        CheckReport {
            check,
            outcome: Outcome::NotRun(because.into()),
            score: Score { points: 0, of },
            evidence: Evidence::None,
            items: Vec::new(),
            findings: Vec::new(),
            millis: 0,
        }
    }

    /// Derives outcome and points from the items: points in proportion to the items that passed, and the worst outcome.
    /// An item that is inconclusive or not explored costs no points.
    pub fn from_items(
        check: Check,
        of: u32,
        evidence: Evidence,
        items: Vec<Item>,
        findings: Vec<Finding>,
        millis: u64,
    ) -> CheckReport {
        let has = |wanted: &dyn Fn(&Outcome) -> bool| items.iter().any(|item| wanted(&item.outcome));
        let outcome = if has(&|outcome| *outcome == Outcome::Failed) || !findings.is_empty() && items.is_empty() {
            Outcome::Failed
        } else if has(&|outcome| matches!(outcome, Outcome::NotRun(_) | Outcome::Inconclusive)) {
            Outcome::Inconclusive
        } else if has(&|outcome| *outcome == Outcome::NotExplored) {
            Outcome::NotExplored
        } else {
            Outcome::Passed
        };
        let costs_nothing = |outcome: &Outcome| outcome.is_in_order() || *outcome == Outcome::Inconclusive;
        let good = items.iter().filter(|item| costs_nothing(&item.outcome)).count();
        let points = match items.len() {
            0 if outcome == Outcome::Passed => of,
            0 => 0,
            all => (u64::from(of) * good as u64 / all as u64) as u32,
        };
        CheckReport { check, outcome, score: Score { points, of }, evidence, items, findings, millis }
    }
}

impl std::iter::Sum for Score {
    fn sum<I: Iterator<Item = Score>>(scores: I) -> Score {
        scores.fold(Score::default(), |sum, score| Score { points: sum.points + score.points, of: sum.of + score.of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn report(check: Check, outcome: Outcome) -> CheckReport {
        CheckReport { outcome, ..CheckReport::not_run(check, 10, "") }
    }

    fn any_outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::Passed),
            Just(Outcome::Failed),
            Just(Outcome::Inconclusive),
            Just(Outcome::NotExplored),
            Just(Outcome::NotRun("because".into()))
        ]
    }

    proptest! {
        #[test]
        fn accepted_means_that_every_check_passed_or_could_not_be_explored(outcomes in proptest::collection::vec(any_outcome(), 0..6)) {
            let checks: Vec<_> = Check::ALL.into_iter().zip(outcomes).map(|(c, o)| report(c, o)).collect();
            let all = !checks.is_empty() && checks.iter().all(|check| matches!(check.outcome, Outcome::Passed | Outcome::NotExplored));
            prop_assert_eq!(Verdict::of(&checks) == Verdict::Accepted, all);
        }

        #[test]
        fn only_a_failed_check_rejects(outcomes in proptest::collection::vec(any_outcome(), 0..6)) {
            let checks: Vec<_> = Check::ALL.into_iter().zip(outcomes).map(|(c, o)| report(c, o)).collect();
            let failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
            let against = matches!(Verdict::of(&checks), Verdict::Rejected | Verdict::Unbuildable);
            prop_assert_eq!(against, failed);
        }

        #[test]
        fn points_are_full_only_when_no_item_failed(outcomes in proptest::collection::vec(any_outcome(), 1..40)) {
            let items: Vec<Item> = outcomes.iter().map(|outcome| Item {
                name: String::new(), statement: String::new(), outcome: outcome.clone(), millis: 0,
            }).collect();
            let lost = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed | Outcome::NotRun(_)));
            let report = CheckReport::from_items(Check::Behaviour, 50, Evidence::None, items, vec![], 0);
            prop_assert_eq!(report.score.points < 50, lost);
        }
    }

    #[test]
    fn what_could_not_be_explored_costs_nothing_and_hides_nothing() {
        let item = |outcome| Item { name: "a".into(), statement: String::new(), outcome, millis: 0 };
        let of = |outcomes: Vec<Outcome>| {
            let items = outcomes.into_iter().map(item).collect();
            CheckReport::from_items(Check::Schedules, 20, Evidence::None, items, vec![], 0)
        };
        let alone = of(vec![Outcome::NotExplored, Outcome::Passed]);
        assert_eq!((alone.outcome.clone(), alone.score.points), (Outcome::NotExplored, 20));
        assert_eq!(Verdict::of(&[alone]), Verdict::Accepted);
        let beside = of(vec![Outcome::NotExplored, Outcome::Failed]);
        assert_eq!((beside.outcome.clone(), beside.score.points), (Outcome::Failed, 10));
        assert_eq!(Verdict::of(&[beside]), Verdict::Rejected);
    }

    #[test]
    fn a_report_survives_json() {
        let report = Report {
            format_version: FORMAT_VERSION,
            confinement: Tier::A,
            exercise: "34_read_write_lock".into(),
            section: "3.4".into(),
            title: "A lock".into(),
            submission: Submission { origin: Origin::Learner, path: "src/lib.rs".into() },
            verdict: Verdict::Inconclusive,
            complete: true,
            score: Score { points: 0, of: 10 },
            checks: vec![CheckReport::not_run(Check::Timing, 10, "the machine has one core")],
            millis: 12,
        };
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
    }
}
