//! The texts of the pages, with terminal colours in them.

use super::model::{Counts, Model, Page, Phase, Running};
use crate::commands::list::{self, Row};
use crate::commands::{Desk, reset};
use crate::render::prose;
use crate::render::terminal::{self, Look};
use crate::screen::{Screen, as_typed, paint, text_style};
use anstyle::{AnsiColor, Style};
use engine::exercise::catalog::Exercise;
use engine::exercise::curriculum::code_lines;
use engine::exercise::notes;
use std::path::Path;
use verdict::{Check, Evidence, Outcome, Report};

/// The text of the page that is shown.
pub(crate) fn text(model: &Model, desk: &Desk, rows: &[Row], screen: &Screen) -> String {
    let look = Look { width: screen.width, colour: screen.colour, verbose: false };
    let page = match model.page {
        Page::Report => match &model.phase {
            Phase::Running(running) => {
                untouched(&model.exercise, look) + &self::running(running, &model.exercise, look)
            }
            Phase::Done(report) => {
                let after = if model.is_accepted() { accepted(report, &model.exercise, look) } else { String::new() };
                let body = terminal::body(report, Look { verbose: model.in_full, ..look });
                untouched(&model.exercise, look)
                    + &body.replace("--verbose shows them in full", "f: all in full")
                    + &after
            }
            Phase::Failed(why) => prose::fill(why, look.width),
        },
        Page::Brief => file(&model.exercise.brief(), look.width),
        Page::Hints => hints(&model.exercise, desk.progress(&model.exercise.folder).hints, look.width),
        Page::Solution => solution(&model.exercise, look),
        Page::Replay => {
            let full = Look { verbose: true, ..look };
            model.interleavings().into_iter().map(|finding| terminal::replay(finding, full)).collect()
        }
        Page::List => match found(rows, &model.list.search) {
            found if found.is_empty() => "\n  nothing found in names, sections, titles and topics\n".to_owned(),
            found => list::table(&found, screen),
        },
        Page::Help => help(look),
    };
    as_typed(&page).into_owned()
}

/// The rows that a search leaves; those that have it in their name come first.
pub(crate) fn found<'a>(rows: &'a [Row], search: &str) -> Vec<&'a Row> {
    let search = search.to_lowercase();
    let mut found: Vec<(usize, &Row)> = rows.iter().filter_map(|row| Some((row.rank(&search)?, row))).collect();
    if !search.is_empty() {
        found.sort_by_key(|(rank, _)| *rank);
    }
    found.into_iter().map(|(_, row)| row).collect()
}

fn bold(look: Look, text: &str) -> String {
    if look.colour { paint(Style::new().bold(), text) } else { text.to_owned() }
}

fn dim(look: Look, text: &str) -> String {
    if look.colour { paint(Style::new().dimmed(), text) } else { text.to_owned() }
}

fn good(look: Look, text: &str) -> String {
    if look.colour { paint(text_style(AnsiColor::Green), text) } else { text.to_owned() }
}

fn running(running: &Running, exercise: &Exercise, look: Look) -> String {
    let mut page = String::new();
    for check in exercise.checks() {
        let ended = running.ended.iter().find(|report| report.check == check);
        page.push_str(&match (ended, running.counts.get(&check)) {
            (Some(report), _) => terminal::row(report, look),
            (None, Some(counts)) => begun(check, *counts, look),
            (None, None) => dim(look, &format!("  · {}", terminal::words_of(check))) + "\n",
        });
    }
    if let Some((name, Outcome::Passed)) = &running.again {
        page.push_str(&format!("\n{} {name}, which failed last, holds now\n", good(look, "✓")));
    }
    page + &terminal::findings(&running.findings, look)
}

fn begun(check: Check, counts: Counts, look: Look) -> String {
    let failed = match counts.failed {
        0 => String::new(),
        failed if look.colour => paint(text_style(AnsiColor::Red), &format!(", {failed} failed")),
        failed => format!(", {failed} failed"),
    };
    let of = if counts.of > 0 { format!("{} of {}", counts.done, counts.of) } else { String::new() };
    let indent = " ".repeat(8);
    format!("  … {:<13}{indent} {of}{failed}\n", terminal::words_of(check))
}

/// Where to begin, as long as nothing has been written.
fn untouched(exercise: &Exercise, look: Look) -> String {
    if !reset::is_starter(exercise).unwrap_or(false) {
        return String::new();
    }
    let words = "This is the starter as it was given to you. b shows what is asked; open the file above in your editor (e opens \
                 it here); every save is graded.";
    format!("{}\n\n", bold(look, textwrap::fill(words, look.width.saturating_sub(2)).as_str()))
}

