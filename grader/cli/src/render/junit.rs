//! JUnit XML: a suite per exercise and check, a case per item. A wrong answer is a `failure`; what was not run is `skipped`.

use super::lanes;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;
use verdict::{CheckReport, Finding, Item, Outcome, Report, visible};

/// How wide an interleaving is told, in characters: there is no terminal to ask.
const LANES_WIDTH: usize = 100;

/// Renders reports as one JUnit document.
pub(crate) fn render(reports: &[Report]) -> String {
    let mut document = Document::new("grader");
    for report in reports {
        for check in &report.checks {
            let mut suite = TestSuite::new(format!("{}.{}", report.exercise, check.check));
            suite.set_time(Duration::from_millis(check.millis));
            if check.items.is_empty() {
                // A check without items of its own is one case.
                let whole = Item {
                    name: check.check.name().to_owned(),
                    statement: String::new(),
                    outcome: check.outcome.clone(),
                    millis: check.millis,
                };
                suite.add_test_case(case(report, check, &whole, &check.findings.iter().collect::<Vec<_>>()));
            }
            for item in &check.items {
                let findings: Vec<&Finding> = check.findings.iter().filter(|each| each.subject == item.name).collect();
                suite.add_test_case(case(report, check, item, &findings));
            }
            document.add_test_suite(suite);
        }
    }
    visible(&document.to_string().expect("a report is text")).into_owned()
}

fn case(report: &Report, check: &CheckReport, item: &Item, findings: &[&Finding]) -> TestCase {
    let mut status = match &item.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Inconclusive | Outcome::NotExplored | Outcome::NotRun(_) => TestCaseStatus::skipped(),
    };
    match (&item.outcome, findings.first()) {
        (Outcome::NotRun(because), _) => {
            status.set_message(because.clone());
        }
        (_, Some(finding)) => {
            status.set_message(finding.message.clone()).set_type(finding.kind.code());
            status.set_description(findings.iter().map(|finding| words(finding)).collect::<Vec<_>>().join("\n\n"));
        }
        _ => {}
    }
    let mut case = TestCase::new(item.name.clone(), status);
    case.set_classname(format!("{}.{}", report.exercise, check.check)).set_time(Duration::from_millis(item.millis));
    case
}

fn words(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    let place = finding.location.as_ref().map(|place| format!("{}:{}", place.file, place.line));
    let parts =
        [("expected", &finding.expected), ("seen", &finding.seen), ("at", &place), ("next", &finding.next_step)];
    lines.extend(parts.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text.as_ref()?))));
    lines.extend(finding.threads.iter().map(|each| format!("thread '{}' {}", each.thread, each.doing)));
    if let Some(interleaving) = &finding.interleaving {
        let told = lanes::lines(interleaving, LANES_WIDTH, false).into_iter();
        lines.extend(told.map(|line| line.into_iter().map(|(_, text)| text).collect::<String>().trim_end().to_owned()));
    }
    lines.extend(finding.detail.clone());
    lines.join("\n")
}
