//! Submissions that mean harm, each graded in the lab (`fixtures/lab`, see `fixtures/README.md`): each gets the verdict it
//! deserves, in time; what it did not touch is still judged; nothing of it is left running.

mod attacks;
mod early_ends;
mod escapes;
mod floods;
mod forgery;
mod grading;
mod hangs;
mod objects;
mod own_files;
mod panics;
mod processes_left_behind;
mod reports;
mod sources;

use crate::grading::{GRADER, lab};
use engine::grading::Extent;
use engine::submission::Source;
use verdict::{Check, Verdict};

#[test]
fn the_reference_is_accepted() {
    let source = Source::reference(&lab(60)).unwrap();
    let quick = [Check::SourceRules, Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
    let report = GRADER.grade(&lab(60), &source, Extent::Checks(&quick), &|_| {}).unwrap();
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    assert_eq!(report.checks.len(), quick.len());
    assert_eq!((report.score.points, report.score.of), (90, 90));
    assert!(!report.complete, "timing was left out");
}
