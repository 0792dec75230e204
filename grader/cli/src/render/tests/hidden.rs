//! Every text of a report holds characters that control a terminal; no renderer lets one of them through.
//!
//! The fields are found by walking the reports as JSON, and the schema says that none is missing: a field that is added later is
//! covered once it is in the schema, and this test fails until a report here has it.

use super::*;
use crate::render::html::{self, Chapter};
use engine::foreign::shown;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeSet;
use verdict::{Attempt, Entry, Event, Score, State, Timed, is_hidden};

/// ESC, CR, BEL, BS, the one-character CSI, a change of direction, NUL, DEL, a space without width, a tag; and a colour that is not ours.
const POISON: &str = "a\u{1b}[2J\r\u{7}\u{8}\u{9b}1m\u{202e}\0\u{7f}\u{200b}\u{e0041}\u{1b}[8mb";

/// A report of each sort, which together have every field.
fn all() -> Vec<Report> {
    let mut full = unscheduled();
    let finding = &mut full.checks[1].findings[0];
    (finding.detail, finding.next_step, finding.location) = (Some("d".into()), Some("n".into()), place(1, Some(2)));
    let interleaving = finding.interleaving.as_mut().unwrap();
    interleaving.objects[0].made = place(3, None);
    interleaving.waiting[0].holder = Some(0);
    vec![accepted(), rejected(), unbuildable(), inconclusive(), full]
}

/// The same value with every text that may be any text replaced.
fn poisoned<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let mut plain = serde_json::to_value(value).unwrap();
    for place in texts(&plain, String::new()) {
        let whole = plain.clone();
        *plain.pointer_mut(&place).unwrap() = POISON.into();
        // A word of a closed set cannot be anything else.
        if serde_json::from_value::<T>(plain.clone()).is_err() {
            plain = whole;
        }
    }
    serde_json::from_value(plain).unwrap()
}

/// The places of all texts in a document.
fn texts(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![place],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| texts(item, format!("{place}/{index}"))).collect()
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| texts(value, format!("{place}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// The names of all fields in a document, or with `of` those that a schema describes below that word.
fn fields(value: &Value, of: Option<&str>, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(all) => {
            for (name, value) in all {
                if of.is_none() {
                    found.insert(name.clone());
                } else if of == Some(name) {
                    found.extend(value.as_object().unwrap().keys().cloned());
                }
                fields(value, of, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, of, found)),
        _ => {}
    }
}

/// A text without the sequences that choose a colour, and those only.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .trim_start_matches(|character: char| character.is_ascii_digit() || character == ';')
            .strip_prefix('m')
        {
            Some(rest) => plain.push_str(rest),
            None => plain.push_str(&format!("\x1b[{part}")),
        }
    }
    plain
}

#[track_caller]
fn nothing_hidden(what: &str, text: &str) {
    if let Some(character) = text.chars().find(|character| is_hidden(*character)) {
        panic!("{what} has {:?} in it:\n{text:?}", character);
    }
}

/// Everything that the renderers for a terminal make of a report.
fn on_terminals(report: &Report, colour: bool) -> Vec<String> {
    let mut pages = Vec::new();
    for (width, verbose) in [(40, false), (80, false), (100, true), (140, true)] {
        let look = Look { width, colour, verbose };
        pages.push(terminal::render(report, look));
        for check in &report.checks {
            // As the steps of `watch` are shown, and a replay.
            pages.push(terminal::row(check, look));
            pages.push(terminal::findings(&check.findings, look));
            pages.extend(check.findings.iter().map(|finding| terminal::replay(finding, look)));
        }
    }
    pages
}

