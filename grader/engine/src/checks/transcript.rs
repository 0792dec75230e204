//! Transcript: the text that a small program produces is the committed snapshot, to the letter. The comparison is made
//! here, not in the process that the submission runs in.

use crate::exercise::manifest::Hidden;
use crate::run::facts::{Showed, Tests};
use crate::trouble::{Trouble, read};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Outcome};

/// Runs and compares all transcripts.
///
/// # Errors
/// If a process could not be looked after, or a snapshot is missing.
pub fn check(
    tests: &Tests,
    transcripts: &[Hidden],
    snapshots: &Path,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<CheckReport, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::Transcript, items: transcripts.len() });
    let (mut items, mut findings) = (Vec::new(), Vec::new());
    for transcript in transcripts {
        let wanted = snapshot(snapshots, &transcript.name)?;
        let (showed, wall) = tests.run(Check::Transcript, transcript)?;
        let finding = match showed {
            Showed::Text(text) if text.trim_end() == wanted.trim_end() => None,
            Showed::Text(text) => Some(differs(transcript, &wanted, &text)),
            Showed::Fails(finding) => Some(*finding),
            Showed::Holds | Showed::Explored(_) => Some(differs(transcript, &wanted, "")),
        };
        let outcome = if finding.is_some() { Outcome::Failed } else { Outcome::Passed };
        watch(Event::Item {
            check: Check::Transcript,
            name: transcript.name.clone(),
            outcome: outcome.clone(),
            finding: finding.clone().map(Box::new),
        });
        items.push(Item {
            name: transcript.name.clone(),
            statement: transcript.statement.clone(),
            outcome,
            millis: wall.as_millis() as u64,
        });
        findings.extend(finding);
    }
    let evidence = Evidence::Texts { compared: items.len() };
    let millis = begun.elapsed().as_millis() as u64;
    Ok(CheckReport::from_items(Check::Transcript, of, evidence, items, findings, millis))
}

/// The body of a snapshot that insta wrote for `transcript.rs`.
///
/// # Errors
/// If there is none.
pub fn snapshot(folder: &Path, name: &str) -> Result<String, Trouble> {
    let text = read(&folder.join(format!("transcript__{name}.snap")))?;
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map(|(_, body)| body.to_owned());
    Ok(body.unwrap_or(text))
}

fn differs(transcript: &Hidden, wanted: &str, seen: &str) -> Finding {
    let (wanted, seen) = (format!("{}\n", wanted.trim_end()), format!("{}\n", seen.trim_end()));
    let difference = TextDiff::from_lines(wanted.as_str(), seen.as_str());
    let mut detail = String::from("lines with - are expected and missing, lines with + were printed instead\n");
    for (index, group) in difference.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            detail.push_str("  …\n");
        }
        for change in group.iter().flat_map(|operation| difference.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let _ = writeln!(detail, "{sign} {}", change.value().trim_end_matches('\n'));
        }
    }
    Finding {
        check: Check::Transcript,
        kind: Kind::WrongAnswer,
        subject: transcript.name.clone(),
        message: transcript.statement.clone(),
        expected: None,
        seen: None,
        location: None,
        detail: Some(detail.trim_end().to_owned()),
        threads: Vec::new(),
        interleaving: None,
        next_step: transcript.next_step.clone(),
    }
}
