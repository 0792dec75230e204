//! Checks the checks: what an exercise promises its learners, as a list of problems, each saying how to mend it.
//!
//! References and accepted variants take the whole way and must be accepted. A rejected variant needs only what its first line
//! names: that one fact, scenario, case, transcript or workload is compiled and run, and must notice.

use super::written::written;
use crate::exercise::catalog::Exercise;
use crate::grading::{Begun, Extent, Grader};
use crate::parallel::in_parallel;
use crate::submission::Source;
use crate::submission::variant::{Variant, variants};
use crate::trouble::Trouble;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use verdict::{Check, Event, Finding, Origin, Report, Verdict};

/// What is to be verified of one exercise.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The exercise.
    pub exercise: Exercise,
    /// These variants only, and nothing else of the exercise; `None`: all of it.
    pub variants: Option<Vec<Variant>>,
}

/// What verifying one exercise showed.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    /// What could not be settled by measurement, one sentence each.
    pub unsettled: Vec<String>,
    /// The hidden facts, scenarios, cases, transcripts and workloads.
    pub hidden: usize,
    /// Accepted variants, the reference included.
    pub accepted: usize,
    /// Rejected variants.
    pub rejected: usize,
    /// How long each grading took by the clock, and of what it was.
    pub took: Vec<(Duration, String)>,
}

/// A step that has been made.
#[derive(Clone, Debug)]
pub struct Step {
    /// How many gradings have ended.
    pub done: usize,
    /// How many there are.
    pub of: usize,
    /// What it was, and how it ended.
    pub what: String,
}

/// What a grading is meant to show.
#[derive(Clone, Debug)]
enum Expectation {
    Accepted,
    /// Caught by this check, with a finding of this subject.
    Caught(Check, String),
    NotAccepted,
}

/// One grading to be made.
struct Trial<'a> {
    place: usize,
    exercise: &'a Exercise,
    source: Source,
    expectation: Expectation,
}

impl Trial<'_> {
    /// How much of the exercise is graded.
    fn extent(&self) -> Extent<'_> {
        const STARTER: [Check; 2] = [Check::Build, Check::Behaviour];
        match &self.expectation {
            Expectation::Accepted => Extent::All,
            Expectation::NotAccepted => Extent::Checks(&STARTER),
            // What a rule forbids is found in the source as a whole; what the build says needs all that is built.
            Expectation::Caught(check @ (Check::SourceRules | Check::Build), _) => {
                Extent::Checks(std::slice::from_ref(check))
            }
            Expectation::Caught(check, name) => Extent::One(*check, name),
        }
    }
}

