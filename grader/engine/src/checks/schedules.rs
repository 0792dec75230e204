//! Schedules: scenarios, each explored in a process of its own, as many at once as there are cores.
//!
//! What is explored is the submission itself, compiled against `interleave` instead of std. The effort is counted in schedules and
//! steps, so the same submission gets the same verdict and the same counterexample on every machine.

use crate::checks::decoys::{self, Decoys};
use crate::checks::interleavings::Translation;
use crate::compile::compiler::{Compiled, Span};
use crate::exercise::config;
use crate::exercise::manifest::Hidden;
use crate::parallel::in_parallel;
use crate::run::facts::{Showed, Tests};
use crate::submission::{self, Source};
use crate::trouble::Trouble;
use probe::wire::{Effort, Order};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Location, Outcome, Schedules, Score};

/// The effort is counted in steps, and the harness sees when there are none: the clock is only for what escapes it.
const LONGEST: Duration = Duration::from_secs(300);

/// What to do where exploration lacks something.
pub(crate) const NOT_EXPLORED: &str = "nothing is wrong with that, and it costs no points: the other checks decide. To have schedules explored, do without it, or use \
     what std has for threads, by its usual name";

/// The kind of a failure that says what exploration lacks.
const LACKS: &str = "unexplorable";

/// What exploring takes beside what is explored: stacks for all threads, the steps of a failing schedule. In bytes.
const OWN_MEMORY: u64 = 512 << 20;

/// Explores all scenarios, and twins among them.
///
/// # Errors
/// If a process could not be started or looked after.
pub fn check(
    tests: &Tests,
    scenarios: &[Hidden],
    budgets: &config::Schedules,
    of: u32,
    jobs: usize,
    decoys: Decoys,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<CheckReport, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::Schedules, items: scenarios.len() });
    let results: Vec<Mutex<Option<Judged>>> = scenarios.iter().map(|_| Mutex::new(None)).collect();
    let tests = &patient(tests);
    let translation = Translation::new(tests);
    let all: Vec<usize> = (0..scenarios.len()).collect();
    let twins_hold = Mutex::new(Vec::new());
    in_parallel(&decoys.among(&all, scenarios)?, jobs, |_, job| {
        let (scenario, result) = (&scenarios[job.index], &results[job.index]);
        if job.twin {
            let failed = |judged: &Judged| judged.finding.is_some();
            if result.lock().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(failed) {
                // Then the twin says nothing.
                return Ok(());
            }
            let found = one(tests, &decoys::twin(scenario), budgets, &translation)?.finding.map(|finding| finding.kind);
            decoys::insist(decoys, scenario, matches!(found, Some(Kind::WrongAnswer | Kind::Panic)))?;
            if found.is_none() {
                twins_hold.lock().unwrap_or_else(PoisonError::into_inner).push(scenario);
            }
            return Ok(());
        }
        let judged = one(tests, scenario, budgets, &translation)?;
        let (name, outcome) = (judged.item.name.clone(), judged.item.outcome.clone());
        let finding = judged.finding.clone().map(Box::new);
        watch(Event::Item { check: Check::Schedules, name, outcome, finding });
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(judged);
        Ok(())
    })?;
    let (mut items, mut findings, mut evidence) = (Vec::new(), Vec::new(), Vec::new());
    for judged in results.into_iter().filter_map(|result| result.into_inner().unwrap_or_default()) {
        items.push(judged.item);
        findings.extend(judged.finding);
        evidence.extend(judged.evidence);
    }
    // Exploring comes out the same each time, so once is enough; a scenario that fails says nothing about its twin.
    let mut forged = twins_hold.into_inner().unwrap_or_else(PoisonError::into_inner);
    forged.retain(|scenario| items.iter().any(|item| item.name == scenario.name && item.outcome == Outcome::Passed));
    decoys::disbelieve(Check::Schedules, &forged, &mut items, &mut findings);
    let evidence = Evidence::Schedules { scenarios: evidence };
    let millis = begun.elapsed().as_millis() as u64;
    Ok(CheckReport::from_items(Check::Schedules, of, evidence, items, findings, millis))
}

