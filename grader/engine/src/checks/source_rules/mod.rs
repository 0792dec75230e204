//! Source rules: what an exercise forbids, found in the source as the compiler sees it, however it is imported, renamed or spelled.
//!
//! What was read once (`Files`) is judged, and nothing else. A path is followed through `use` declarations back to where it begins
//! (`crate::syntax::names`); where two things can be meant, the forbidden one counts. What a macro could put together counts, too
//! (`macros`). Code under `#[cfg(test)]` is not compiled when grading and not looked at. A file that cannot be read never gets past
//! the rules: the submission is rejected, unless the compiler refuses it anyway (`Judged::unread`).
//!
//! Some rules keep the compiler from reading what is not the submission's own. Who breaks one is not compiled at all
//! (`Judged::is_closed`): what the compiler says could hold what it has read.

mod found;
mod judge;
mod macros;
mod rules;
mod search;
#[cfg(test)]
mod tests;
mod tokens;
mod unread;
mod uses;

use crate::compile::read::Foreign;
use crate::exercise::config::{Allowed, Forbid};
use crate::submission::Files;
use crate::submission::files::Refused;
use crate::syntax::names::Names;
use crate::syntax::{self, Unread};
use crate::trouble::Trouble;
use found::Collected;
use judge::Judge;
use rules::{EVERYWHERE, Rule};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;
use tokens::Place;
use verdict::{Check, CheckReport, Event, Evidence, Finding, Kind, Location, Outcome};

/// What reading the submission's source gave.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    /// What was found. Not made if a file could not be read and nothing was found in the others.
    pub(crate) report: CheckReport,
    /// The files that could not be read. If the compiler can read them, these are findings: no rule was applied to them.
    pub(crate) unread: Vec<Finding>,
    /// Whether everything that may be compiled is the submission's own. If not, it must not be compiled.
    pub(crate) is_closed: bool,
}

impl Judged {
    /// The report, now that it is known that the compiler takes the source.
    pub(crate) fn compiled(mut self) -> CheckReport {
        self.add(self.unread.clone());
        self.report
    }

    /// The report, now that the compiler has read something that is not the submission's own.
    pub(crate) fn read_foreign(mut self, foreign: &BTreeSet<Foreign>) -> CheckReport {
        self.add(foreign.iter().map(|foreign| match foreign {
            Foreign::Read(name) => {
                let message = format!(
                    "{name} was read to compile the submission: a submission is its own files and nothing else"
                );
                let next =
                    "remove what reads it; nothing was run, and what the compiler said is not shown, since it may hold what was read";
                finding("files".to_owned(), message, None, next)
            }
            Foreign::Linked(violation) => {
                let message = format!("the compiled submission {}", violation.what);
                finding("object code".to_owned(), message, None, &violation.next)
            }
        }));
        self.report
    }

    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.report.findings.extend(findings);
        if !self.report.findings.is_empty() {
            self.report.outcome = Outcome::Failed;
            self.report.score.points = 0;
        }
    }
}

/// What an exercise says about a submission's source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demands<'a> {
    pub(crate) forbid: &'a [Forbid],
    pub(crate) allowed: &'a Allowed,
    /// The points of the check.
    pub(crate) of: u32,
}

/// Judges the files of a submission by the rules. `shown` writes a path as the user would.
///
/// # Errors
/// If the system refuses a thread.
pub(crate) fn check(
    files: &Files,
    shown: &(dyn Fn(&Path) -> String + Sync),
    demands: Demands<'_>,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Judged, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::SourceRules, items: 0 });
    let mut judged = syntax::on_a_deep_stack(|| Ok(judge(files, shown, demands)))?;
    judged.report.millis = begun.elapsed().as_millis() as u64;
    Ok(judged)
}

