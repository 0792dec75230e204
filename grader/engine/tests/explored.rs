//! Submissions that mean harm to whoever explores their schedules, each graded in a small exercise of its own
//! (`fixtures/explored`, see `fixtures/README.md`): each gets the finding it deserves, at its place, in time, and the
//! same one each time.

use engine::exercise::catalog::Exercise;
use engine::grading::{Extent, Grader};
use engine::home::workspace::Workspace;
use engine::run::processes;
use engine::submission::Source;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Finding, Kind, Origin, Outcome, Report, Verdict};

/// What a submission answers here without any threads beside its own.
const ALONE: &str = "work_answers";

/// The same for two at once, where threads may panic.
const TWO: &str = "work_answers_two";

/// What no submission touches.
const REST: &str = "rest_answers";

/// Much longer than any grading here takes, on any machine; much shorter than what would hang it.
const AGES: Duration = Duration::from_secs(900);

/// One for all tests: what the hidden tests need is built once.
static GRADER: LazyLock<Grader> = LazyLock::new(|| {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("explored");
    let mut workspace = Workspace::at(&manifest.join("tests/fixtures/explored"));
    workspace.grader = manifest.parent().expect("the engine is a part of the grader").to_owned();
    (workspace.state, workspace.target) = (target.join("state"), target);
    share_kits(&workspace);
    engine::run::confine::launcher::use_other(env!("CARGO_BIN_EXE_launcher").as_ref());
    let grader = Grader { jobs: 2, many: true, ..Grader::new(workspace).expect("there is a compiler") };
    grader.warm(&exercise_of(&grader), &|_| {}).expect("what the hidden tests need can be built");
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

fn exercise_of(grader: &Grader) -> Exercise {
    Exercise::read(&grader.workspace, "01_explored").expect("the exercise is in order")
}

fn source(name: &str) -> Source {
    let path = GRADER.workspace.root.join("hostile").join(name).with_extension("rs");
    Source::file(Origin::Submitted, &path).expect("the file is there")
}

fn grade_source(source: &Source, only: &[Check]) -> Report {
    grade_in(&exercise_of(&GRADER), source, only)
}

fn grade_in(exercise: &Exercise, source: &Source, only: &[Check]) -> Report {
    let name = source.root.display();
    let begun = Instant::now();
    let report = GRADER.grade(exercise, source, Extent::Checks(only), &|_| {});
    assert!(begun.elapsed() < AGES, "{name}: took {:?}", begun.elapsed());
    // Each process starts in the folder of its grading, which is gone now: who still lives there has been left behind.
    for (id, stray) in processes::descendants_of(std::process::id()) {
        let folder = std::fs::read_link(format!("/proc/{id}/cwd")).unwrap_or_default();
        assert!(!folder.to_string_lossy().ends_with(" (deleted)"), "'{stray}' (process {id}) was left behind");
    }
    report.unwrap_or_else(|trouble| panic!("{name}: {trouble}"))
}

fn grade(name: &str, only: &[Check]) -> Report {
    grade_source(&source(name), only)
}

fn check(report: &Report, check: Check) -> &CheckReport {
    let found = report.checks.iter().find(|each| each.check == check);
    found.unwrap_or_else(|| panic!("there is no report on {check}: {report:#?}"))
}

fn outcome<'a>(report: &'a Report, scenario: &str) -> &'a Outcome {
    let items = &check(report, Check::Schedules).items;
    let item = items.iter().find(|item| item.name == scenario);
    &item.unwrap_or_else(|| panic!("{scenario} was not explored: {report:#?}")).outcome
}

fn finding<'a>(report: &'a Report, scenario: &str) -> &'a Finding {
    let findings = &check(report, Check::Schedules).findings;
    let finding = findings.iter().find(|finding| finding.subject == scenario);
    finding.unwrap_or_else(|| panic!("nothing was found in {scenario}: {report:#?}"))
}

fn seen(finding: &Finding) -> &str {
    finding.seen.as_deref().unwrap_or_default()
}

