//! What all modules here use: the lab's grader, gradings of its hostile submissions, and what is looked for in their reports.

use engine::exercise::catalog::Exercise;
use engine::grading::{Extent, Grader};
use engine::home::workspace::Workspace;
use engine::run::processes;
use engine::submission::Source;
use engine::trouble::Trouble;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Finding, Kind, Origin, Outcome, Report, Verdict};

/// Facts in which a submission does its harm.
pub(crate) const WORK: [&str; 2] = ["work_answers", "work_answers_again"];

/// Facts that it does not touch.
const REST: [&str; 2] = ["rest_answers", "rest_answers_at_last"];

/// Much longer than any grading here takes, on any machine; much shorter than what would hang it.
const AGES: Duration = Duration::from_secs(120);

/// One for all tests: the compiler is looked for, and what the hidden tests need is built, once.
pub(crate) static GRADER: LazyLock<Grader> = LazyLock::new(|| {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab");
    let mut workspace = Workspace::at(&manifest.join("tests/fixtures/lab"));
    workspace.grader = manifest.parent().expect("the engine is a part of the grader").to_owned();
    (workspace.state, workspace.target) = (target.join("state"), target);
    share_kits(&workspace);
    engine::run::confine::launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
    let grader = Grader { jobs: 2, many: true, ..Grader::new(workspace).expect("there is a compiler") };
    grader.warm(&lab_of(&grader), &|_| {}).expect("what the hidden tests need can be built");
    grader
});

/// Lets the kits be those of the clone: they are the same, and take long to build.
fn share_kits(workspace: &Workspace) {
    let kits = workspace.grader.parent().expect("the grader is a part of a clone").join("target/grader/kits");
    std::fs::create_dir_all(&kits).expect("the clone can be built in");
    std::fs::create_dir_all(&workspace.target).expect("the tests can be built in");
    // An earlier run may have made it.
    let _ = std::os::unix::fs::symlink(kits, workspace.target.join("kits"));
}

fn lab_of(grader: &Grader) -> Exercise {
    Exercise::read(&grader.workspace, "01_lab").expect("the lab is in order")
}

/// The lab, with another time limit for `work`.
pub(crate) fn lab(seconds: u64) -> Exercise {
    let mut exercise = lab_of(&GRADER);
    exercise.config.behaviour.seconds = seconds;
    exercise
}

pub(crate) fn hostile(name: &str) -> PathBuf {
    GRADER.workspace.root.join("hostile").join(name).with_extension("rs")
}

fn try_to_grade(path: &Path, only: Option<&[Check]>) -> Result<Report, Trouble> {
    let begun = Instant::now();
    let report = GRADER.grade(
        &lab(60),
        &Source::file(Origin::Submitted, path)?,
        only.map_or(Extent::All, Extent::Checks),
        &|_| {},
    );
    assert!(begun.elapsed() < AGES, "{}: took {:?}", path.display(), begun.elapsed());
    assert_nothing_is_left();
    report
}

pub(crate) fn grade_file(path: &Path, only: Option<&[Check]>) -> Report {
    try_to_grade(path, only).unwrap_or_else(|trouble| panic!("{}: {trouble}", path.display()))
}

/// Grades the behaviour of a submission of `fixtures/lab/hostile`.
pub(crate) fn grade(name: &str) -> Report {
    grade_file(&hostile(name), Some(&[Check::Behaviour]))
}

/// Grades with a short time limit, so many facts at once.
pub(crate) fn grade_within(seconds: u64, name: &str, jobs: usize) -> Report {
    let grader = Grader { jobs, ..GRADER.clone() };
    let source = Source::file(Origin::Submitted, &hostile(name)).expect("the file is there");
    let report = grader.grade(&lab(seconds), &source, Extent::Checks(&[Check::Behaviour]), &|_| {});
    assert_nothing_is_left();
    report.unwrap_or_else(|trouble| panic!("{name}: {trouble}"))
}

/// Other tests grade at the same time, and their processes are alive. But each process starts in the folder of its grading,
/// which is removed when the grading is over: who lives in a folder that is gone has been left behind.
pub(crate) fn assert_nothing_is_left() {
    for (id, name) in processes::descendants_of(std::process::id()) {
        let folder = std::fs::read_link(format!("/proc/{id}/cwd")).unwrap_or_default();
        assert!(!folder.to_string_lossy().ends_with(" (deleted)"), "'{name}' (process {id}) was left behind");
    }
}

pub(crate) fn check(report: &Report, check: Check) -> &CheckReport {
    let found = report.checks.iter().find(|each| each.check == check);
    found.unwrap_or_else(|| panic!("there is no report on {check}: {report:#?}"))
}

pub(crate) fn outcomes(report: &Report) -> BTreeMap<&str, &Outcome> {
    check(report, Check::Behaviour).items.iter().map(|item| (item.name.as_str(), &item.outcome)).collect()
}

/// The findings on both facts about `work`. The facts about `rest` hold.
pub(crate) fn findings(report: &Report) -> [&Finding; 2] {
    assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
    let outcomes = outcomes(report);
    for fact in REST {
        assert_eq!(outcomes.get(fact), Some(&&Outcome::Passed), "{fact}: {report:#?}");
    }
    WORK.map(|fact| {
        assert_eq!(outcomes.get(fact), Some(&&Outcome::Failed), "{fact}: {report:#?}");
        let findings = &check(report, Check::Behaviour).findings;
        findings.iter().find(|finding| finding.subject == fact).expect("what failed has a finding")
    })
}

/// Grades, and demands that both facts about `work` fail in this way. Returns one of the two findings.
pub(crate) fn fails_with(name: &str, kind: Kind) -> Finding {
    let report = grade(name);
    let [first, second] = findings(&report);
    assert_eq!((first.kind, second.kind), (kind, kind), "{name}: {report:#?}");
    first.clone()
}

pub(crate) fn seen(finding: &Finding) -> &str {
    finding.seen.as_deref().unwrap_or_default()
}

pub(crate) fn detail(finding: &Finding) -> &str {
    finding.detail.as_deref().unwrap_or_default()
}

/// Whose line of the submission a finding is about.
pub(crate) fn place(finding: &Finding) -> (&str, u32) {
    let location = finding.location.as_ref().unwrap_or_else(|| panic!("there is no place: {finding:#?}"));
    (location.file.rsplit('/').next().unwrap_or_default(), location.line)
}

/// A file that is made here, because it cannot well be kept: too long, or not text.
pub(crate) fn made(name: &str, text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}