/// The steps of a grading that has come to this report.
fn steps(report: &Report) -> Vec<Event> {
    let mut events = vec![Event::Preparing { what: "x".into() }, Event::Compiling { what: "x".into() }];
    for check in &report.checks {
        events.push(Event::Ended(Box::new(check.clone())));
        for finding in &check.findings {
            let (name, outcome) = (finding.subject.clone(), Outcome::NotRun("x".into()));
            let finding = Some(Box::new(finding.clone()));
            let (check, again) = (check.check, (name.clone(), outcome.clone(), finding.clone()));
            events.push(Event::Item { check, name, outcome, finding });
            events.push(Event::Again { check, name: again.0, outcome: again.1, finding: again.2 });
        }
    }
    events.push(Event::Report(Box::new(report.clone())));
    events
}

/// A page of progress about a report: in the history, in the schedules that failed and in the source stands what must not be seen.
fn page(report: &Report) -> String {
    let check = Attempt::Check {
        verdict: Verdict::Rejected,
        complete: true,
        score: Score { points: 1, of: 2 },
        failed: vec![],
        items: vec!["x".into()],
        timing: vec![Timed { workload: "x".into(), ratio: 1.0 }],
        millis: 1,
    };
    let entry = Entry { at: "2026-01-02T03:04:05Z".into(), exercise: "x".into(), what: check };
    let failing = report.checks.iter().flat_map(|check| check.findings.clone()).collect();
    let chapter = Chapter {
        folder: POISON.into(),
        section: POISON.into(),
        title: POISON.into(),
        state: State::Begun,
        points: (1, 2),
        attempts: 1,
        seconds: 60,
        ratio: None,
        hints: 0,
        entries: vec![poisoned(&entry)],
        failing,
        source: format!("{POISON}\r\n").repeat(60),
    };
    html::render(&[chapter], &[], "2026-01-02")
}

#[test]
fn these_reports_have_every_field_that_there_is() {
    let schema: Value = serde_json::from_str(include_str!("../../../../report.schema.json")).unwrap();
    let (mut described, mut here) = (BTreeSet::new(), BTreeSet::new());
    fields(&schema, Some("properties"), &mut described);
    fields(&serde_json::from_str(&json::render(&all())).unwrap(), None, &mut here);
    let missing: Vec<_> = described.difference(&here).collect();
    assert!(missing.is_empty(), "no report of this test has {missing:?}: add it to all()");
}

#[test]
fn what_leaves_the_engine_shows_no_hidden_character_in_any_renderer() {
    for raw in all().iter().map(poisoned) {
        assert!(raw.title == POISON && raw.submission.path == POISON);
        // The renderers themselves change nothing, so that this test can fail.
        assert!(on_terminals(&raw, false)[0].contains('\u{202e}'));
        let report = shown(&raw).unwrap();
        for (plain, coloured) in on_terminals(&report, false).iter().zip(on_terminals(&report, true)) {
            nothing_hidden("the terminal", plain);
            nothing_hidden("the terminal in colour", &without_colours(&coloured));
        }
        // The sequence is there to be read.
        assert!(
            terminal::render(&report, Look { width: 140, colour: true, verbose: true }).contains("a\\x1b[2J\\r\\x07")
        );
        for event in steps(&report) {
            let event = shown(&poisoned(&event)).unwrap();
            nothing_hidden("a step as JSON", json::line(&event).trim_end());
        }
        assert!(junit::render(std::slice::from_ref(&report)).contains("a\\x1b[2J"));
        assert!(page(&report).contains("a\\x1b[2J"));
    }
}

#[test]
fn json_junit_and_the_page_show_none_even_of_a_report_that_holds_some() {
    for raw in all().iter().map(poisoned) {
        let text = json::render(std::slice::from_ref(&raw));
        nothing_hidden("JSON", &text);
        // Nothing is lost in it.
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::from_value::<Report>(document["reports"][0].clone()).unwrap(), raw);
        for event in steps(&raw) {
            nothing_hidden("a step as JSON", &json::line(&poisoned(&event)));
        }
        nothing_hidden("JUnit", &junit::render(std::slice::from_ref(&raw)));
        nothing_hidden("the page", &page(&raw));
    }
}
