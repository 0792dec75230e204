//! JSON, as `grader/report.schema.json` describes it.

use serde::Serialize;
use verdict::{FORMAT_VERSION, Report};

/// The whole document.
#[derive(Serialize)]
struct Document<'a> {
    format_version: u32,
    grader: &'static str,
    reports: &'a [Report],
}

/// Renders reports as one JSON document.
pub(crate) fn render(reports: &[Report]) -> String {
    let document = Document { format_version: FORMAT_VERSION, grader: env!("CARGO_PKG_VERSION"), reports };
    let mut text = serde_json::to_string_pretty(&document).expect("a report has string keys only");
    text.push('\n');
    text
}