fn line(finding: &Finding) -> Option<u32> {
    finding.location.as_ref().map(|location| location.line)
}

/// Explores, and demands that the scenarios about `work` fail in this way, and that the one about `rest` holds.
fn explore(name: &str, scenarios: &[&str], kind: Kind) -> Report {
    let mut exercise = exercise_of(&GRADER);
    // What it calls past std would keep it from being explored at all, and it is the exploration that must hold here.
    exercise.config.submission.allow.push("extern".to_owned());
    let report = grade_in(&exercise, &source(name), &[Check::Schedules]);
    assert_eq!(report.verdict, Verdict::Rejected, "{name}: {report:#?}");
    for scenario in [ALONE, TWO] {
        let wanted = if scenarios.contains(&scenario) { Outcome::Failed } else { Outcome::Passed };
        assert_eq!(outcome(&report, scenario), &wanted, "{name}, {scenario}: {report:#?}");
    }
    assert_eq!(outcome(&report, REST), &Outcome::Passed, "{name}: {report:#?}");
    for scenario in scenarios {
        let finding = finding(&report, scenario);
        assert_eq!(finding.kind, kind, "{name}, {scenario}: {finding:#?}");
        assert!(finding.seen.is_some() || finding.interleaving.is_some(), "{name}: {finding:#?}");
    }
    report
}

/// Both scenarios about `work` fail in this way, at this line. Returns the first finding.
fn fails_at(name: &str, kind: Kind, place: u32) -> Finding {
    let report = explore(name, &[ALONE, TWO], kind);
    for scenario in [ALONE, TWO] {
        let finding = finding(&report, scenario);
        assert_eq!(line(finding), Some(place), "{name}, {scenario}: {finding:#?}");
    }
    finding(&report, ALONE).clone()
}

/// Both scenarios about `work` fail in this way, at no place in particular. Returns the first finding.
fn fails_with(name: &str, kind: Kind) -> Finding {
    finding(&explore(name, &[ALONE, TWO], kind), ALONE).clone()
}

fn passes(name: &str) {
    let report = grade(name, &[Check::Schedules]);
    assert_eq!(report.verdict, Verdict::Accepted, "{name}: {report:#?}");
}

#[test]
fn the_reference_is_accepted() {
    let reference = Source::reference(&exercise_of(&GRADER)).unwrap();
    let report = grade_source(&reference, &[Check::SourceRules, Check::Build, Check::Behaviour, Check::Schedules]);
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
    assert!(report.complete);
}

mod loops {
    use super::*;

    #[test]
    fn a_loop_without_an_operation_is_found_where_it_stands() {
        for (name, at) in [("loops_silently", 6..=7), ("loops_holding_a_lock", 10..=10)] {
            let finding = fails_with(name, Kind::TimeLimit);
            assert!(line(&finding).is_some_and(|line| at.contains(&line)), "{finding:#?}");
            assert!(seen(&finding).contains("at the place named here"), "{finding:#?}");
        }
    }

    #[test]
    fn spinning_for_ever_is_a_livelock() {
        for name in ["spins_for_ever", "spins_politely_for_ever", "storms_for_ever"] {
            let finding = fails_with(name, Kind::Livelock);
            assert!(finding.interleaving.is_some_and(|steps| steps.omitted > 0), "it shows the last steps only");
        }
    }

    #[test]
    fn a_thread_left_spinning_is_a_livelock() {
        fails_with("leaves_a_thread_spinning", Kind::Livelock);
    }

    #[test]
    fn computing_too_much_between_operations_has_an_end() {
        let finding = fails_with("computes_between_operations", Kind::TimeLimit);
        assert!(seen(&finding).contains("computes too much"), "{finding:#?}");
        assert!(matches!(line(&finding), Some(8..=12)), "{finding:#?}");
    }

    #[test]
    fn a_long_way_is_no_livelock_but_a_far_too_long_one_is() {
        passes("takes_long");
        let finding = fails_with("takes_too_long", Kind::Livelock);
        assert!(seen(&finding).contains("after 20000 steps"), "{finding:#?}");
    }
}

