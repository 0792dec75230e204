//! Hidden tests run in a process that has no `/proc`: the grader tells them what they ask (`tests/fixtures/asking`).

use super::Grader;
use crate::checks::decoys::Decoys;
use crate::checks::schedules;
use crate::compile::stage::{Explored, RunFolder};
use crate::exercise::catalog::Exercise;
use crate::exercise::manifest::Module;
use crate::home::workspace::Workspace;
use crate::run::facts::{Showed, Tests};
use crate::submission::Source;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use verdict::{Check, Finding, Kind, Origin, Outcome};

/// What hides `/proc` from a program: a mount of its own.
const HIDDEN: &str = "exec unshare --user --map-root-user --mount";

/// Whether this machine lets a program have mounts of its own. Where it does not, nothing here can be shown.
fn can_hide() -> bool {
    let can = Command::new("sh").args(["-c", &format!("{HIDDEN} mount -t tmpfs none /proc")]).status();
    let can = can.is_ok_and(|status| status.success());
    if !can {
        eprintln!("not tested: this machine lets nobody have mounts of his own");
    }
    can
}

/// The same tests, in processes without `/proc`.
fn hidden_from(tests: Tests) -> Tests {
    let script = tests.folder.join(format!("hides-{}", tests.binary.file_name().unwrap().display()));
    let text =
        format!("#!/bin/sh\n{HIDDEN} sh -c 'mount -t tmpfs none /proc && exec \"$0\"' {}\n", tests.binary.display());
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    Tests { binary: script, ..tests }
}

struct Fixture {
    grader: Grader,
    exercise: Exercise,
    _target: tempfile::TempDir,
}

/// Runs a test in a process of its own: a grading ends every child of its process that it did not start, and other tests of this
/// program start some.
fn alone(name: &str, test: fn(&Fixture)) {
    const ALONE: &str = "ENGINE_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return test(&fixture());
    }
    if !can_hide() {
        return;
    }
    let path = format!("grading::without_proc::{name}");
    let ran = Command::new("/proc/self/exe").args([&path, "--exact", "--nocapture"]).env(ALONE, "1").output().unwrap();
    let words = [ran.stdout, ran.stderr].map(|words| String::from_utf8_lossy(&words).into_owned()).concat();
    assert!(ran.status.success() && words.contains("1 passed"), "{words}");
}

fn fixture() -> Fixture {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = tempfile::tempdir().unwrap();
    let mut workspace = Workspace::at(&manifest.join("tests/fixtures/asking"));
    workspace.grader = manifest.parent().unwrap().to_owned();
    (workspace.state, workspace.target) = (target.path().join("state"), target.path().to_owned());
    // The kits are those of the clone: they are the same, and take long to build.
    let kits = workspace.grader.parent().unwrap().join("target/grader/kits");
    std::fs::create_dir_all(&kits).unwrap();
    std::os::unix::fs::symlink(kits, target.path().join("kits")).unwrap();
    let grader = Grader::new(workspace).unwrap();
    let exercise = Exercise::read(&grader.workspace, "01_asking").unwrap();
    Fixture { grader, exercise, _target: target }
}

impl Fixture {
    fn hostile(&self) -> Source {
        Source::file(Origin::Submitted, &self.grader.workspace.root.join("hostile/fails.rs")).unwrap()
    }

    /// What each fact shows.
    fn facts(&self, source: &Source) -> Vec<(String, Showed)> {
        let folder = RunFolder::new(&self.grader.workspace).unwrap();
        let tests = hidden_from(self.grader.stage(&self.exercise, source, &|_| {}, &folder).judged().unwrap());
        let facts = Module::Behaviour.tests(&self.exercise.tests).unwrap();
        facts.into_iter().map(|fact| (fact.name.clone(), tests.run(Check::Behaviour, &fact).unwrap().0)).collect()
    }

    /// What exploring finds.
    fn findings(&self, source: &Source) -> (Outcome, Vec<Finding>) {
        let folder = RunFolder::new(&self.grader.workspace).unwrap();
        let stage = self.grader.stage(&self.exercise, source, &|_| {}, &folder);
        let Explored::Ready(tests) = stage.explored().unwrap() else { panic!("it cannot be explored") };
        let scenarios = Module::Schedules.tests(&self.exercise.tests).unwrap();
        let budgets = &self.exercise.config.schedules;
        let report = schedules::check(&hidden_from(tests), &scenarios, budgets, 50, 1, Decoys::None, &|_| {}).unwrap();
        (report.outcome, report.findings)
    }
}

#[test]
fn what_a_fact_asks_about_its_process_is_answered() {
    alone("what_a_fact_asks_about_its_process_is_answered", |fixture| {
        for (name, showed) in fixture.facts(&Source::reference(&fixture.exercise).unwrap()) {
            assert!(matches!(showed, Showed::Holds), "{name}: {showed:#?}");
        }
    });
}

#[test]
fn an_overflow_of_the_stack_is_recognised() {
    alone("an_overflow_of_the_stack_is_recognised", |fixture| {
        let facts = fixture.facts(&fixture.hostile());
        let (_, showed) = facts.iter().find(|(name, _)| name == "first_answers").unwrap();
        let Showed::Fails(finding) = showed else { panic!("{showed:#?}") };
        assert_eq!(finding.kind, Kind::Signal, "{finding:#?}");
        assert!(finding.detail.as_deref().is_some_and(|words| words.contains("overflowed its stack")), "{finding:#?}");
    });
}

#[test]
fn schedules_are_explored_and_their_steps_have_names_and_places() {
    alone("schedules_are_explored_and_their_steps_have_names_and_places", |fixture| {
        let (outcome, findings) = fixture.findings(&Source::reference(&fixture.exercise).unwrap());
        assert_eq!(outcome, Outcome::Passed, "{findings:#?}");
        let (_, findings) = fixture.findings(&fixture.hostile());
        let deadlock = findings.iter().find(|finding| finding.kind == Kind::Deadlock).expect("it waits for itself");
        let picture = deadlock.interleaving.as_ref().expect("a deadlock has a picture");
        let calls = picture.steps.iter().filter_map(|step| step.call.as_ref());
        assert!(calls.clone().count() > 0 && calls.clone().all(|call| call.function == "work"), "{picture:#?}");
        let overflow = findings.iter().find(|finding| finding.kind == Kind::Signal).expect("it overflows its stack");
        let deeper = 7..=11;
        assert_eq!(overflow.location.as_ref().map(|place| deeper.contains(&place.line)), Some(true), "{overflow:#?}");
    });
}
