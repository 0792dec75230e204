//! From a submission to a report: source rules → build → compile-fail → behaviour → schedules → transcript → timing.
//!
//! A failed check does not hide later ones that can still run. What does not depend on each other overlaps: the cases of
//! compile-fail are compiled as soon as the submission's metadata is there, the optimised build for timing runs while facts
//! do, and the whole check of schedules (a kit, a build and processes of its own) goes on beside all of that. Timing itself
//! runs last and alone.

use crate::catalog::Exercise;
use crate::checks::{behaviour, build, compile_fail, schedules, source_rules, timing, transcript};
use crate::compiler::Compiled;
use crate::config;
use crate::facts::Tests;
use crate::first_answer::First;
use crate::kit::{Kit, Mode};
use crate::manifest;
use crate::processes;
use crate::stage::{Explored, JUDGED, RunFolder, Stage, Timed, sweep};
use crate::submission::Source;
use crate::toolchain::Toolchain;
use crate::trouble::{Context, Trouble, make_folder};
use crate::workspace::Workspace;
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{self, Sender};
use std::time::Instant;
use verdict::{Check, CheckReport, Event, FORMAT_VERSION, Outcome, Report, Submission, Verdict};

/// What is needed to grade anything.
#[derive(Clone, Debug)]
pub struct Grader {
    /// Where everything is.
    pub workspace: Workspace,
    /// The compiler.
    pub toolchain: Toolchain,
    /// How many facts run at once.
    pub jobs: usize,
    /// Whether many submissions of the same exercise are graded: what they have in common is then kept on the disk.
    pub many: bool,
    /// What failed last, by name: it is run before the rest, so that the first answer comes soon.
    pub first: Vec<String>,
    /// Whether somebody follows every step: the first of these is then tried again before the rest is even compiled.
    pub followed: bool,
}

impl Grader {
    /// A grader for a workspace.
    ///
    /// # Errors
    /// If there is no compiler, or nothing can be written.
    pub fn new(mut workspace: Workspace) -> Result<Grader, Trouble> {
        make_folder(&workspace.target)?;
        // Kits remember where they are. Clones may share a folder to build in, and one of them go away.
        workspace.target = workspace.target.canonicalize().ours("cannot find the folder to build in")?;
        let toolchain = Toolchain::find(&workspace.root, &workspace.target)?;
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        sweep(&workspace.target.join("runs"));
        Ok(Grader { workspace, toolchain, jobs, many: false, first: Vec::new(), followed: false })
    }

    /// Grades one submission. `only` names the checks to make; all of the exercise's if `None`.
    ///
    /// # Errors
    /// Our troubles only: what is wrong with the submission is in the report.
    pub fn grade(
        &self,
        exercise: &Exercise,
        source: &Source,
        only: Option<&[Check]>,
        watch: &(dyn Fn(Event) + Sync),
    ) -> Result<Report, Trouble> {
        let begun = Instant::now();
        let all = exercise.checks();
        let wanted: Vec<Check> =
            all.iter().copied().filter(|check| only.is_none_or(|only| only.contains(check))).collect();
        if wanted.is_empty() {
            let names = all.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ");
            return Err(Trouble::Usage(format!("{} has none of these checks; it has {names}", exercise.folder)));
        }
        let folder = RunFolder::new(&self.workspace)?;
        let tried_first = self.followed.then(|| First::of(exercise, &self.first, &wanted)).flatten();
        let mut stage = self.stage(exercise, source, watch, &folder);
        stage.tried_first = tried_first.as_ref().map(|first| first.check);
        let grading = Grading { wanted, first: &self.first, tried_first, ..Grading::of_parts(stage, self.jobs) };
        let mut checks = grading.run()?;
        if processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        checks.sort_by_key(|report| report.check);
        Ok(Report {
            format_version: FORMAT_VERSION,
            exercise: exercise.folder.clone(),
            section: exercise.config.section.clone(),
            title: exercise.config.title.clone(),
            submission: Submission { origin: source.origin, path: self.workspace.shown(&source.root) },
            verdict: Verdict::of(&checks),
            complete: grading.wanted == all,
            score: checks.iter().map(|report| report.score).sum(),
            checks,
            millis: begun.elapsed().as_millis() as u64,
        })
    }