mod ends {
    use super::*;

    #[test]
    fn an_overflow_of_the_stack_is_found_where_it_happens() {
        let finding = fails_with("recurses_for_ever", Kind::Signal);
        assert!(seen(&finding).contains("overflowed its stack"), "{finding:#?}");
        assert!(matches!(line(&finding), Some(3..=6)), "{finding:#?}");
    }

    #[test]
    fn memory_has_a_limit() {
        let finding = fails_with("hoards_memory", Kind::MemoryLimit);
        assert!(finding.expected.as_deref().unwrap_or_default().contains("768 MiB"), "{finding:#?}");
    }

    #[test]
    fn a_flood_is_not_printed_for_every_schedule() {
        passes("prints_a_flood");
    }

    #[test]
    fn an_exit_by_a_foreign_function_proves_nothing() {
        fails_with("exits_by_a_foreign_function", Kind::EarlyExit);
    }

    #[test]
    fn a_forged_report_is_a_forgery() {
        fails_with("forges_its_report", Kind::Forgery);
    }
}

mod panics {
    use super::*;

    #[test]
    fn a_panic_that_is_passed_on_is_found_where_it_begins() {
        let finding = fails_at("panics_in_a_thread", Kind::Panic, 4);
        assert!(seen(&finding).contains("no answer today"), "{finding:#?}");
    }

    #[test]
    fn a_panic_that_is_caught_counts_only_where_no_thread_may_panic() {
        let report = explore("catches_a_panic", &[ALONE], Kind::Panic);
        let finding = finding(&report, ALONE);
        assert!(seen(finding).contains("swallowed") && line(finding) == Some(4), "{finding:#?}");
        explore("survives_its_poison", &[ALONE], Kind::Panic);
    }

    #[test]
    fn a_panic_in_a_destructor_is_a_panic() {
        let finding = fails_at("panics_in_a_destructor", Kind::Panic, 7);
        assert!(seen(&finding).contains("a loud end"), "{finding:#?}");
    }

    #[test]
    fn a_panic_while_another_one_unwinds_is_found_with_both() {
        let finding = fails_at("panics_twice", Kind::Panic, 7);
        assert!(seen(&finding).contains("ends the whole program"), "{finding:#?}");
        assert!(seen(&finding).contains("no answer today"), "{finding:#?}");
    }

    #[test]
    fn a_poisoned_lock_is_not_the_cause() {
        let report = explore("poisons_its_lock", &[ALONE, TWO], Kind::Panic);
        // Where no thread may panic it is the first panic that counts, elsewhere the one that the scenario sees.
        assert_eq!(line(finding(&report, ALONE)), Some(10), "{report:#?}");
        assert_eq!(line(finding(&report, TWO)), Some(13), "{report:#?}");
    }
}

mod what_cannot_be_explored {
    use super::*;

    /// Explored alone it is said to be unexplorable, at this line, by name; with the source rules it is forbidden as well.
    fn unexplorable(name: &str, place: u32, named: &str, rule: &str) {
        is_unexplorable(name, place, named);
        forbidden(name, place, rule);
    }

    fn is_unexplorable(name: &str, place: u32, named: &str) {
        let report = grade(name, &[Check::Schedules]);
        // What exploration lacks is no fault of the code: it costs nothing, and other checks decide.
        assert_eq!(report.verdict, Verdict::Accepted, "{name}: {report:#?}");
        let schedules = check(&report, Check::Schedules);
        assert_eq!(schedules.outcome, Outcome::NotExplored, "{name}: {report:#?}");
        assert_eq!(schedules.score.points, schedules.score.of, "{name}: {report:#?}");
        let found = schedules.findings.first().unwrap_or_else(|| panic!("{name}: {report:#?}"));
        assert_eq!((found.kind, line(found)), (Kind::Unexplorable, Some(place)), "{name}: {found:#?}");
        assert!(seen(found).contains(named), "{name}: {found:#?}");
    }

