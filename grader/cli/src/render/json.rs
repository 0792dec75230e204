//! JSON, as `grader/report.schema.json` describes it. What would control a terminal is in it as an escape of JSON (`\u009b`), so a
//! document can be looked at as it is.

use serde::Serialize;
use verdict::{Event, FORMAT_VERSION, Report, is_hidden};

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    grader: &'static str,
    reports: &'a [Report],
}

/// One step of a grading as a line.
pub(crate) fn line(event: &Event) -> String {
    escaped(serde_json::to_string(event).expect("an event has string keys only")) + "\n"
}

/// Renders reports as one JSON document.
pub(crate) fn render(reports: &[Report]) -> String {
    let document = Document { format_version: FORMAT_VERSION, grader: env!("CARGO_PKG_VERSION"), reports };
    pretty(&document)
}

/// Renders any value as one JSON document.
///
/// # Panics
/// If it has maps whose keys are not texts.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    escaped(serde_json::to_string_pretty(value).expect("the value has string keys only")) + "\n"
}

/// Such characters stand only inside strings, where each may be written as an escape: above U+FFFF as two.
fn escaped(text: String) -> String {
    if !text.contains(is_hidden) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_hidden(character) {
            true => {
                let units =
                    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
                shown.push_str(&units);
            }
            false => shown.push(character),
        }
    }
    shown
}