    pub(crate) fn stage<'a>(
        &'a self,
        exercise: &'a Exercise,
        source: &'a Source,
        watch: &'a (dyn Fn(Event) + Sync),
        folder: &'a RunFolder,
    ) -> Stage<'a> {
        Stage {
            workspace: &self.workspace,
            toolchain: &self.toolchain,
            exercise,
            source,
            watch,
            folder: &folder.0,
            one_of_many: self.many,
            tried_first: None,
        }
    }

    /// Builds what grading an exercise needs, if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn warm(&self, exercise: &Exercise, watch: &dyn Fn(Event)) -> Result<(), Trouble> {
        let checks = exercise.checks();
        for (mode, check) in
            [(Mode::Judge, None), (Mode::Explore, Some(Check::Schedules)), (Mode::Time, Some(Check::Timing))]
        {
            if check.is_none_or(|check| checks.contains(&check)) {
                Kit::of(&self.workspace, &self.toolchain, exercise, mode, watch)?;
            }
        }
        Ok(())
    }

    /// The compiler's warnings about a submission, as a terminal shows them.
    ///
    /// # Errors
    /// If the compiler cannot be run.
    pub fn warnings(&self, exercise: &Exercise, source: &Source) -> Result<Vec<String>, Trouble> {
        let folder = RunFolder::new(&self.workspace)?;
        let stage = self.stage(exercise, source, &|_| {}, &folder);
        let compiled = stage.subject(&stage.kit(Mode::Judge)?, Mode::Judge, &mut || {})?;
        let warnings =
            compiled.diagnostics.into_iter().filter(|each| each.level == "warning" && !each.spans.is_empty());
        Ok(warnings.filter_map(|each| each.rendered).collect())
    }
}

/// Whether a submission does the wrong thing. How fast it does that says nothing, and it may take long: where now and then a
/// round never ends, each of these is waited for.
fn does_wrong(reports: &[CheckReport]) -> bool {
    let says_so = [Check::Behaviour, Check::Schedules, Check::Transcript];
    reports.iter().any(|report| says_so.contains(&report.check) && report.outcome == Outcome::Failed)
}

/// One grading on its way.
pub(crate) struct Grading<'a> {
    pub(crate) stage: Stage<'a>,
    pub(crate) wanted: Vec<Check>,
    /// How many facts run at once.
    pub(crate) jobs: usize,
    /// Facts that are run before the others.
    pub(crate) first: &'a [String],
    /// What is tried again before everything else.
    pub(crate) tried_first: Option<First>,
}

impl<'a> Grading<'a> {
    /// One that is told part by part what to do.
    pub(crate) fn of_parts(stage: Stage<'a>, jobs: usize) -> Grading<'a> {
        Grading { stage, wanted: Vec::new(), jobs, first: &[], tried_first: None }
    }
}

impl Grading<'_> {
    fn wants(&self, check: Check) -> bool {
        self.wanted.contains(&check)
    }

    fn not_run(&self, check: Check, because: &str) -> CheckReport {
        CheckReport::not_run(check, self.stage.exercise.points(check), because)
    }