    fn forbidden(name: &str, place: u32, rule: &str) {
        let report = grade(name, &[Check::SourceRules]);
        let findings = &check(&report, Check::SourceRules).findings;
        let found = findings.iter().find(|finding| finding.subject == rule);
        let found = found.unwrap_or_else(|| panic!("{name}: {report:#?}"));
        assert_eq!((found.kind, line(found)), (Kind::Forbidden, Some(place)), "{name}: {found:#?}");
    }

    #[test]
    fn what_the_stand_in_has_not_is_named() {
        unexplorable("connects", 3, "net", "std::net");
        unexplorable("reads_a_file", 4, "fs", "std::fs");
        unexplorable("looks_at_its_system", 3, "os", "std::os");
        unexplorable("looks_at_its_stack", 3, "backtrace", "std::backtrace");
    }

    #[test]
    fn what_leads_out_of_the_program_is_found_when_it_is_done() {
        unexplorable("exits", 4, "the process is ended", "std::process");
        for (name, rule) in [
            ("starts_a_process", (3, "std::process")),
            ("becomes_another_program", (3, "std::os")),
            ("duplicates_a_descriptor", (3, "std::os")),
            ("asks_for_a_number", (3, "std::os")),
        ] {
            forbidden(name, rule.0, rule.1);
        }
        is_unexplorable("starts_a_process", 6, "a process is started");
        is_unexplorable("becomes_another_program", 7, "becomes another program");
        is_unexplorable("duplicates_a_descriptor", 6, "a descriptor of the real process");
        is_unexplorable("asks_for_a_number", 7, "the number of a descriptor");
    }

    #[test]
    fn code_that_could_lead_out_of_the_program_is_explored_as_far_as_it_does_not() {
        passes("may_start_a_process");
    }

    #[test]
    fn what_the_stand_in_has_not_is_named_in_its_own_file() {
        let report = grade("hides_in_a_module", &[Check::Schedules]);
        let found = &check(&report, Check::Schedules).findings[0];
        let file = found.location.as_ref().map(|location| location.file.rsplit('/').next().unwrap_or_default());
        assert_eq!((found.kind, file, line(found)), (Kind::Unexplorable, Some("network.rs"), Some(3)), "{found:#?}");
    }

    #[test]
    fn ways_around_the_stand_in_are_forbidden() {
        forbidden("names_core", 3, "core");
        forbidden("names_alloc", 3, "alloc");
        forbidden("exits_by_a_foreign_function", 3, "extern");
        forbidden("forges_its_report", 3, "extern");
    }

    #[test]
    fn what_goes_past_the_stand_in_is_found_before_it_is_explored() {
        for (name, called) in [
            ("exits_by_a_foreign_function", "`_exit`"),
            ("forges_its_report", "`write`"),
            ("waits_in_something_real", "of the real std"),
        ] {
            let report = grade(name, &[Check::Schedules]);
            assert_eq!(report.verdict, Verdict::Rejected, "{name}: {report:#?}");
            assert!(matches!(check(&report, Check::Schedules).outcome, Outcome::NotRun(_)), "{name}: {report:#?}");
            let mut found =
                check(&report, Check::SourceRules).findings.iter().filter(|each| each.subject == "object code");
            assert!(found.any(|finding| finding.message.contains(called)), "{name}: {report:#?}");
        }
    }

    #[test]
    fn ways_to_see_the_stand_in_are_forbidden() {
        forbidden("measures_types", 6, "std::mem::size_of");
        forbidden("measures_values", 6, "std::mem::size_of_val");
        forbidden("asks_for_names", 6, "std::any::type_name");
        forbidden("asks_who_calls", 5, "std::panic::Location");
    }

    #[test]
    fn answering_only_when_explored_is_seen_by_behaviour() {
        let report = grade("watches_the_clock", &[Check::Behaviour, Check::Schedules]);
        assert_eq!(check(&report, Check::Schedules).outcome, Outcome::Passed, "{report:#?}");
        assert_eq!(check(&report, Check::Behaviour).outcome, Outcome::Failed, "{report:#?}");
        assert_eq!(report.verdict, Verdict::Rejected);
    }