/// What to read after acceptance: how the reference differs, and the questions an interviewer would ask next.
fn accepted(report: &Report, exercise: &Exercise, look: Look) -> String {
    let mut page = format!("\n{}\n", bold(look, "Yours and the reference"));
    let own = std::fs::read_to_string(exercise.starter.join("src/lib.rs")).unwrap_or_default();
    let theirs = std::fs::read_to_string(exercise.solution.join("src/lib.rs")).unwrap_or_default();
    page.push_str(&format!("  {} lines of code; the reference has {}\n", code_lines(&own), code_lines(&theirs)));
    let workloads = report.checks.iter().flat_map(|check| match &check.evidence {
        Evidence::Pairs { workloads } => workloads.as_slice(),
        _ => &[],
    });
    for pairs in workloads {
        let name = pairs.workload.replace('_', " ");
        page.push_str(&format!("  {name}: yours takes {:.2} × as long as the reference\n", pairs.ratio));
    }
    let text = std::fs::read_to_string(exercise.notes()).unwrap_or_default();
    let questions = notes::section(&text, "## Follow-up questions").unwrap_or_default();
    let questions = notes::headings(questions, 3);
    if !questions.is_empty() {
        page.push_str(&format!("\n{}\n", bold(look, "What an interviewer would ask next")));
        for question in questions {
            let filled = prose::fill(&format!("- {question}"), look.width.saturating_sub(2));
            filled.lines().for_each(|line| page.push_str(&format!("  {line}\n")));
        }
    }
    let next = "s: the reference, why it is right, and answers · n: the next exercise, when you want to go on";
    page.push_str(&format!("\n{}\n", dim(look, next)));
    page
}

fn file(path: &Path, width: usize) -> String {
    match std::fs::read_to_string(path) {
        Ok(text) => prose::fill(&text, width),
        Err(error) => format!("cannot read {}: {error}\n", path.display()),
    }
}

fn hints(exercise: &Exercise, read: usize, width: usize) -> String {
    let text = std::fs::read_to_string(exercise.notes()).unwrap_or_default();
    let all = notes::hints(&text);
    let mut page = String::new();
    for (index, hint) in all.iter().take(read).enumerate() {
        page.push_str(&format!("Hint {} of {}\n\n{}\n", index + 1, all.len(), prose::fill(hint, width)));
    }
    page.push_str(match all.len().saturating_sub(read) {
        0 => "these are all; after them there is the solution (s)\n",
        _ => "h: the next one\n",
    });
    page
}

fn solution(exercise: &Exercise, look: Look) -> String {
    let reference = exercise.solution.join("src/lib.rs");
    let source = std::fs::read_to_string(&reference).unwrap_or_default();
    let text = std::fs::read_to_string(exercise.notes()).unwrap_or_default();
    // The hints are behind whoever reads this.
    let reasons = text.find("## Why the reference is right").map_or(text.as_str(), |start| &text[start..]);
    let notes = prose::fill(reasons, look.width);
    format!("{source}\n{}\n\n{}\n", bold(look, "── why, what else, and what an interviewer asks ──"), notes.trim_end())
}

/// The keys, for people. [`super::app`] acts on them.
const KEYS: &[(&str, &str)] = &[
    ("r", "grade again"),
    ("f", "everything that is wrong in full, or the first of each check"),
    ("b", "the brief: what is asked"),
    ("h", "the next hint"),
    ("v", "every step of the schedules that failed"),
    ("s", "the reference and its notes, once yours is accepted"),
    ("e", "open your file in an editor ($VISUAL, $EDITOR, or the one that grader.toml names)"),
    ("n  p", "the next exercise, the previous one"),
    ("l", "all exercises; / searches, Enter opens one"),
    ("x", "put the starter back; your file is kept as a backup"),
    ("↑ ↓  PgUp PgDn  Home End", "scroll; also j k, Space, g G; ← → for long lines"),
    ("Esc", "back to the grading"),
    ("q  Ctrl-C", "quit; Ctrl-Z suspends"),
];

fn help(look: Look) -> String {
    let mut page = format!("{}\n\n", bold(look, "Keys"));
    let width = KEYS.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    for (key, what) in KEYS {
        let room = look.width.saturating_sub(width + 4).max(20);
        for (index, line) in textwrap::wrap(what, room).iter().enumerate() {
            let key = if index == 0 { *key } else { "" };
            page.push_str(&format!("  {key:<width$}  {line}\n"));
        }
    }
    page.push_str("\nYour file is graded whenever you save it. A save during a grading begins it anew.\n");
    page
}