    fn run(&self) -> Result<Vec<CheckReport>, Trouble> {
        let mut reports = Vec::new();
        if self.wants(Check::SourceRules) {
            reports.push(self.told(self.source_rules()?));
        }
        let judged = [Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
        let judges = judged.iter().any(|check| self.wants(*check));
        let (judged, explored, timed) = std::thread::scope(|scope| {
            let (compiles, go) = mpsc::channel::<()>();
            let (ready, kit) = mpsc::channel::<()>();
            let explored = self.wants(Check::Schedules).then(|| {
                scope.spawn(move || {
                    // What the first answer needs is built first.
                    let _ = kit.recv();
                    self.explore()
                })
            });
            let timed = self.wants(Check::Timing).then(|| {
                scope.spawn(move || match go.recv() {
                    Ok(()) => self.stage.timed(),
                    Err(_) => Ok(Err("it could not be built")),
                })
            });
            let judged = if judges {
                self.judge(ready, compiles)
            } else {
                drop(ready);
                let _ = compiles.send(());
                drop(compiles);
                Ok(Vec::new())
            };
            let panicked = |_| Trouble::Ours("a part of the grading panicked".into());
            let explored = explored.map(|explored| explored.join().map_err(panicked).and_then(|explored| explored));
            (judged, explored, timed.map(|timed| timed.join().map_err(panicked).and_then(|timed| timed)))
        });
        // What could not be built is said also when only later checks were asked for.
        let mut judged = judged?;
        if let Some(explored) = explored {
            let explored = self.explored(explored?, &mut judged)?;
            reports.push(explored);
        }
        reports.extend(judged.into_iter().filter(|report| {
            self.wants(report.check) || report.check == Check::Build && report.outcome == Outcome::Failed
        }));
        if let Some(timed) = timed {
            let report = match timed? {
                Ok(_) if does_wrong(&reports) => self.not_run(Check::Timing, "only what does the right thing is timed"),
                Ok(ready) => self.time(&ready)?,
                Err(because) => {
                    if !judges {
                        // Why it could not be timed is for the build to say, and nothing else has built it.
                        reports.extend(self.failed_build()?);
                    }
                    self.not_run(Check::Timing, because)
                }
            };
            reports.push(self.told(report));
        }
        Ok(reports)
    }

    /// Tells whoever watches that a check has ended.
    fn told(&self, report: CheckReport) -> CheckReport {
        (self.stage.watch)(Event::Ended(Box::new(report.clone())));
        report
    }

    /// The report on a build that failed, when no check that was asked for has made one.
    fn failed_build(&self) -> Result<Option<CheckReport>, Trouble> {
        let only = Grading { wanted: vec![Check::Build], tried_first: None, ..*self };
        let build = only.judge(mpsc::channel().0, mpsc::channel().0)?;
        Ok(build.into_iter().find(|report| report.outcome == Outcome::Failed))
    }

    /// Builds what exploring needs and explores; everything else goes on meanwhile.
    fn explore(&self) -> Result<Result<CheckReport, (Compiled, Kit)>, Trouble> {
        match self.stage.explored_beside(&|kit, subject| self.try_again(kit, Mode::Explore, subject))? {
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
        let exercise = self.stage.exercise;
        let scenarios = manifest::functions(&exercise.tests.join("schedules.rs"), "scenario")?;
        let of = exercise.points(Check::Schedules);
        schedules::check(tests, &scenarios, budgets, of, self.jobs, self.stage.watch)
    }

    /// What the exploration came to. What compiles neither way is the build's to report; what compiles against std only cannot
    /// be explored.
    fn explored(
        &self,
        explored: Result<CheckReport, (Compiled, Kit)>,
        judged: &mut Vec<CheckReport>,
    ) -> Result<CheckReport, Trouble> {
        let (compiled, kit) = match explored {
            Ok(report) => return Ok(report),
            Err(refused) => refused,
        };
        if judged.is_empty() {
            judged.extend(self.failed_build()?);
        }
        if judged.iter().any(|report| report.check == Check::Build && report.outcome == Outcome::Failed) {
            return Ok(self.told(self.not_run(Check::Schedules, "the submission does not compile")));
        }
        self.stage.insist_on_reference(&kit, Mode::Explore, &["schedules"])?;
        let Stage { workspace, source, exercise, .. } = self.stage;
        let shown = workspace.shown(&source.root);
        let of = exercise.points(Check::Schedules);
        Ok(self.told(schedules::unexplorable(of, &compiled, source, &shown, 0)))
    }

    fn source_rules(&self) -> Result<CheckReport, Trouble> {
        let Stage { workspace, exercise, source, watch, .. } = self.stage;
        let config = &exercise.config;
        let of = exercise.points(Check::SourceRules);
        let shown = |path: &Path| workspace.shown(path);
        let read = source_rules::check(source, &shown, &config.forbid, &config.submission, of, watch)?;
        Ok(match read {
            source_rules::Read::Judged(report, _) => report,
            source_rules::Read::NotRust => self.not_run(Check::SourceRules, "the source is not valid Rust"),
        })
    }

    /// Everything that is built for judging rather than for exploring or timing. Says on `ready` that its kit is built, and on
    /// `compiles` that there is something to time.
    fn judge(&self, ready: Sender<()>, compiles: Sender<()>) -> Result<Vec<CheckReport>, Trouble> {
        let Stage { workspace, toolchain, exercise, source, watch, .. } = self.stage;
        let begun = Instant::now();
        let millis = || begun.elapsed().as_millis() as u64;
        let kit = self.stage.kit(Mode::Judge)?;
        let _ = ready.send(());
        watch(Event::Compiling { what: "your code".into() });
        let of = exercise.points(Check::Build);
        let needs_tests = self.wants(Check::Behaviour) || self.wants(Check::Transcript) || self.wants(Check::Build);
        std::thread::scope(|scope| {
            let (ready, metadata) = mpsc::channel::<()>();
            let kit = &kit;
            let cases = self.wants(Check::CompileFail).then(|| {
                scope.spawn(move || match metadata.recv() {
                    Ok(()) => self.compile_fail(kit),
                    Err(_) => Ok(self.not_run(Check::CompileFail, "the submission does not compile")),
                })
            });
            let subject = self.stage.subject(kit, Mode::Judge, &mut || {
                let _ = ready.send(());
            });
            drop(ready);
            let mut reports = Vec::new();
            let subject = subject?;
            let mut tests = None;
            let build = if !subject.success {
                self.stage.blame_the_machine_first(&subject, kit)?;
                let shown = workspace.shown(&source.root);
                build::failed(of, &subject, source, &shown, millis())
            } else if needs_tests {
                let artifact = subject.artifact.clone();
                scope.spawn(move || self.try_again(kit, Mode::Judge, &artifact));
                watch(Event::Compiling { what: "the hidden tests with it".into() });
                let compiled = self.stage.hidden(kit, Mode::Judge, &JUDGED, &subject.artifact)?;
                if compiled.success {
                    // Facts are exact under load, so what timing needs can be built beside them.
                    let _ = compiles.send(());
                    tests = Some(self.stage.tests(&compiled.artifact, source));
                    build::passed(of, &toolchain.version, millis())
                } else {
                    let reference = exercise.solution.join("src/lib.rs");
                    self.stage.blame_the_machine_first(&compiled, kit)?;
                    build::wrong_api(of, &compiled, source, &reference, millis())
                }
            } else {
                build::passed(of, &toolchain.version, millis())
            };
            drop(compiles);
            let because = if subject.success {
                "the public API is not the one of the brief"
            } else {
                "the submission does not compile"
            };
            reports.push(self.told(build));
            for check in [Check::Behaviour, Check::Transcript].into_iter().filter(|check| self.wants(*check)) {
                reports.push(self.told(match &tests {
                    None => self.not_run(check, because),
                    Some(tests) if check == Check::Behaviour => self.behaviour(tests)?,
                    Some(tests) => self.transcript(tests)?,
                }));
            }
            if let Some(cases) = cases {
                let report = cases.join().map_err(|_| Trouble::Ours("the compile-fail check panicked".into()))?;
                let report = report?;
                // Against another API every case fails, and none for the reason it is about.
                reports.push(self.told(if subject.success && needs_tests && tests.is_none() {
                    self.not_run(Check::CompileFail, because)
                } else {
                    report
                }));
            }
            Ok(reports)
        })
    }

    pub(crate) fn behaviour(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let facts = manifest::functions(&self.stage.exercise.tests.join("behaviour.rs"), "fact")?;
        let of = self.stage.exercise.points(Check::Behaviour);
        behaviour::check(tests, &facts, of, self.jobs, self.first, self.stage.watch)
    }

    pub(crate) fn transcript(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let transcripts = manifest::functions(&self.stage.exercise.tests.join("transcript.rs"), "transcript")?;
        let of = self.stage.exercise.points(Check::Transcript);
        transcript::check(tests, &transcripts, &self.stage.exercise.tests.join("snapshots"), of, self.stage.watch)
    }

    fn compile_fail(&self, kit: &Kit) -> Result<CheckReport, Trouble> {
        let mut cases = manifest::cases(&self.stage.exercise.tests.join("compile_fail"), true)?;
        cases.extend(manifest::cases(&self.stage.exercise.tests.join("compile_pass"), false)?);
        let compile = |root: &Path, folder: &Path| self.stage.cases(kit, root, folder);
        let folder = self.stage.folder.join("cases");
        compile_fail::check(&cases, &folder, &compile, self.stage.exercise.points(Check::CompileFail), self.stage.watch)
    }

    pub(crate) fn time(&self, ready: &Timed) -> Result<CheckReport, Trouble> {
        let of = self.stage.exercise.points(Check::Timing);
        // Two timings at once would disturb each other, also those of two graders.
        let lock = File::create(self.stage.workspace.target.join("timing.lock")).ours("cannot write in target")?;
        lock.lock().ours("cannot lock the timing check")?;
        let limits = &self.stage.exercise.config.timing;
        timing::check(&ready.submission, &ready.reference, &ready.workloads, limits, of, self.stage.watch)
    }
}