    #[test]
    fn a_wait_in_something_real_is_unexplorable() {
        let finding = fails_at("waits_in_something_real", Kind::Unexplorable, 8);
        assert!(seen(&finding).contains("waits in something"), "{finding:#?}");
    }

    #[test]
    fn sleeping_in_earnest_for_ever_is_unexplorable() {
        let finding = fails_with("sleeps_in_earnest", Kind::Unexplorable);
        assert!(seen(&finding).contains("waits in something"), "{finding:#?}");
    }

    #[test]
    fn a_real_lock_that_another_thread_holds_is_unexplorable() {
        let report = explore("waits_for_a_real_lock", &[TWO], Kind::Unexplorable);
        let finding = finding(&report, TWO);
        assert!(seen(finding).contains("waits in something"), "{finding:#?}");
    }
}

mod threads {
    use super::*;

    #[test]
    fn a_thread_left_waiting_is_found_with_the_place_of_its_wait() {
        let report = explore("leaves_a_thread_waiting", &[ALONE, TWO], Kind::LeftWaiting);
        let finding = finding(&report, ALONE);
        assert!(finding.threads.iter().any(|thread| thread.doing.contains("park")), "{finding:#?}");
        assert!(finding.threads.iter().any(|thread| thread.doing.contains("line 6")), "{finding:#?}");
    }

    #[test]
    fn a_thread_that_ends_by_itself_is_no_fault() {
        passes("leaves_a_thread_running");
    }

    #[test]
    fn many_threads_are_explored_like_few() {
        passes("starts_two_hundred_threads");
        passes("grows_a_tree_of_threads");
    }

    #[test]
    fn threads_without_end_have_an_end() {
        // Room for their stacks gives out first, or memory for their names; or memory in C, which only aborts.
        let report = grade("starts_threads_for_ever", &[Check::Schedules]);
        let finding = finding(&report, ALONE);
        match finding.kind {
            Kind::Panic => assert!(seen(finding).contains("no room") && line(finding) == Some(6), "{finding:#?}"),
            Kind::Signal => assert!(seen(finding).contains("SIGABRT"), "{finding:#?}"),
            kind => assert_eq!(kind, Kind::MemoryLimit, "{finding:#?}"),
        }
    }

    #[test]
    fn an_endless_sleep_ends_nothing() {
        let finding = fails_with("sleeps_for_ever", Kind::Deadlock);
        assert!(finding.threads.iter().any(|thread| thread.doing.contains("sleep")), "{finding:#?}");
    }

    #[test]
    fn time_outs_of_next_to_nothing_come_to_their_end() {
        passes("storms_with_time_outs");
    }
}

mod repetition {
    use super::*;

    /// What is said of a submission by five gradings, each with processes of its own.
    fn five_times(name: &str) -> Vec<Finding> {
        let once = || check(&grade(name, &[Check::Schedules]), Check::Schedules).findings.clone();
        let first = once();
        for _ in 0..4 {
            assert_eq!(once(), first, "{name}");
        }
        first
    }

    #[test]
    fn the_same_submission_gets_the_same_counterexample_every_time() {
        for name in ["locks_in_the_order_of_addresses", "locks_in_the_order_of_a_map"] {
            let findings = five_times(name);
            assert!(findings.iter().any(|finding| finding.kind == Kind::Deadlock), "{name}: {findings:#?}");
        }
    }

    #[test]
    fn what_dies_or_hangs_gets_the_same_finding_every_time() {
        for name in ["panics_twice", "spins_politely_for_ever"] {
            assert!(!five_times(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn statics_are_locked_in_destructors_and_kept_between_schedules() {
        passes("locks_in_a_destructor");
        passes("remembers_in_statics");
    }

    #[test]
    fn statics_start_anew_for_every_schedule() {
        super::passes("counts_in_a_static");
    }
}
