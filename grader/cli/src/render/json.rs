//! JSON, as `grader/report.schema.json` describes it.

use serde::Serialize;
use verdict::{Event, FORMAT_VERSION, Report};

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    grader: &'static str,
    reports: &'a [Report],
}

/// One step of a grading as a line.
pub(crate) fn line(event: &Event) -> String {
    serde_json::to_string(event).expect("an event has string keys only") + "\n"
}

/// Renders reports as one JSON document.
pub(crate) fn render(reports: &[Report]) -> String {
    let document = Document { format_version: FORMAT_VERSION, grader: env!("CARGO_PKG_VERSION"), reports };
    let mut text = serde_json::to_string_pretty(&document).expect("a report has string keys only");
    text.push('\n');
    text
}
