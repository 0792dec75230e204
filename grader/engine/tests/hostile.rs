//! Submissions that mean harm, each graded in the lab (`fixtures/lab`, see `fixtures/README.md`): each gets the verdict it
//! deserves, in time; what it did not touch is still judged; nothing of it is left running.

use engine::exercise::catalog::Exercise;
use engine::grading::Grader;
use engine::home::workspace::Workspace;
use engine::run::processes;
use engine::submission::Source;
use engine::trouble::Trouble;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Finding, Kind, Origin, Outcome, Report, Verdict};

/// Facts in which a submission does its harm.
const WORK: [&str; 2] = ["work_answers", "work_answers_again"];

/// Facts that it does not touch.
const REST: [&str; 2] = ["rest_answers", "rest_answers_at_last"];

/// Much longer than any grading here takes, on any machine; much shorter than what would hang it.
const AGES: Duration = Duration::from_secs(120);

/// One for all tests: the compiler is looked for, and what the hidden tests need is built, once.
static GRADER: LazyLock<Grader> = LazyLock::new(|| {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab");
    let mut workspace = Workspace::at(&manifest.join("tests/fixtures/lab"));
    workspace.grader = manifest.parent().expect("the engine is a part of the grader").to_owned();
    (workspace.state, workspace.target) = (target.join("state"), target);
    let grader = Grader { jobs: 2, ..Grader::new(workspace).expect("there is a compiler") };
    grader.warm(&lab_of(&grader), &|_| {}).expect("what the hidden tests need can be built");
    grader
});

fn lab_of(grader: &Grader) -> Exercise {
    Exercise::read(&grader.workspace, "01_lab").expect("the lab is in order")
}

/// The lab, with another time limit for `work`.
fn lab(seconds: u64) -> Exercise {
    let mut exercise = lab_of(&GRADER);
    exercise.config.behaviour.seconds = seconds;
    exercise
}

fn hostile(name: &str) -> PathBuf {
    GRADER.workspace.root.join("hostile").join(name).with_extension("rs")
}

fn try_to_grade(path: &Path, only: Option<&[Check]>) -> Result<Report, Trouble> {
    let begun = Instant::now();
    let report = GRADER.grade(&lab(60), &Source::file(Origin::Submitted, path)?, only, &|_| {});
    assert!(begun.elapsed() < AGES, "{}: took {:?}", path.display(), begun.elapsed());
    assert_nothing_is_left();
    report
}

fn grade_file(path: &Path, only: Option<&[Check]>) -> Report {
    try_to_grade(path, only).unwrap_or_else(|trouble| panic!("{}: {trouble}", path.display()))
}

/// Grades the behaviour of a submission of `fixtures/lab/hostile`.
fn grade(name: &str) -> Report {
    grade_file(&hostile(name), Some(&[Check::Behaviour]))
}

/// Grades with a short time limit, so many facts at once.
fn grade_within(seconds: u64, name: &str, jobs: usize) -> Report {
    let grader = Grader { jobs, ..GRADER.clone() };
    let source = Source::file(Origin::Submitted, &hostile(name)).expect("the file is there");
    let report = grader.grade(&lab(seconds), &source, Some(&[Check::Behaviour]), &|_| {});
    assert_nothing_is_left();
    report.unwrap_or_else(|trouble| panic!("{name}: {trouble}"))
}

/// Other tests grade at the same time, and their processes are alive. But each process starts in the folder of its grading,
/// which is removed when the grading is over: who lives in a folder that is gone has been left behind.
fn assert_nothing_is_left() {
    for (id, name) in processes::descendants_of(std::process::id()) {
        let folder = std::fs::read_link(format!("/proc/{id}/cwd")).unwrap_or_default();
        assert!(!folder.to_string_lossy().ends_with(" (deleted)"), "'{name}' (process {id}) was left behind");
    }
}

fn check(report: &Report, check: Check) -> &CheckReport {
    let found = report.checks.iter().find(|each| each.check == check);
    found.unwrap_or_else(|| panic!("there is no report on {check}: {report:#?}"))
}

fn outcomes(report: &Report) -> BTreeMap<&str, &Outcome> {
    check(report, Check::Behaviour).items.iter().map(|item| (item.name.as_str(), &item.outcome)).collect()
}

