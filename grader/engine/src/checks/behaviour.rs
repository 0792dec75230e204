//! Behaviour: facts, each in a process of its own, as many at once as there are cores.

use crate::checks::decoys::{self, Decoys};
use crate::exercise::manifest::Hidden;
use crate::parallel::in_parallel;
use crate::run::facts::{Showed, Tests};
use crate::trouble::Trouble;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Outcome};

/// After so many facts that ran into their time limit, the others are not tried: each would take as long.
const MOST_TIME_LIMITS: usize = 2;

/// Runs all facts, those named in `first` before the others, and twins among them.
///
/// # Errors
/// If a process could not be started or looked after.
pub fn check(
    tests: &Tests,
    facts: &[Hidden],
    of: u32,
    jobs: usize,
    first: &[String],
    decoys: Decoys,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<CheckReport, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::Behaviour, items: facts.len() });
    let run = Run {
        tests,
        watch,
        decoys,
        results: facts.iter().map(|_| Mutex::new(None)).collect(),
        hangs: AtomicUsize::new(0),
        twins_hold: Mutex::new(Vec::new()),
    };
    let (alone, together): (Vec<usize>, Vec<usize>) = (0..facts.len()).partition(|index| facts[*index].has("alone"));
    let mut order = together.clone();
    order.sort_by_key(|index| !first.contains(&facts[*index].name));
    in_parallel(&decoys.among(&order, facts)?, jobs, |_, job| match job.twin {
        false => run.one(job.index, &facts[job.index]),
        true => run.decoy(job.index, &facts[job.index]),
    })?;
    for index in &alone {
        run.one(*index, &facts[*index])?;
    }
    let mut forged = Vec::new();
    for index in run.twins_hold.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        if run.agree_again(&facts[*index])? {
            forged.push(&facts[*index]);
        }
    }
    let (mut items, mut findings) = (Vec::new(), Vec::new());
    let mut results: Vec<Option<Judged>> =
        run.results.into_iter().map(|result| result.into_inner().unwrap_or_default()).collect();
    // Which facts were begun before the last time limit was met is chance; the report does not depend on it.
    let mut hangs = 0;
    for index in together.iter().chain(&alone) {
        let Some((item, finding)) = &mut results[*index] else { continue };
        if hangs >= MOST_TIME_LIMITS {
            item.outcome = not_run();
            *finding = None;
        } else if finding.as_ref().is_some_and(|finding| finding.kind == Kind::TimeLimit) {
            hangs += 1;
        }
    }
    for (item, finding) in results.into_iter().flatten() {
        items.push(item);
        findings.extend(finding);
    }
    decoys::disbelieve(Check::Behaviour, &forged, &mut items, &mut findings);
    let ran = items.iter().filter(|item: &&Item| !matches!(item.outcome, Outcome::NotRun(_))).count();
    let evidence = Evidence::Facts { run: ran, of: facts.len() };
    let millis = begun.elapsed().as_millis() as u64;
    Ok(CheckReport::from_items(Check::Behaviour, of, evidence, items, findings, millis))
}

fn not_run() -> Outcome {
    Outcome::NotRun(format!("{MOST_TIME_LIMITS} facts ran into their time limit already"))
}

/// A fact's outcome, and what was wrong.
type Judged = (Item, Option<Finding>);

struct Run<'a> {
    tests: &'a Tests,
    watch: &'a (dyn Fn(Event) + Sync),
    /// One place per fact, in the order of the file.
    results: Vec<Mutex<Option<Judged>>>,
    hangs: AtomicUsize,
    decoys: Decoys,
    /// The facts whose twins hold.
    twins_hold: Mutex<Vec<usize>>,
}

impl Run<'_> {
    fn one(&self, index: usize, fact: &Hidden) -> Result<(), Trouble> {
        let mut item =
            Item { name: fact.name.clone(), statement: fact.statement.clone(), outcome: Outcome::Passed, millis: 0 };
        let mut finding = None;
        if self.hangs.load(Ordering::Relaxed) >= MOST_TIME_LIMITS {
            item.outcome = not_run();
        } else {
            let (showed, wall) = self.tests.run(Check::Behaviour, fact)?;
            item.millis = wall.as_millis() as u64;
            if let Showed::Fails(found) = showed {
                if found.kind == Kind::TimeLimit {
                    self.hangs.fetch_add(1, Ordering::Relaxed);
                }
                item.outcome = Outcome::Failed;
                finding = Some(*found);
            }
        }
        (self.watch)(Event::Item {
            check: Check::Behaviour,
            name: item.name.clone(),
            outcome: item.outcome.clone(),
            finding: finding.clone().map(Box::new),
        });
        *self.results[index].lock().unwrap_or_else(PoisonError::into_inner) = Some((item, finding));
        Ok(())
    }

    /// Runs the twin of a fact, unless the fact has failed already: then it says nothing.
    fn decoy(&self, index: usize, fact: &Hidden) -> Result<(), Trouble> {
        let failed = |judged: &Judged| judged.0.outcome != Outcome::Passed;
        let has_failed =
            self.results[index].lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(failed);
        if has_failed || self.hangs.load(Ordering::Relaxed) >= MOST_TIME_LIMITS {
            return Ok(());
        }
        let (showed, _) = self.tests.run(Check::Behaviour, &decoys::twin(fact))?;
        let unmet = matches!(&showed, Showed::Fails(found) if matches!(found.kind, Kind::WrongAnswer | Kind::Panic));
        decoys::insist(self.decoys, fact, unmet)?;
        if matches!(showed, Showed::Holds) {
            self.twins_hold.lock().unwrap_or_else(PoisonError::into_inner).push(index);
        }
        Ok(())
    }

    /// Whether a fact and its twin hold once more, as often as it takes. Of honest reports one soon says otherwise.
    fn agree_again(&self, fact: &Hidden) -> Result<bool, Trouble> {
        let twin = decoys::twin(fact);
        for _ in 0..decoys::AGREEMENTS {
            for each in [fact, &twin] {
                if !matches!(self.tests.run(Check::Behaviour, each)?.0, Showed::Holds) {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