/// Verifies exercises. Everything but measuring runs side by side; what is to be timed is built then, and measured last: where only
/// processor time counts, side by side as well, everything else alone. What comes out otherwise than it should is measured again, alone.
///
/// # Errors
/// Our troubles only; what is wrong with an exercise is in the result.
pub fn verify(grader: &Grader, asked: &[Asked], told: &(dyn Fn(Step) + Sync)) -> Result<Vec<Verified>, Trouble> {
    let results: Vec<Mutex<Verified>> = asked.iter().map(|_| Mutex::default()).collect();
    let note = |place: usize, add: &dyn Fn(&mut Verified)| {
        add(&mut results[place].lock().unwrap_or_else(PoisonError::into_inner));
    };
    let mut trials = Vec::new();
    for (place, each) in asked.iter().enumerate() {
        let mut verified = Verified::default();
        trials.extend(self::trials(grader, place, each, &mut verified)?);
        note(place, &|into| *into = verified.clone());
    }
    let (of, done) = (trials.len(), AtomicUsize::new(0));
    for each in asked {
        // The kits first: the gradings below would only wait for each other.
        grader.warm(&each.exercise, &|event| {
            if let Event::Preparing { what } = event {
                told(Step { done: 0, of, what: format!("{}: {what}", each.exercise.folder) });
            }
        })?;
    }
    let many = Grader { jobs: 1, many: true, ..grader.clone() };
    in_parallel(asked, grader.jobs, |place, each| {
        if each.variants.is_none() {
            let seen = written(&many, &each.exercise)?;
            note(place, &|into| {
                into.problems.extend(seen.problems.iter().cloned());
                into.hidden = seen.hidden;
            });
        }
        Ok(())
    })?;
    // Returns whether the grading counts.
    let ended = |trial: &Trial<'_>, begun: Begun<'_>, before: Duration, alone: bool| -> Result<bool, Trouble> {
        let started = Instant::now();
        let name = grader.workspace.shown(&trial.source.name);
        let report = begun.finish(&|_| {})?;
        if !alone && !is_settled(trial, &report) {
            return Ok(false);
        }
        // What nothing has noticed so far is graded whole: an author wants to know what does.
        let whole = match missed(trial, &report) {
            true => Some(many.grade(trial.exercise, &trial.source, Extent::All, &|_| {})?),
            false => None,
        };
        let done = 1 + done.fetch_add(1, Ordering::Relaxed);
        told(Step { done, of, what: format!("{name}: {}", report.verdict.word()) });
        let took = before + started.elapsed();
        note(trial.place, &|into| {
            into.took.push((took, name.clone()));
            judged(&name, trial, &report, whole.as_ref(), into);
        });
        Ok(true)
    };
    let to_be_timed = Mutex::new(Vec::new());
    in_parallel(&trials, grader.jobs, |_, trial| {
        let started = Instant::now();
        let mut begun = many.begin(trial.exercise, &trial.source, trial.extent(), &|_| {})?;
        if begun.is_to_be_timed() {
            begun.keep_only_what_is_timed();
            to_be_timed.lock().unwrap_or_else(PoisonError::into_inner).push((trial, begun, started.elapsed()));
            return Ok(());
        }
        ended(trial, begun, started.elapsed(), true).map(|_| ())
    })?;
    let to_be_timed = to_be_timed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (beside, alone): (Vec<_>, Vec<_>) =
        to_be_timed.into_iter().partition(|(_, begun, _)| begun.times_processors_only());
    let (beside, again) = (beside.into_iter().map(|it| Mutex::new(Some(it))).collect::<Vec<_>>(), Mutex::default());
    in_parallel(&beside, grader.jobs, |_, waiting| {
        let Some((trial, begun, before)) = waiting.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return Ok(());
        };
        if !ended(trial, begun, before, false)? {
            let mut again: MutexGuard<'_, Vec<_>> = again.lock().unwrap_or_else(PoisonError::into_inner);
            again.push(trial);
        }
        Ok(())
    })?;
    for (trial, begun, before) in alone {
        ended(trial, begun, before, true)?;
    }
    for trial in again.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let begun = many.begin(trial.exercise, &trial.source, trial.extent(), &|_| {})?;
        ended(trial, begun, Duration::ZERO, true)?;
    }
    Ok(results.into_iter().map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

/// Whether the report is what it should be.
fn is_settled(trial: &Trial<'_>, report: &Report) -> bool {
    match trial.expectation {
        Expectation::Accepted => report.verdict == Verdict::Accepted,
        _ => report.verdict != Verdict::Inconclusive && !missed(trial, report),
    }
}

/// Whether a rejected variant was not caught by what it names.
fn missed(trial: &Trial<'_>, report: &Report) -> bool {
    let Expectation::Caught(check, subject) = &trial.expectation else { return false };
    let mut all = report.checks.iter().flat_map(|check| &check.findings);
    let caught = all.any(|finding| finding.check == *check && finding.subject == *subject);
    let unsettled = report.verdict == Verdict::Inconclusive && *check == Check::Timing;
    !caught && !unsettled
}

/// Compares one report with what it was meant to show. `whole` is the report of all checks, if that one named missed it.
fn judged(name: &str, trial: &Trial<'_>, report: &Report, whole: Option<&Report>, into: &mut Verified) {
    let all: Vec<&Finding> = whole.unwrap_or(report).checks.iter().flat_map(|check| &check.findings).collect();
    let found = all.iter().map(|finding| format!("{} — {}", finding.check, finding.subject)).collect::<Vec<_>>();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    match (&trial.expectation, report.verdict) {
        (Expectation::Accepted, Verdict::Accepted) if !report.is_explored() => {
            let words: String = all.iter().map(|finding| told(finding)).collect();
            into.problems.push(format!(
                "{name} is accepted, but its schedules could not all be explored: the stand-in lacks what it uses{words}"
            ));
        }
        (Expectation::Accepted, Verdict::Accepted) => {}
        (Expectation::Accepted, Verdict::Inconclusive) => into.unsettled.push(format!("{name}: {found}")),
        (Expectation::Accepted, verdict) => {
            let words: String = all.iter().map(|finding| told(finding)).collect();
            into.problems.push(format!(
                "{name} must be accepted, but is {}: either it is wrong, or the check named here rejects right code{words}",
                verdict.word()
            ));
        }
        (Expectation::NotAccepted, Verdict::Accepted) => {
            into.problems
                .push(format!("{name} is the unmodified starter, and it is accepted: add a fact that it fails"));
        }
        (Expectation::NotAccepted, Verdict::Unbuildable) => {
            into.problems.push(format!("{name} is the starter, and it does not compile: {found}"));
        }
        (Expectation::NotAccepted, _) => {}
        (Expectation::Caught(check, subject), _) if missed(trial, report) => {
            into.problems.push(not_caught(name, *check, subject, &found, report));
        }
        (Expectation::Caught(Check::Timing, _), Verdict::Inconclusive) => {
            into.unsettled.push(format!("{name}: {found}"));
        }
        (Expectation::Caught(..), _) => {}
    }
}

/// A rejected variant was not caught by what it names: what may be the reason, and what to do.
fn not_caught(name: &str, check: Check, subject: &str, found: &str, report: &Report) -> String {
    let ran = report.checks.iter().find(|each| each.check == check).is_some_and(|each| !each.items.is_empty());
    let advice = if report.verdict == Verdict::Unbuildable {
        "it must compile: mend the variant"
    } else if !ran && check != Check::SourceRules {
        "the exercise has no check of this name: correct the name in its first line"
    } else {
        "name in its first line what does catch it, or make the check notice"
    };
    format!("{name} must be caught by {check} — {subject}, but what was found is {found}: {advice}")
}

/// A finding that should not be there, with all that may tell why it is: it may not come a second time.
fn told(finding: &Finding) -> String {
    let mut text = format!("\n    {} — {}", finding.check, finding.subject);
    let parts =
        [("", Some(&finding.message)), ("expected: ", finding.expected.as_ref()), ("seen: ", finding.seen.as_ref())];
    for (label, part) in parts {
        text.extend(part.map(|part| format!("\n      {label}{part}")));
    }
    for thread in &finding.threads {
        text.push_str(&format!("\n      thread '{}' {}", thread.thread, thread.doing));
    }
    for line in finding.detail.iter().flat_map(|detail| detail.lines().take(20)) {
        text.push_str(&format!("\n      | {line}"));
    }
    text
}

/// Everything that is to be graded for one exercise.
fn trials<'a>(
    grader: &Grader,
    place: usize,
    asked: &'a Asked,
    verified: &mut Verified,
) -> Result<Vec<Trial<'a>>, Trouble> {
    let exercise = &asked.exercise;
    let trial = |source: Source, expectation: Expectation| Trial { place, exercise, source, expectation };
    let all = exercise.checks();
    let mut trials = Vec::new();
    if asked.variants.is_none() {
        trials.push(trial(Source::reference(exercise)?, Expectation::Accepted));
        match Source::starter(&grader.workspace, exercise) {
            Ok(starter) => trials.push(trial(starter, Expectation::NotAccepted)),
            // `written` tells of it.
            Err(Trouble::Usage(_)) => {}
            Err(trouble) => return Err(trouble),
        }
        verified.accepted = 1;
    }
    let chosen = match &asked.variants {
        Some(chosen) => chosen.clone(),
        None => [variants(exercise, Origin::Accepted)?, variants(exercise, Origin::Rejected)?].concat(),
    };
    let mut own: BTreeSet<Check> = [Check::Build].into();
    for variant in &chosen {
        let expectation = match (variant.origin, variant.caught_by()) {
            (Origin::Accepted, _) => {
                verified.accepted += 1;
                Expectation::Accepted
            }
            (_, Some((check, subject))) if all.contains(&check) => {
                verified.rejected += 1;
                own.insert(check);
                Expectation::Caught(check, subject.to_owned())
            }
            _ => {
                verified.rejected += 1;
                verified.problems.push(format!(
                    "{}: the first line must be `caught-by: CHECK — NAME`, with a check that the exercise has",
                    grader.workspace.shown(&variant.path)
                ));
                continue;
            }
        };
        match variant.source(&grader.workspace) {
            Ok(source) => trials.push(trial(source, expectation)),
            // A patch that does not fit.
            Err(Trouble::Usage(words)) => verified.problems.push(words),
            Err(trouble) => return Err(trouble),
        }
    }
    if asked.variants.is_none() {
        if verified.accepted < 3 {
            let there_are = verified.accepted - 1;
            verified.problems.push(format!("there are {there_are} accepted variants; at least 2 are needed"));
        }
        if verified.rejected < 6 {
            verified.problems.push(format!("there are {} rejected variants; at least 6 are needed", verified.rejected));
        }
        for check in all.iter().filter(|check| !own.contains(check)) {
            verified.problems.push(format!("no rejected variant is caught by {check}: write one, or drop the check"));
        }
    }
    Ok(trials)
}