/// The findings on both facts about `work`. The facts about `rest` hold.
fn findings(report: &Report) -> [&Finding; 2] {
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
fn fails_with(name: &str, kind: Kind) -> Finding {
    let report = grade(name);
    let [first, second] = findings(&report);
    assert_eq!((first.kind, second.kind), (kind, kind), "{name}: {report:#?}");
    first.clone()
}

fn seen(finding: &Finding) -> &str {
    finding.seen.as_deref().unwrap_or_default()
}

fn detail(finding: &Finding) -> &str {
    finding.detail.as_deref().unwrap_or_default()
}

/// Whose line of the submission a finding is about.
fn place(finding: &Finding) -> (&str, u32) {
    let location = finding.location.as_ref().unwrap_or_else(|| panic!("there is no place: {finding:#?}"));
    (location.file.rsplit('/').next().unwrap_or_default(), location.line)
}

/// A file that is made here, because it cannot well be kept: too long, or not text.
fn made(name: &str, text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("there is room for a file");
    (folder, path)
}

#[test]
fn the_reference_is_accepted() {
    let source = Source::reference(&lab(60)).unwrap();
    let quick = [Check::SourceRules, Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
    let report = GRADER.grade(&lab(60), &source, Some(&quick), &|_| {}).unwrap();
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    assert_eq!(report.checks.len(), quick.len());
    assert_eq!((report.score.points, report.score.of), (90, 90));
    assert!(!report.complete, "timing was left out");
}

mod early_ends {
    use super::*;

    #[test]
    fn an_exit_code_of_zero_proves_nothing() {
        assert!(seen(&fails_with("exits", Kind::EarlyExit)).contains("exit code 0"));
    }

    #[test]
    fn a_printed_result_proves_nothing() {
        fails_with("prints_a_result", Kind::EarlyExit);
    }

    #[test]
    fn an_exit_fails_the_transcript_and_the_timing_too() {
        for each in [Check::Transcript, Check::Timing] {
            let report = grade_file(&hostile("exits"), Some(&[each]));
            assert_eq!(report.verdict, Verdict::Rejected);
            assert_eq!(check(&report, each).outcome, Outcome::Failed, "{report:#?}");
            assert_eq!(check(&report, each).findings[0].kind, Kind::EarlyExit, "{report:#?}");
        }
    }

    #[test]
    fn what_does_the_wrong_thing_is_not_timed() {
        let report = grade_file(&hostile("exits"), Some(&[Check::Transcript, Check::Timing]));
        assert_eq!(check(&report, Check::Transcript).outcome, Outcome::Failed, "{report:#?}");
        let timing = check(&report, Check::Timing);
        assert!(matches!(timing.outcome, Outcome::NotRun(_)) && timing.score.points == 0, "{report:#?}");
    }

    #[test]
    fn an_abort_is_a_signal() {
        assert!(seen(&fails_with("aborts", Kind::Signal)).contains("SIGABRT"));
    }

    #[test]
    fn an_overflow_of_the_stack_is_a_signal_with_last_words() {
        assert!(detail(&fails_with("overflows_its_stack", Kind::Signal)).contains("overflowed its stack"));
    }

    #[test]
    fn a_submission_that_kills_its_group_kills_only_itself() {
        assert!(seen(&fails_with("kills_its_group", Kind::Signal)).contains("SIGKILL"));
    }
}

mod panics {
    use super::*;

    #[test]
    fn a_panic_is_reported_with_its_place() {
        let finding = fails_with("panics", Kind::Panic);
        assert!(seen(&finding).contains("no answer today"), "{finding:#?}");
        assert_eq!(place(&finding), ("panics.rs", 4));
    }

    #[test]
    fn a_panic_that_nobody_looks_at_is_reported_with_its_place() {
        let finding = fails_with("swallows_a_panic", Kind::Panic);
        assert!(seen(&finding).contains("thread 'worker' panicked: swallowed"), "{finding:#?}");
        assert_eq!(place(&finding), ("swallows_a_panic.rs", 4));
    }

    #[test]
    fn a_panic_with_a_value_that_is_no_text_is_a_panic() {
        let finding = fails_with("panics_with_a_value", Kind::Panic);
        assert_eq!(place(&finding), ("panics_with_a_value.rs", 4));
    }

    #[test]
    fn a_hook_cannot_hide_a_panic() {
        for name in ["sets_the_hook", "takes_the_hook"] {
            let report = grade(name);
            for finding in findings(&report) {
                assert!(finding.expected.as_deref().unwrap_or_default().contains("panic hook"), "{finding:#?}");
            }
        }
    }
}

mod processes_left_behind {
    use super::*;

    #[test]
    fn a_child_is_found_and_killed() {
        assert!(seen(&fails_with("leaves_a_child", Kind::LeftBehind)).contains("still running"));
    }

    #[test]
    fn a_child_in_a_session_of_its_own_is_found_and_killed() {
        fails_with("leaves_a_session", Kind::LeftBehind);
    }

    #[test]
    fn an_orphan_is_found_and_killed() {
        fails_with("leaves_an_orphan", Kind::LeftBehind);
    }

    #[test]
    fn an_orphan_that_shed_its_environment_is_found_and_killed() {
        fails_with("leaves_a_stranger", Kind::LeftBehind);
    }

    #[test]
    fn what_outlives_an_exit_is_killed() {
        fails_with("leaves_a_stranger_and_exits", Kind::EarlyExit);
    }

    #[test]
    fn what_outlives_a_workload_is_killed() {
        let report = grade_file(&hostile("leaves_a_stranger_and_exits"), Some(&[Check::Timing]));
        assert_eq!(report.verdict, Verdict::Rejected);
    }
}

mod floods {
    use super::*;

    #[test]
    fn a_flood_on_either_stream_is_cut_off() {
        for name in ["floods_stdout", "floods_stderr"] {
            let finding = fails_with(name, Kind::OutputLimit);
            assert!(detail(&finding).len() < 10_000, "the flood is in the report");
        }
    }

    #[test]
    fn memory_has_a_limit() {
        let finding = fails_with("hoards_memory", Kind::MemoryLimit);
        assert!(finding.expected.as_deref().unwrap_or_default().contains("256 MiB"), "{finding:#?}");
    }

    #[test]
    fn one_huge_allocation_is_refused() {
        assert!(seen(&fails_with("wants_too_much", Kind::MemoryLimit)).contains(&(1u64 << 40).to_string()));
    }

    #[test]
    fn the_limit_on_memory_cannot_be_lifted() {
        fails_with("raises_its_limit", Kind::MemoryLimit);
    }

    #[test]
    fn ten_thousand_threads_are_too_many() {
        // What gives out first depends on the system: the address space for a stack, or the memory to name the thread.
        let report = grade("starts_ten_thousand_threads");
        findings(&report);
    }
}

mod hangs {
    use super::*;

    /// A deadlock is proved, not waited for: half the time limit is never needed.
    fn deadlocks(name: &str, threads: &[&str]) {
        let finding = fails_with(name, Kind::Deadlock);
        for thread in threads {
            let standing = finding.threads.iter().find(|standing| standing.thread == *thread);
            let standing = standing.unwrap_or_else(|| panic!("thread '{thread}' is not listed: {finding:#?}"));
            assert!(standing.doing.starts_with("blocked for ever (lock"), "{finding:#?}");
        }
        let millis: u64 = seen(&finding).split(' ').find_map(|word| word.parse().ok()).expect("it says when");
        assert!(millis < 30_000, "{}", seen(&finding));
    }

    #[test]
    fn locks_taken_crosswise_are_a_proved_deadlock() {
        deadlocks("crosses_its_locks", &["lefty", "righty", "the test itself"]);
    }

    #[test]
    fn a_wait_that_nobody_ends_is_a_proved_deadlock() {
        deadlocks("waits_for_nobody", &["the test itself"]);
        deadlocks("parks", &["the test itself"]);
        deadlocks("keeps_its_sender", &["the test itself"]);
    }

    #[test]
    fn a_deadlock_in_a_workload_does_not_hang_the_grader() {
        let report = grade_file(&hostile("parks"), Some(&[Check::Timing]));
        assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
    }

    /// Two facts run into the limit.
    fn two_time_limits(name: &str, thread: &str, doing: &str, jobs: usize) -> Report {
        let report = grade_within(2, name, jobs);
        assert_eq!(report.verdict, Verdict::Rejected);
        let behaviour = check(&report, Check::Behaviour);
        for finding in &behaviour.findings {
            assert_eq!(finding.kind, Kind::TimeLimit, "{report:#?}");
            // The kernel keeps fifteen bytes of a thread's name.
            let standing = finding.threads.iter().find(|standing| standing.thread.starts_with(thread));
            assert_eq!(standing.map(|standing| standing.doing.as_str()), Some(doing), "{finding:#?}");
        }
        report
    }

    #[test]
    fn an_endless_loop_meets_the_time_limit_and_spares_the_facts_before_it() {
        // What comes after the second is not tried, or, where it was begun before, not counted.
        for jobs in [1, 2] {
            let report = two_time_limits("spins", "spinner", "is running", jobs);
            let outcomes = outcomes(&report);
            assert_eq!(outcomes["rest_answers"], &Outcome::Passed);
            assert_eq!(WORK.map(|fact| outcomes[fact]), [&Outcome::Failed, &Outcome::Failed]);
            assert!(matches!(outcomes["rest_answers_at_last"], Outcome::NotRun(_)), "{report:#?}");
            // One of four facts holds.
            let score = check(&report, Check::Behaviour).score;
            assert_eq!((score.points, score.of), (15, 60));
        }
    }

    #[test]
    fn an_endless_sleep_meets_the_time_limit() {
        two_time_limits("sleeps", "the test itself", "sleeps", 2);
    }
}

mod forgery {
    use super::*;

    #[test]
    fn garbage_on_the_harness_descriptor_is_a_forgery() {
        fails_with("writes_garbage", Kind::Forgery);
    }

    #[test]
    fn a_record_with_a_guessed_nonce_is_a_forgery() {
        fails_with("guesses_the_nonce", Kind::Forgery);
    }

    #[test]
    fn without_its_descriptor_a_fact_does_not_hold() {
        fails_with("closes_everything", Kind::EarlyExit);
    }

    #[test]
    fn nothing_of_the_graders_environment_is_there() {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to find");
        let report = grade("looks_around");
        assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    }
}

mod sources {
    use super::*;

    /// Both ways: on its own, and with all checks (the source rules read the file, too).
    fn is_unbuildable(path: &Path) -> Report {
        let report = grade_file(path, None);
        assert_eq!(report.verdict, Verdict::Unbuildable, "{}: {report:#?}", path.display());
        let build = check(&report, Check::Build);
        assert!(!build.findings.is_empty(), "{report:#?}");
        let not_run = |each: Check| matches!(check(&report, each).outcome, Outcome::NotRun(_));
        assert!(not_run(Check::Behaviour) && not_run(Check::Transcript) && not_run(Check::Timing), "{report:#?}");
        report
    }

    #[test]
    fn what_does_not_compile_is_unbuildable() {
        for (name, code) in [
            ("refuses_to_compile", "error"),
            ("misses_a_module", "E0583"),
            ("feeds_its_macro", "error"),
            ("has_a_giant_constant", ""),
            ("denies_its_warnings", "dead_code"),
            ("forbids_what_it_does", "unsafe_code"),
        ] {
            let report = is_unbuildable(&hostile(name));
            let findings = &check(&report, Check::Build).findings;
            assert!(code.is_empty() || findings.iter().any(|finding| finding.subject == code), "{report:#?}");
        }
    }

    #[test]
    fn a_constant_without_end_is_unbuildable() {
        is_unbuildable(&hostile("evaluates_for_ever"));
    }

    #[test]
    fn a_macro_that_eats_all_memory_is_unbuildable() {
        is_unbuildable(&hostile("doubles_its_macro"));
    }

    #[test]
    fn an_empty_file_lacks_the_api() {
        let (_folder, path) = made("lib.rs", b"");
        let report = is_unbuildable(&path);
        let missing = seen(&check(&report, Check::Build).findings[0]);
        assert!(missing.contains("work") && missing.contains("rest"), "{missing}");
    }

    #[test]
    fn another_signature_is_said_to_be_another_signature() {
        let report = is_unbuildable(&hostile("lacks_the_api"));
        let missing = seen(&check(&report, Check::Build).findings[0]);
        assert!(missing.contains("work"), "{missing}");
    }

    #[test]
    fn what_is_not_text_is_unbuildable() {
        let (_folder, path) = made("lib.rs", b"pub fn work() -> u32 { 42 } // \xff\xfe\n");
        is_unbuildable(&path);
    }

    #[test]
    fn five_megabytes_of_garbage_are_unbuildable() {
        let (_folder, path) = made("lib.rs", "%&! } fn \u{e4} ( \"".repeat(5 << 16).as_bytes());
        let report = is_unbuildable(&path);
        let length: usize = check(&report, Check::Build).findings.iter().map(|finding| detail(finding).len()).sum();
        assert!(length < 100_000, "{length} bytes of the garbage are in the report");
    }

    #[test]
    fn nesting_without_end_is_unbuildable() {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("&", ""), ("if x {} else ", ""), ("1+", "")]
        {
            let times = 100_000;
            let text = format!("pub fn work() -> u32 {{ {}x{} }}", open.repeat(times), close.repeat(times));
            let (_folder, path) = made("lib.rs", text.as_bytes());
            is_unbuildable(&path);
        }
    }

    #[test]
    fn warnings_do_not_matter() {
        let report = grade_file(&hostile("warns"), Some(&[Check::SourceRules, Check::Build, Check::Behaviour]));
        assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    }
}

mod reports {
    use super::*;

    /// A report without what may differ from one time to the next.
    fn timeless(mut report: Report) -> Report {
        report.millis = 0;
        for check in &mut report.checks {
            check.millis = 0;
            check.items.iter_mut().for_each(|item| item.millis = 0);
            for finding in &mut check.findings {
                let words = finding.seen.take().map(|seen| {
                    let words = seen.split(' ').map(|word| if word.parse::<u64>().is_ok() { "N" } else { word });
                    words.collect::<Vec<_>>().join(" ")
                });
                finding.seen = words;
            }
        }
        report
    }

    #[test]
    fn the_same_submission_gets_the_same_report_twice() {
        let quick = [Check::SourceRules, Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
        for name in ["swallows_a_panic", "crosses_its_locks", "leaves_a_child"] {
            let once = || timeless(grade_file(&hostile(name), Some(&quick)));
            assert_eq!(once(), once(), "{name}");
        }
    }

    #[test]
    fn what_was_not_run_is_never_accepted() {
        let mut report = grade("looks_around");
        assert_eq!(Verdict::of(&report.checks), Verdict::Accepted);
        for outcome in [Outcome::NotRun("because".into()), Outcome::Inconclusive] {
            let behaviour = report.checks.iter().position(|each| each.check == Check::Behaviour).unwrap();
            let mut items = report.checks[behaviour].items.clone();
            items[0].outcome = outcome;
            let evidence = report.checks[behaviour].evidence.clone();
            report.checks[behaviour] = CheckReport::from_items(Check::Behaviour, 60, evidence, items, Vec::new(), 0);
            assert_eq!(Verdict::of(&report.checks), Verdict::Inconclusive);
        }
    }

    /// What `cargo test` says of each hidden test, in a copy of the lab with this file as its reference.
    fn by_cargo(reference: &Path) -> BTreeMap<String, bool> {
        let lab = &GRADER.workspace.root;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        for entry in walkdir::WalkDir::new(lab) {
            let entry = entry.unwrap();
            let copy = folder.path().join(entry.path().strip_prefix(lab).unwrap());
            if entry.file_type().is_dir() {
                std::fs::create_dir_all(&copy).unwrap();
            } else {
                std::fs::copy(entry.path(), &copy).unwrap();
            }
        }
        std::fs::copy(reference, folder.path().join("solutions/01_lab/src/lib.rs")).unwrap();
        std::fs::copy(GRADER.workspace.grader.join("../Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
        let manifest = folder.path().join("Cargo.toml");
        let text = std::fs::read_to_string(&manifest).unwrap();
        let harness = GRADER.workspace.grader.join("harness").display().to_string();
        std::fs::write(&manifest, text.replace("../../../../harness", &harness)).unwrap();
        let mut command = std::process::Command::new(&GRADER.toolchain.cargo);
        command
            .args([
                "test",
                "--offline",
                "--no-fail-fast",
                "-p",
                "tests-lab",
                "--test",
                "behaviour",
                "--test",
                "transcript",
            ])
            .arg("--target-dir")
            .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab-by-cargo"))
            .current_dir(folder.path())
            .env("RUSTC", &GRADER.toolchain.rustc)
            .env("INSTA_UPDATE", "no")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // Started as all processes of the grader: one that it does not know of, it takes for a stray.
        let mut cargo = processes::spawn(&mut command).unwrap();
        let (mut stdout, mut stderr) = (cargo.child.stdout.take().unwrap(), cargo.child.stderr.take().unwrap());
        let words = std::thread::spawn(move || {
            let mut words = String::new();
            stderr.read_to_string(&mut words).unwrap();
            words
        });
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        let (_, words) = (cargo.wait().unwrap(), words.join().unwrap());
        let results = text.lines().filter_map(|line| {
            let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
            Some((name.to_owned(), result == "ok"))
        });
        let results: BTreeMap<String, bool> = results.collect();
        assert_eq!(results.len(), 5, "{text}{words}");
        results
    }

    #[test]
    fn cargo_test_and_the_grader_agree_on_every_hidden_test() {
        let exercise = lab(60);
        let wrong = exercise.tests.join("rejected/off_by_one.rs");
        for (path, holding) in [(Source::reference(&exercise).unwrap().root, 5), (wrong, 2)] {
            let report = grade_file(&path, Some(&[Check::Behaviour, Check::Transcript]));
            let items = report.checks.iter().flat_map(|each| &each.items);
            let graded: BTreeMap<String, bool> =
                items.map(|item| (item.name.clone(), item.outcome == Outcome::Passed)).collect();
            assert_eq!(graded.values().filter(|holds| **holds).count(), holding, "{report:#?}");
            assert_eq!(graded, by_cargo(&path), "{}", path.display());
        }
    }
}
