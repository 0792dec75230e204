//! Source rules: what an exercise forbids, found in the syntax tree, however it is imported or renamed.
//!
//! A path is followed through `use` declarations (groups, renames, globs) back to where it begins. Tokens inside macro calls
//! and macro definitions are searched for paths, too. Code under `#[cfg(test)]` is not compiled when grading and not
//! looked at. Names are not resolved as the compiler does it: this finds what people write, and what tries to hide a
//! little; the sandbox is what must hold against the rest.

mod files;
mod rules;
mod search;
#[cfg(test)]
mod tests;

use crate::exercise::config::{Allowed, Forbid};
use crate::submission::Source;
use crate::syntax;
use crate::trouble::Trouble;
use files::files;
use rules::{EVERYWHERE, Rule};
use search::Search;
use std::path::{Path, PathBuf};
use std::time::Instant;
use syn::visit::Visit;
use verdict::{Check, CheckReport, Event, Evidence, Finding, Kind, Location};

/// What reading the submission's source gave.
pub enum Read {
    /// It was judged. The paths are its files.
    Judged(CheckReport, Vec<PathBuf>),
    /// It is not valid Rust; the compiler will say it better.
    NotRust,
}

/// Reads the submission's files against the rules.
///
/// # Errors
/// If the root file cannot be read.
pub fn check(
    source: &Source,
    shown: &(dyn Fn(&Path) -> String + Sync),
    forbid: &[Forbid],
    allowed: &Allowed,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Read, Trouble> {
    syntax::on_a_deep_stack(|| read(source, shown, forbid, allowed, of, watch))
}

fn read(
    source: &Source,
    shown: &dyn Fn(&Path) -> String,
    forbid: &[Forbid],
    allowed: &Allowed,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<Read, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::SourceRules, items: 0 });
    let everywhere = EVERYWHERE.iter().filter(|(rule, _)| !allowed.allow.contains(&rule.subject())).copied();
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
    let Some(files) = files(&source.root)? else { return Ok(Read::NotRust) };
    let mut findings = Vec::new();
    for (rule, reason) in &rules {
        let mut places: Vec<Location> = Vec::new();
        for (path, file) in &files {
            let mut search = Search { file, rule: *rule, allow: &allowed.allow, found: Vec::new() };
            search.visit_file(&file.syntax);
            places.extend(search.found.iter().map(|span| Location {
                file: shown(path),
                line: span.start().line as u32,
                column: Some(span.start().column as u32 + 1),
            }));
        }
        places.sort();
        places.dedup();
        if let Some(first) = places.first() {
            findings.push(finding(*rule, reason, first.clone(), &places[1..]));
        }
    }
    let evidence = Evidence::Source { files: files.len(), rules: rules.len() };
    let millis = begun.elapsed().as_millis() as u64;
    let report = CheckReport::from_items(Check::SourceRules, of, evidence, Vec::new(), findings, millis);
    Ok(Read::Judged(report, files.into_iter().map(|(path, _)| path).collect()))
}

fn finding(rule: Rule<'_>, reason: &str, location: Location, more: &[Location]) -> Finding {
    let lines = more.iter().map(|place| place.line.to_string()).collect::<Vec<_>>().join(", ");
    Finding {
        check: Check::SourceRules,
        kind: Kind::Forbidden,
        subject: rule.subject(),
        message: format!("{} is not allowed here: {reason}", rule.shown()),
        expected: None,
        seen: (!more.is_empty()).then(|| format!("also in line {lines}")),
        location: Some(location),
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: None,
    }
}
