//! Mutation analysis of an exercise's checks: its reference with one small change at a time, graded until a check notices.
//!
//! A mutant that no check notices shows a hole in the checks, code that nobody needs, or a change without an effect. The
//! last is explained in `tests/NN_slug/survivors.toml`, which is held against what really happens.

use crate::author::mutants::{self, Mutant};
use crate::compile::stage::RunFolder;
use crate::exercise::catalog::Exercise;
use crate::grading::{Extent, Grader};
use crate::parallel::in_parallel;
use crate::submission::Source;
use crate::trouble::{Context, Trouble, make_folder, read, write};
use serde::Deserialize;
use std::sync::{Mutex, PoisonError};
use verdict::{Check, Origin, Verdict};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does not compile.
    NotViable,
    /// A check noticed: which, and the fact, scenario, case, transcript or workload.
    Caught(Check, String),
    /// No check noticed.
    Survived,
}

/// What the mutants of one reference came to.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// Each mutant and its fate, in the order of the source.
    pub mutants: Vec<(Mutant, Fate)>,
    /// Why a mutant may survive: its name, and the reason.
    pub explained: Vec<(String, String)>,
}

impl Mutation {
    /// Mutants that compile.
    pub fn viable(&self) -> usize {
        self.mutants.iter().filter(|(_, fate)| *fate != Fate::NotViable).count()
    }

    /// Mutants that one check, or any, caught.
    pub fn caught(&self, by: Option<Check>) -> usize {
        let caught = |fate: &Fate| matches!(fate, Fate::Caught(check, _) if by.is_none_or(|by| by == *check));
        self.mutants.iter().filter(|(_, fate)| caught(fate)).count()
    }

    /// Mutants that survived, with the reason if there is one.
    pub fn survivors(&self) -> impl Iterator<Item = (&Mutant, Option<&str>)> {
        let survivors = self.mutants.iter().filter(|(_, fate)| *fate == Fate::Survived);
        survivors.map(|(mutant, _)| {
            let reason = self.explained.iter().find(|(name, _)| *name == mutant.name);
            (mutant, reason.map(|(_, reason)| reason.as_str()))
        })
    }

    /// Explanations for mutants that are caught, or that there are not.
    pub fn stale(&self) -> impl Iterator<Item = &str> {
        let survives =
            |name: &str| self.mutants.iter().any(|(each, fate)| each.name == name && *fate == Fate::Survived);
        self.explained.iter().map(|(name, _)| name.as_str()).filter(move |name| !survives(name))
    }
}

/// `survivors.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Survivors {
    survivor: Vec<Survivor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    mutant: String,
    reason: String,
}

/// The checks in the order in which they are asked; a later one is only asked about what the earlier ones let pass.
const ORDER: [&[Check]; 4] = [
    &[Check::Build, Check::Behaviour],
    &[Check::Schedules],
    &[Check::CompileFail, Check::Transcript],
    &[Check::Timing],
];

/// The mutants of an exercise's reference that have `only` in their name.
///
/// # Errors
/// If the reference cannot be read, or is not valid Rust.
pub fn list(exercise: &Exercise, only: &str) -> Result<Vec<Mutant>, Trouble> {
    let mutants = mutants::of(&read(&Source::reference(exercise)?.root)?)?;
    Ok(mutants.into_iter().filter(|mutant| mutant.name.contains(only)).collect())
}

/// Grades the mutants of an exercise's reference; of those with `only` in their name, if it is not empty.
///
/// # Errors
/// Our troubles only.
pub fn run(
    grader: &Grader,
    exercise: &Exercise,
    only: &str,
    done: &(dyn Fn(usize, usize) + Sync),
) -> Result<Mutation, Trouble> {
    let text = read(&Source::reference(exercise)?.root)?;
    let mutants = list(exercise, only)?;
    let path = exercise.tests.join("survivors.toml");
    let survivors: Survivors =
        if path.exists() { toml::from_str(&read(&path)?).usage(path.display())? } else { Survivors::default() };
    grader.warm(exercise, &|_| {})?;
    let one_job = Grader { jobs: 1, many: true, ..grader.clone() };
    let folder = RunFolder::new(&grader.workspace)?;
    let fates: Vec<Mutex<Fate>> = mutants.iter().map(|_| Mutex::new(Fate::Survived)).collect();
    let source = |index: usize, mutant: &Mutant| -> Result<Source, Trouble> {
        let folder = folder.0.join(index.to_string());
        make_folder(&folder)?;
        write(&folder.join("lib.rs"), &mutant.apply(&text))?;
        Source::file(Origin::Rejected, &folder.join("lib.rs"))
    };
    let set = |index: usize, fate: Fate| *fates[index].lock().unwrap_or_else(PoisonError::into_inner) = fate;
    let count = std::sync::atomic::AtomicUsize::new(0);
    let (last, first) = ORDER.split_last().unwrap_or((&ORDER[0], &[]));
    in_parallel(&mutants, grader.jobs, |index, mutant| {
        let source = source(index, mutant)?;
        for checks in first {
            let fate = fate(&one_job, exercise, &source, checks)?;
            if fate != Fate::Survived {
                set(index, fate);
                break;
            }
        }
        done(1 + count.fetch_add(1, std::sync::atomic::Ordering::Relaxed), mutants.len());
        Ok(())
    })?;
    // What is timed runs alone.
    for (index, mutant) in mutants.iter().enumerate() {
        if *fates[index].lock().unwrap_or_else(PoisonError::into_inner) == Fate::Survived {
            set(index, fate(grader, exercise, &source(index, mutant)?, last)?);
        }
    }
    let fates = fates.into_iter().map(|fate| fate.into_inner().unwrap_or_else(PoisonError::into_inner));
    let explained = survivors.survivor.into_iter().map(|each| (each.mutant, each.reason));
    let explained = explained.filter(|(name, _)| name.contains(only)).collect();
    Ok(Mutation { mutants: mutants.iter().cloned().zip(fates).collect(), explained })
}

fn fate(grader: &Grader, exercise: &Exercise, source: &Source, checks: &[Check]) -> Result<Fate, Trouble> {
    let all = exercise.checks();
    let checks: Vec<Check> = checks.iter().copied().filter(|check| all.contains(check)).collect();
    if checks.is_empty() {
        return Ok(Fate::Survived);
    }
    let report = grader.grade(exercise, source, Extent::Checks(&checks), &|_| {})?;
    let finding = report.checks.iter().flat_map(|check| &check.findings).next();
    Ok(match (report.verdict, finding) {
        (Verdict::Unbuildable, _) => Fate::NotViable,
        (Verdict::Rejected, Some(finding)) => Fate::Caught(finding.check, finding.subject.clone()),
        _ => Fate::Survived,
    })
}