fn judge(files: &Files, shown: &dyn Fn(&Path) -> String, demands: Demands<'_>) -> Judged {
    let Demands { forbid, allowed, of } = demands;
    let lifted = |rule: &Rule<'_>| allowed.allow.contains(&rule.subject());
    let everywhere = EVERYWHERE.iter().filter(|(rule, _)| !lifted(rule)).copied();
    let own = forbid.iter().filter_map(|each| {
        let rule = match each {
            Forbid { path: Some(name), .. } => Rule::Path(name),
            Forbid { method: Some(name), .. } => Rule::Method(name),
            Forbid { r#macro: Some(name), .. } => Rule::Macro(name),
            _ => return None,
        };
        Some((rule, each.reason.as_str()))
    });
    let rules: Vec<(Rule<'_>, &str)> = everywhere.chain(own).collect();
    let crates = ["std", "core", "alloc"].into_iter().map(str::to_owned);
    let named = rules.iter().filter_map(|(rule, _)| rule.of_crate()).map(str::to_owned);
    let crates = crates.chain(named).chain(allowed.crates.iter().map(|name| name.replace('-', "_"))).collect();

    let mut collected = Collected { names: Names::new(crates), found: Vec::new(), macros: Vec::new() };
    let mut findings: Vec<Finding> = files.refused().iter().map(|refused| of_refused(refused, shown)).collect();
    let mut is_closed = findings.is_empty();
    let mut unread = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let lossy;
        let text = match file.text() {
            Some(text) => text,
            None => {
                lossy = file.lossy();
                &lossy
            }
        };
        let why = match syntax::parse(text) {
            Ok(parsed) if file.text().is_some() => {
                search::file(&mut collected, index, file.module.clone(), &parsed);
                continue;
            }
            Ok(_) => Unread::NotRust(1, "it is not text in UTF-8".to_owned()),
            Err(why) => why,
        };
        let place = |line| Location { file: shown(&file.path), line, column: None };
        if why != Unread::Script
            && let Ok(tokens) = text.parse()
        {
            let scope = collected.names.module(file.module.clone());
            tokens::code(&mut collected, Place { file: index, scope, in_macro: false }, tokens);
        } else if let Some((word, line)) = unread::word_that_reads(text) {
            is_closed = false;
            let message = format!(
                "this file cannot be read ({why}, line {}), and `{word}` stands in it, with which it may read what is not its own",
                why.line()
            );
            findings.push(finding(word.to_owned(), message, Some(place(line)), &unread::next_step(&why)));
        }
        let message = format!("the grader cannot read this file, so no rule can be applied to it: {why}");
        let each = finding("unread".to_owned(), message, Some(place(why.line())), &unread::next_step(&why));
        // How deep a source nests is known without the compiler.
        if matches!(why, Unread::TooDeep(_)) { findings.push(each) } else { unread.push(each) }
    }

    let possible = macros::possible(&collected, &rules);
    collected.found.extend(possible);
    let paths: Vec<String> = files.iter().map(|file| shown(&file.path)).collect();
    let places = places(&Judge { collected: &collected, rules: &rules, allow: &allowed.allow }, &paths);
    for ((rule, reason), places) in rules.iter().zip(places) {
        if let Some((first, more)) = places.split_first() {
            is_closed &= !rule.opens_files();
            findings.push(of_rule(*rule, reason, first.clone(), more));
        }
    }
    let evidence = Evidence::Source { files: paths.len(), rules: rules.len() };
    let report = match findings.is_empty() && !unread.is_empty() {
        true => CheckReport::not_run(Check::SourceRules, of, "the source is not valid Rust"),
        false => CheckReport::from_items(Check::SourceRules, of, evidence, Vec::new(), findings, 0),
    };
    Judged { report, unread, is_closed }
}

/// Where each rule is broken.
fn places(judge: &Judge<'_>, paths: &[String]) -> Vec<Vec<Location>> {
    let mut places: Vec<Vec<Location>> = vec![Vec::new(); judge.rules.len()];
    for found in &judge.collected.found {
        for rule in judge.broken_by(found) {
            let start = found.span.start();
            let (line, column) = (start.line as u32, Some(start.column as u32 + 1));
            places[rule].push(Location { file: paths[found.file].clone(), line, column });
        }
    }
    for each in &mut places {
        each.sort();
        each.dedup();
    }
    places
}

fn of_rule(rule: Rule<'_>, reason: &str, first: Location, more: &[Location]) -> Finding {
    let elsewhere = |place: &Location| match place.file == first.file {
        true => place.line.to_string(),
        false => format!("{}:{}", place.file, place.line),
    };
    let lines = more.iter().map(elsewhere).collect::<Vec<_>>().join(", ");
    let message = format!("{} is not allowed here: {reason}", rule.shown());
    let seen = (!more.is_empty()).then(|| format!("also in line {lines}"));
    Finding { seen, next_step: None, ..finding(rule.subject(), message, Some(first), "") }
}

fn of_refused(refused: &Refused, shown: &dyn Fn(&Path) -> String) -> Finding {
    let place = |path: &Path, line| Location { file: shown(path), line, column: None };
    let location = match &refused.declared {
        Some((file, line)) => place(file, *line),
        None => place(&refused.path, 1),
    };
    let message = format!("{} {}", shown(&refused.path), refused.why);
    let next = "a submission is made of plain files below the folder of its root file; nothing was compiled";
    finding("files".to_owned(), message, Some(location), next)
}

fn finding(subject: String, message: String, location: Option<Location>, next_step: &str) -> Finding {
    Finding {
        check: Check::SourceRules,
        kind: Kind::Forbidden,
        subject,
        message,
        expected: None,
        seen: None,
        location,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: Some(next_step.to_owned()),
    }
}
