//! From a submission to a report: source rules → build → compile-fail → behaviour → schedules → transcript → timing.
//!
//! A failed check does not hide later ones that can still run. What does not depend on each other overlaps: the cases of
//! compile-fail are compiled as soon as the submission's metadata is there, the optimised build for timing runs while facts
//! do, and the whole check of schedules (a kit, a build and processes of its own) goes on beside all of that. Timing itself
//! runs last and alone.

use super::first_answer::First;
use super::promise::{Awaited, Promise};
use crate::checks::decoys::Decoys;
use crate::checks::source_rules::{self, Demands, Judged};
use crate::checks::{self, behaviour, build, compile_fail, schedules, timing, transcript};
use crate::compile::compiler::Compiled;
use crate::compile::kit::{Kit, Mode};
use crate::compile::read::Foreign;
use crate::compile::stage::{Explored, JUDGED, Stage, Timed, ToTime};
use crate::exercise::config;
use crate::exercise::manifest::{self, Case, Hidden, Module};
use crate::run::facts::Tests;
use crate::trouble::{Context, Trouble};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Instant;
use verdict::{Check, CheckReport, Event, Origin, Outcome};

/// Twins of facts in one grading, at most.
const FACTS: usize = 3;

/// Twins of scenarios in one grading, at most.
const SCENARIOS: usize = 2;

/// One grading on its way.
pub(crate) struct Grading<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) wanted: &'a [Check],
    /// The only hidden test or case that counts.
    pub(crate) one: Option<&'a str>,
    /// How many facts run at once.
    pub(crate) jobs: usize,
    /// Facts that are run before the others.
    pub(crate) first: &'a [String],
    /// What is tried again before everything else.
    pub(crate) tried_first: Option<First>,
}