/// Runs one scenario along one schedule.
///
/// # Errors
/// If the process could not be started or looked after.
pub fn replay(tests: &Tests, scenario: &Hidden, schedule: &str) -> Result<Option<Finding>, Trouble> {
    let tests = &patient(tests);
    let order = Order { schedule: Some(schedule.to_owned()), ..tests.order(scenario)? };
    let (showed, _) = tests.run_with(Check::Schedules, scenario, &order)?;
    Ok(match showed {
        Showed::Explored(explored) => {
            explored.found.as_ref().map(|found| Translation::new(tests).finding(scenario, found))
        }
        Showed::Fails(finding) => Some(*finding),
        Showed::Holds | Showed::Text(_) => None,
    })
}

/// The same tests, with the memory that exploring takes, and more time than it takes on a machine that is busy with other
/// things.
fn patient(tests: &Tests) -> Tests {
    Tests { time: tests.time.max(LONGEST), memory: tests.memory + OWN_MEMORY, ..tests.clone() }
}

/// What one scenario showed.
struct Judged {
    item: Item,
    finding: Option<Finding>,
    evidence: Option<Schedules>,
}

fn one(
    tests: &Tests,
    scenario: &Hidden,
    budgets: &config::Schedules,
    translation: &Translation,
) -> Result<Judged, Trouble> {
    let (schedules, steps) = budgets.of(&scenario.name);
    let effort = Some(Effort { schedules: schedules.into(), steps });
    let (showed, wall) = tests.run_with(Check::Schedules, scenario, &Order { effort, ..tests.order(scenario)? })?;
    let millis = wall.as_millis() as u64;
    let mut item =
        Item { name: scenario.name.clone(), statement: scenario.statement.clone(), outcome: Outcome::Passed, millis };
    let mut is_our_gap = false;
    let (finding, evidence) = match showed {
        Showed::Explored(explored) => {
            is_our_gap = explored.found.as_ref().is_some_and(|found| found.kind == LACKS);
            let evidence = translation.evidence(&scenario.name, &explored);
            (explored.found.as_ref().map(|found| translation.finding(scenario, found)), Some(evidence))
        }
        Showed::Fails(finding) => (Some(*finding), None),
        Showed::Holds | Showed::Text(_) => {
            return Err(Trouble::Ours(format!("the scenario {} reported something else", scenario.name)));
        }
    };
    if finding.is_some() {
        item.outcome = Outcome::Failed;
    }
    if is_our_gap {
        item.outcome = Outcome::NotExplored;
    }
    Ok(Judged { item, finding, evidence })
}

/// The report on a submission that compiles against std, but not against the stand-in: it uses what cannot be explored. That is our
/// gap: it costs no points, and the other checks decide.
pub fn unexplorable(of: u32, compiled: &Compiled, source: &Source, shown: &str, millis: u64) -> CheckReport {
    // Only places in the submission are shown: it may be a scenario that does not compile with it.
    let place = |span: &&Span| {
        let file = submission::shown(Path::new(&span.file_name), &source.root, shown)?;
        Some(Location { file, line: span.line_start, column: Some(span.column_start) })
    };
    let findings = compiled.errors().take(3).map(|error| Finding {
        check: Check::Schedules,
        kind: Kind::Unexplorable,
        subject: if error.code().is_empty() { "error".to_owned() } else { error.code().to_owned() },
        message: "schedules cannot be explored through what is used here".to_owned(),
        expected: Some(
            "a stand-in for std takes its place: its threads, locks, condition variables, channels, Unix sockets, atomics, clocks, \
             thread locals, collections and the like are there; files, the network and what one system has are not"
                .to_owned(),
        ),
        seen: Some(error.message.clone()),
        location: error.places().iter().find_map(place),
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: Some(NOT_EXPLORED.to_owned()),
    });
    CheckReport {
        outcome: Outcome::NotExplored,
        score: Score { points: of, of },
        findings: findings.collect(),
        millis,
        ..CheckReport::not_run(Check::Schedules, of, String::new())
    }
}
