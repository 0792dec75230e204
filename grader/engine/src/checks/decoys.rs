//! Decoys: some of the processes of a grading run the twin of a test, which demands the opposite at its end.
//!
//! A submission lives in the process that reports on it. One that takes the harness's descriptor for itself can report success; but
//! it cannot know whether success is what an honest process would report. Of the tests that their authors have marked with
//! `negated`, a few are picked at random in each grading, and their twins are run like any test, in random places. Where a test
//! holds and its twin holds, too, the reports are made up.

use crate::exercise::manifest::Hidden;
use crate::run::chance::Dice;
use crate::trouble::Trouble;
use verdict::{Check, Finding, Item, Kind, Outcome};

/// How often a test and its twin must both hold once more before the reports are called made up: code that is right now and
/// then can bring that about once.
pub(crate) const AGREEMENTS: usize = 3;

/// Which twins are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoys {
    /// None: they are not in the binary.
    None,
    /// This many or one less, picked at random.
    UpTo(usize),
    /// All, and each must report that its last demand is not met: for code that is right.
    All,
}

/// One process: of a test, or of its twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// The place of the test in the list.
    pub(crate) index: usize,
    /// Whether it is the twin that is run.
    pub(crate) twin: bool,
}

impl Decoys {
    /// Puts the twins that are to be run among the tests: each at a random place behind its test.
    ///
    /// # Errors
    /// If there are no random numbers.
    pub(crate) fn among(self, order: &[usize], hidden: &[Hidden]) -> Result<Vec<Job>, Trouble> {
        let mut dice = Dice::new()?;
        let mut marked: Vec<usize> = order.iter().copied().filter(|index| hidden[*index].has("negated")).collect();
        let count = match self {
            Decoys::None => 0,
            Decoys::UpTo(most) => most - dice.below(2.min(most)),
            Decoys::All => marked.len(),
        };
        while marked.len() > count {
            marked.swap_remove(dice.below(marked.len()));
        }
        let mut jobs: Vec<Job> = order.iter().map(|index| Job { index: *index, twin: false }).collect();
        for index in marked {
            let own = jobs.iter().position(|job| job.index == index).unwrap_or(0);
            let place = own + 1 + dice.below(jobs.len() - own);
            jobs.insert(place, Job { index, twin: true });
        }
        Ok(jobs)
    }
}

/// The twin of a test.
pub(crate) fn twin(of: &Hidden) -> Hidden {
    Hidden { path: format!("{}!", of.path), ..of.clone() }
}

/// Where all twins are run, the code is right: each must be unmet.
///
/// # Errors
/// If this one is not: the author's to mend.
pub(crate) fn insist(decoys: Decoys, hidden: &Hidden, unmet: bool) -> Result<(), Trouble> {
    if decoys == Decoys::All && !unmet {
        return Err(Trouble::Usage(format!(
            "{}: run with the opposite demand at its end, it does not report that demand as unmet, so it cannot expose made-up \
             reports; let its body end in an assertion that right code always meets, or take `negated` off",
            hidden.path
        )));
    }
    Ok(())
}

/// Makes the report of a check that of a forger: nothing that this program reports is believed.
pub(crate) fn disbelieve(check: Check, forged: &[&Hidden], items: &mut [Item], findings: &mut Vec<Finding>) {
    let Some(first) = forged.first() else { return };
    for item in items.iter_mut().filter(|item| item.outcome == Outcome::Passed) {
        item.outcome = Outcome::Failed;
    }
    findings.push(Finding {
        check,
        kind: Kind::Forgery,
        subject: first.name.clone(),
        message: "what a test reports is what running it has shown".to_owned(),
        expected: Some("of a test, and the same test with the opposite demand at its end, one holds".to_owned()),
        seen: Some(
            "both were reported as holding, again and again: the reports do not come from running the tests, and nothing that \
             this program reports is believed"
                .to_owned(),
        ),
        location: None,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: Some(
            "remove whatever in the submission reports in the place of the tests: code that writes to descriptors which it has not \
             opened, or that changes memory which is not its own"
                .to_owned(),
        ),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(name: &str, flags: &[&str]) -> Hidden {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let (path, statement) = (format!("behaviour::{name}"), "It holds.".to_owned());
        Hidden { name: name.to_owned(), path, statement, next_step: None, seconds: None, flags }
    }

    #[test]
    fn twins_are_picked_among_the_marked_and_stand_behind_their_tests() {
        let flags = |n: usize| if n.is_multiple_of(2) { &["negated"][..] } else { &[] };
        let all: Vec<Hidden> = (0..20).map(|n| hidden(&n.to_string(), flags(n))).collect();
        let order: Vec<usize> = (0..20).collect();
        let (mut counts, mut picked) = ([0; 4], [0; 20]);
        for _ in 0..500 {
            let jobs = Decoys::UpTo(3).among(&order, &all).unwrap();
            let twins: Vec<usize> = (0..jobs.len()).filter(|place| jobs[*place].twin).collect();
            counts[twins.len()] += 1;
            for place in twins {
                let own = jobs.iter().position(|job| job.index == jobs[place].index && !job.twin).unwrap();
                assert!(own < place, "{jobs:?}");
                picked[jobs[place].index] += 1;
            }
            assert_eq!(jobs.iter().filter(|job| !job.twin).map(|job| job.index).collect::<Vec<_>>(), order);
        }
        assert!(counts[2] > 100 && counts[3] > 100 && counts[2] + counts[3] == 500, "{counts:?}");
        assert!((0..20).all(|n| (picked[n] > 50) == n.is_multiple_of(2)), "{picked:?}");
    }

    #[test]
    fn all_or_none_can_be_had_and_a_twin_that_says_nothing_is_told() {
        let all = [hidden("a", &["negated"]), hidden("b", &[]), hidden("c", &["negated"])];
        let twins = |decoys: Decoys| decoys.among(&[0, 1, 2], &all).unwrap().iter().filter(|job| job.twin).count();
        assert_eq!((twins(Decoys::All), twins(Decoys::None), twins(Decoys::UpTo(9))), (2, 0, 2));
        let error = insist(Decoys::All, &all[0], false).unwrap_err().to_string();
        assert!(error.contains("behaviour::a") && error.contains("take `negated` off"), "{error}");
        assert!(insist(Decoys::All, &all[0], true).is_ok() && insist(Decoys::UpTo(3), &all[0], false).is_ok());
    }
}