/// The submission and the facts, linked; or why they are not.
enum Linked {
    Ready(Box<Tests>),
    Not(&'static str),
    /// The submission would be compiled from this, which is not its own.
    Foreign(BTreeSet<Foreign>),
    /// Nothing that was asked for needs them.
    NotNeeded,
}

/// What building and judging a submission came to.
#[derive(Default)]
struct Results {
    reports: Vec<CheckReport>,
    /// What the submission would be compiled from, and is not its own.
    foreign: BTreeSet<Foreign>,
}

/// Why nothing is built of a submission that reads what is not its own.
const NOT_ITS_OWN: &str = "the submission reads what is not its own";

/// Whether a submission does the wrong thing. How fast it does that says nothing, and it may take long: where now and then a
/// round never ends, each of these is waited for.
fn does_wrong(reports: &[CheckReport]) -> bool {
    let says_so = [Check::Behaviour, Check::Schedules, Check::Transcript];
    reports.iter().any(|report| says_so.contains(&report.check) && report.outcome == Outcome::Failed)
}

/// The report on a build that failed, if there is one among these.
fn failed_build(reports: &[CheckReport]) -> Option<&CheckReport> {
    reports.iter().find(|report| report.check == Check::Build && report.outcome == Outcome::Failed)
}

fn joined<T>(thread: ScopedJoinHandle<'_, Result<T, Trouble>>) -> Result<T, Trouble> {
    thread.join().map_err(|_| Trouble::Ours("a part of the grading panicked".into())).flatten()
}

impl<'a> Grading<'a> {
    /// One that is told part by part what to do.
    pub(crate) fn of_parts(stage: Stage<'a>, jobs: usize) -> Grading<'a> {
        Grading { stage, wanted: &[], one: None, jobs, first: &[], tried_first: None }
    }

    /// Every check but timing, and what timing needs: `None` if it was not asked for, else the binaries or why there are none.
    ///
    /// The source is judged first, whatever was asked for: what reads more than itself is not compiled.
    pub(crate) fn run(&self) -> Result<(Vec<CheckReport>, Option<ToTime>), Trouble> {
        let rules = self.source_rules()?;
        if !rules.is_closed {
            return Ok(self.closed(rules));
        }
        // Whether what cannot be read is a fault is known when it has been compiled.
        let told = rules.unread.is_empty() && self.wants(Check::SourceRules);
        if told {
            self.told(rules.report.clone());
        }
        let (kit_is_there, it_compiles) = (Awaited::default(), Awaited::default());
        let (kit, compiles) = (kit_is_there.promise(), it_compiles.promise());
        let (judged, explored, timed) = std::thread::scope(|scope| {
            let explored = self.wants(Check::Schedules).then(|| {
                scope.spawn(|| {
                    // What the first answer needs is built first.
                    kit_is_there.comes();
                    self.explore()
                })
            });
            let timed = self.wants(Check::Timing).then(|| {
                scope.spawn(|| match it_compiles.comes() {
                    true => self.stage.timed(self.one),
                    false => Ok(Err("it could not be built".into())),
                })
            });
            let judged = self.judge(kit, compiles);
            (judged, explored.map(joined), timed.map(joined))
        });
        let (mut judged, timed) = (judged?, timed.transpose()?);
        let explored = explored.transpose()?.map(|explored| self.explored(explored, &mut judged)).transpose()?;
        if (matches!(timed, Some(Err(_))) || !rules.unread.is_empty()) && judged.reports.is_empty() {
            // Why it could not be timed or read is for the build to say, and nothing else has built it.
            judged = self.build_again()?;
        }
        if let Some(Err(untimed)) = &timed {
            judged.foreign.extend(untimed.foreign.iter().cloned());
        }
        let builds = failed_build(&judged.reports).is_none();
        let rules = match rules {
            _ if !judged.foreign.is_empty() => Some(rules.read_foreign(&judged.foreign)),
            _ if builds && !rules.unread.is_empty() => Some(rules.compiled()),
            _ => Some(rules.report).filter(|_| self.wants(Check::SourceRules)),
        };
        if let Some(rules) = rules.as_ref().filter(|_| !told || !judged.foreign.is_empty()) {
            self.told(rules.clone());
        }
        // What could not be built is said also when only later checks were asked for.
        judged
            .reports
            .retain(|report| self.wants(report.check) || failed_build(std::slice::from_ref(report)).is_some());
        Ok((rules.into_iter().chain(explored).chain(judged.reports).collect(), timed))
    }

    /// What there is to say of a submission that is not compiled.
    fn closed(&self, rules: Judged) -> (Vec<CheckReport>, Option<ToTime>) {
        let others = self.wanted.iter().filter(|check| ![Check::SourceRules, Check::Timing].contains(*check));
        let not_run = others.map(|check| self.told(self.not_run(*check, NOT_ITS_OWN)));
        let rules = self.told(rules.report);
        let timed = self.wants(Check::Timing).then_some(Err(NOT_ITS_OWN.into()));
        (std::iter::once(rules).chain(not_run).collect(), timed)
    }

    /// The timing check, last and alone, given what the other checks came to.
    pub(crate) fn timed(&self, timed: ToTime, others: &[CheckReport]) -> Result<CheckReport, Trouble> {
        Ok(self.told(match timed {
            Ok(_) if does_wrong(others) => self.not_run(Check::Timing, "only what does the right thing is timed"),
            Ok(ready) => self.time(&ready)?,
            Err(untimed) => self.not_run(Check::Timing, untimed.because),
        }))
    }

    fn wants(&self, check: Check) -> bool {
        self.wanted.contains(&check)
    }

    fn not_run(&self, check: Check, because: &str) -> CheckReport {
        CheckReport::not_run(check, self.stage.exercise.points(check), because)
    }

    /// Tells whoever watches that a check has ended.
    fn told(&self, report: CheckReport) -> CheckReport {
        (self.stage.watch)(Event::Ended(Box::new(report.clone())));
        report
    }

    /// The hidden tests of a kind that are to be run. A check that the exercise has, has some.
    fn hidden(&self, modules: &[Module]) -> Result<Vec<Hidden>, Trouble> {
        let exercise = self.stage.exercise;
        let mut all = Module::tests_of(modules, &exercise.tests)?;
        if let Some(first) = modules.first() {
            let usual = || exercise.tests.join(format!("{}.rs", first.name()));
            let place = first.root(&exercise.tests).unwrap_or_else(usual);
            checks::insist_on_items(exercise, first.check(), all.len(), &place)?;
        }
        all.retain(|each| self.one.is_none_or(|one| one == each.name));
        Ok(all)
    }

    /// Which twins are run: of code that must be right, all, since they must expose nobody who is honest.
    fn decoys(&self, most: usize) -> Decoys {
        match (self.one, self.stage.source.origin) {
            (Some(_), _) => Decoys::None,
            (None, Origin::Reference | Origin::Accepted) => Decoys::All,
            _ => Decoys::UpTo(most),
        }
    }

    fn source_rules(&self) -> Result<Judged, Trouble> {
        let Stage { workspace, exercise, files, watch, .. } = self.stage;
        let config = &exercise.config;
        let of = exercise.points(Check::SourceRules);
        let demands = Demands { forbid: &config.forbid, allowed: &config.submission, of };
        let silent = |_: Event| {};
        let watch: &(dyn Fn(Event) + Sync) = if self.wants(Check::SourceRules) { watch } else { &silent };
        source_rules::check(files, &|path| workspace.shown(path), demands, watch)
    }

    /// The checks that are judged rather than explored or timed: build, compile-fail as soon as the metadata is there, behaviour,
    /// transcript. Says on `kit_is_there` that the kit is built, and on `compiles` that there is something to time.
    fn judge(&self, kit_is_there: Promise<'_>, compiles: Promise<'_>) -> Result<Results, Trouble> {
        let judged = [Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
        if !judged.iter().any(|check| self.wants(*check)) {
            compiles.keep();
            return Ok(Results::default());
        }
        let kit = &self.stage.kit(Mode::Judge)?;
        kit_is_there.keep();
        let metadata = Awaited::default();
        std::thread::scope(|scope| {
            let there = metadata.promise();
            let cases = self.wants(Check::CompileFail).then(|| scope.spawn(|| self.compile_fail(kit, &metadata)));
            let (build, linked) = self.link(kit, there, compiles, scope)?;
            let compiled = build.outcome == Outcome::Passed;
            let mut reports = vec![self.told(build)];
            for check in [Check::Behaviour, Check::Transcript].into_iter().filter(|check| self.wants(*check)) {
                reports.push(self.told(match &linked {
                    Linked::Ready(tests) if check == Check::Behaviour => self.behaviour(tests)?,
                    Linked::Ready(tests) => self.transcript(tests)?,
                    Linked::Not(because) => self.not_run(check, because),
                    Linked::Foreign(_) => self.not_run(check, NOT_ITS_OWN),
                    Linked::NotNeeded => continue,
                }));
            }
            if let Some(cases) = cases {
                let report = joined(cases)?;
                reports.push(self.told(match &linked {
                    Linked::Foreign(_) => self.not_run(Check::CompileFail, NOT_ITS_OWN),
                    // Against another API every case fails, and none for the reason it is about.
                    Linked::Not(because) if !compiled => self.not_run(Check::CompileFail, because),
                    _ => report,
                }));
            }
            let foreign = if let Linked::Foreign(foreign) = linked { foreign } else { BTreeSet::new() };
            Ok(Results { reports, foreign })
        })
    }

    /// Compiles the submission, and the facts and transcripts with it.
    fn link<'scope>(
        &'scope self,
        kit: &'scope Kit,
        metadata: Promise<'_>,
        compiles: Promise<'_>,
        scope: &'scope Scope<'scope, '_>,
    ) -> Result<(CheckReport, Linked), Trouble> {
        let Stage { workspace, toolchain, exercise, source, watch, .. } = self.stage;
        let (begun, of) = (Instant::now(), exercise.points(Check::Build));
        let millis = || begun.elapsed().as_millis() as u64;
        watch(Event::Compiling { what: "your code".into() });
        let subject = self.stage.subject(kit, Mode::Judge, &mut || metadata.keep());
        drop(metadata);
        let subject = subject?;
        if !subject.foreign.is_empty() {
            return Ok((self.not_run(Check::Build, NOT_ITS_OWN), Linked::Foreign(subject.foreign)));
        }
        if !subject.success {
            self.stage.blame_the_machine_first(&subject, kit)?;
            let shown = workspace.shown(&source.root);
            let build = build::failed(of, &subject, source, &shown, millis());
            return Ok((build, Linked::Not("the submission does not compile")));
        }
        let modules = self.modules();
        if modules.is_empty() {
            return Ok((build::passed(of, &toolchain.version, millis()), Linked::NotNeeded));
        }
        let artifact = subject.artifact.clone();
        scope.spawn(move || self.try_again(kit, Mode::Judge, &artifact));
        watch(Event::Compiling { what: "the hidden tests with it".into() });
        let compiled = self.stage.hidden(kit, Mode::Judge, &modules, &subject.artifact, self.one)?;
        if !compiled.success {
            self.stage.blame_the_machine_first(&compiled, kit)?;
            let reference = exercise.solution.join("src/lib.rs");
            let build = build::wrong_api(of, &compiled, self.stage.files, &reference, millis());
            return Ok((build, Linked::Not("the public API is not the one of the brief")));
        }
        // Facts are exact under load, so what timing needs can be built beside them.
        compiles.keep();
        let tests = self.stage.ready(&compiled)?;
        Ok((build::passed(of, &toolchain.version, millis()), Linked::Ready(Box::new(tests))))
    }

    /// The hidden test files that must be compiled to judge. That they compile belongs to the build.
    fn modules(&self) -> Vec<Module> {
        let needs = |module: &Module| match self.one {
            Some(_) => self.wants(module.check()),
            None => JUDGED.iter().any(|module| self.wants(module.check())) || self.wants(Check::Build),
        };
        JUDGED.into_iter().filter(needs).collect()
    }

    /// The report on a build, if it failed, when no check that was asked for has made one.
    fn build_again(&self) -> Result<Results, Trouble> {
        let only = Grading { wanted: &[Check::Build], tried_first: None, ..*self };
        let nobody_waits = Awaited::default();
        let mut build = only.judge(nobody_waits.promise(), nobody_waits.promise())?;
        build.reports.retain(|report| failed_build(std::slice::from_ref(report)).is_some());
        Ok(build)
    }

    fn compile_fail(&self, kit: &Kit, metadata: &Awaited) -> Result<CheckReport, Trouble> {
        if !metadata.comes() {
            return Ok(self.not_run(Check::CompileFail, "the submission does not compile"));
        }
        let exercise = self.stage.exercise;
        let folder = exercise.tests.join("compile_fail");
        let mut cases = manifest::cases(&folder, true)?;
        cases.extend(manifest::cases(&exercise.tests.join("compile_pass"), false)?);
        checks::insist_on_items(exercise, Check::CompileFail, cases.len(), &folder)?;
        cases.retain(|case: &Case| self.one.is_none_or(|one| one == case.name));
        let compile = |root: &Path, folder: &Path| self.stage.cases(kit, root, folder);
        let folder = self.stage.folder.join("cases");
        compile_fail::check(&cases, &folder, &compile, exercise.points(Check::CompileFail), self.stage.watch)
    }

    pub(crate) fn behaviour(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let of = self.stage.exercise.points(Check::Behaviour);
        behaviour::check(
            tests,
            &self.hidden(&[Module::Behaviour])?,
            of,
            self.jobs,
            self.first,
            self.decoys(FACTS),
            self.stage.watch,
        )
    }

    pub(crate) fn transcript(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let Stage { exercise, watch, .. } = self.stage;
        let (all, snapshots) = (self.hidden(&[Module::Transcript])?, exercise.tests.join("snapshots"));
        transcript::check(tests, &all, &snapshots, exercise.points(Check::Transcript), watch)
    }

    /// Builds what exploring needs and explores; everything else goes on meanwhile.
    fn explore(&self) -> Result<Result<CheckReport, (Compiled, Kit)>, Trouble> {
        match self.stage.explored_beside(self.one, &|kit, subject| self.try_again(kit, Mode::Explore, subject))? {
            Explored::Ready(tests) => {
                let report = self.scenarios(&tests, &self.stage.exercise.config.schedules)?;
                Ok(Ok(self.told(report)))
            }
            Explored::Refused(compiled, kit) => Ok(Err((compiled, kit))),
        }
    }

    /// Tries what failed last again, if it is of this mode. What goes wrong with that will go wrong once more, and be told then.
    fn try_again(&self, kit: &Kit, mode: Mode, subject: &Path) {
        let of_mode = |first: &&First| (first.check == Check::Schedules) == (mode == Mode::Explore);
        if let Some(first) = self.tried_first.as_ref().filter(of_mode) {
            let _ = first.run(&self.stage, kit, mode, subject);
        }
    }

    pub(crate) fn scenarios(&self, tests: &Tests, budgets: &config::Schedules) -> Result<CheckReport, Trouble> {
        let of = self.stage.exercise.points(Check::Schedules);
        let decoys = self.decoys(SCENARIOS);
        schedules::check(tests, &self.hidden(&Module::EXPLORED)?, budgets, of, self.jobs, decoys, self.stage.watch)
    }

    /// What the exploration came to. What compiles neither way is the build's to report; what compiles against std only cannot
    /// be explored.
    fn explored(
        &self,
        explored: Result<CheckReport, (Compiled, Kit)>,
        judged: &mut Results,
    ) -> Result<CheckReport, Trouble> {
        let (compiled, kit) = match explored {
            Ok(report) => return Ok(report),
            Err(refused) => refused,
        };
        judged.foreign.extend(compiled.foreign.iter().cloned());
        if !judged.foreign.is_empty() {
            return Ok(self.told(self.not_run(Check::Schedules, NOT_ITS_OWN)));
        }
        if judged.reports.is_empty() {
            *judged = self.build_again()?;
        }
        if failed_build(&judged.reports).is_some() {
            return Ok(self.told(self.not_run(Check::Schedules, "the submission does not compile")));
        }
        self.stage.insist_on_reference(&kit, Mode::Explore, &Module::EXPLORED)?;
        let Stage { workspace, source, exercise, .. } = self.stage;
        let shown = workspace.shown(&source.root);
        let of = exercise.points(Check::Schedules);
        Ok(self.told(schedules::unexplorable(of, &compiled, source, &shown, 0)))
    }

    pub(crate) fn time(&self, ready: &Timed) -> Result<CheckReport, Trouble> {
        let of = self.stage.exercise.points(Check::Timing);
        self.hidden(&[Module::Timing])?;
        // Two timings at once would disturb each other, also those of two graders.
        let lock = File::create(self.stage.workspace.target.join("timing.lock")).ours("cannot write in target")?;
        lock.lock().ours("cannot lock the timing check")?;
        let limits = &self.stage.exercise.config.timing;
        timing::check(&ready.submission, &ready.reference, &ready.workloads, limits, of, self.stage.watch)
    }
}
