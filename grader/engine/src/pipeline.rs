//! From a submission to a report: source rules → build → compile-fail → behaviour → transcript → timing.
//!
//! A failed check does not hide later ones that can still run. What does not depend on each other overlaps: the cases of
//! compile-fail are compiled as soon as the submission's metadata is there, the optimised build for timing runs while facts
//! do. Timing itself runs last and alone.
//!
//! Exploring schedules will be one more check between behaviour and transcript, with a kit and a build of its own that overlap
//! with the first.

use crate::catalog::Exercise;
use crate::checks::{behaviour, build, compile_fail, source_rules, timing, transcript};
use crate::compiler::{self, Compiled, Diagnostic, Output, Unit};
use crate::facts::Tests;
use crate::kit::{self, Kit, Mode};
use crate::manifest::{self, Hidden};
use crate::processes;
use crate::submission::Source;
use crate::toolchain::Toolchain;
use crate::trouble::{Context, Trouble, make_folder, read, write};
use crate::workspace::Workspace;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Event, FORMAT_VERSION, Origin, Outcome, Report, Submission, Verdict};

/// With less than this on the disk, in bytes, a failure to compile says nothing about the submission.
const ROOM: usize = 32 << 20;

/// What is needed to grade anything.
#[derive(Clone, Debug)]
pub struct Grader {
    /// Where everything is.
    pub workspace: Workspace,
    /// The compiler.
    pub toolchain: Toolchain,
    /// How many facts run at once.
    pub jobs: usize,
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
        Ok(Grader { workspace, toolchain, jobs })
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
        let grading = Grading { grader: self, exercise, source, wanted, watch, folder: &folder.0 };
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
}

impl Grader {
    /// Builds what grading an exercise needs, if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn warm(&self, exercise: &Exercise, watch: &dyn Fn(Event)) -> Result<(), Trouble> {
        for mode in [Mode::Judge, Mode::Time] {
            if mode == Mode::Judge || exercise.checks().contains(&Check::Timing) {
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
        let kit = Kit::of(&self.workspace, &self.toolchain, exercise, Mode::Judge, &|_| {})?;
        let folder = RunFolder::new(&self.workspace)?;
        let grading = Grading { grader: self, exercise, source, wanted: Vec::new(), watch: &|_| {}, folder: &folder.0 };
        let compiled = grading.subject(&kit, Mode::Judge, &mut || {})?;
        let warnings =
            compiled.diagnostics.into_iter().filter(|each| each.level == "warning" && !each.spans.is_empty());
        Ok(warnings.filter_map(|each| each.rendered).collect())
    }
}

impl Grader {
    /// Compiles a submission once and then runs everything that runs (behaviour, transcript, timing) again and again, as
    /// fresh processes each time. What it compiles to does not change between gradings, what its threads do can.
    ///
    /// # Errors
    /// Our troubles only; also if the submission does not compile.
    pub fn run_repeatedly(
        &self,
        exercise: &Exercise,
        source: &Source,
        times: usize,
        timing: bool,
        each: &mut dyn FnMut(Vec<CheckReport>),
    ) -> Result<(), Trouble> {
        let folder = RunFolder::new(&self.workspace)?;
        let grading = Grading { grader: self, exercise, source, wanted: Vec::new(), watch: &|_| {}, folder: &folder.0 };
        let kit = Kit::of(&self.workspace, &self.toolchain, exercise, Mode::Judge, &|_| {})?;
        let subject = grading.subject(&kit, Mode::Judge, &mut || {})?;
        grading.insist(&subject)?;
        let compiled = grading.hidden(&kit, Mode::Judge, &["behaviour", "transcript"], &subject.artifact)?;
        grading.insist(&compiled)?;
        let tests = grading.tests(&compiled.artifact, source);
        let timed = if timing { grading.timed()?.ok() } else { None };
        for _ in 0..times {
            let mut reports = vec![grading.behaviour(&tests)?, grading.transcript(&tests)?];
            if let Some(timed) = &timed {
                reports.push(grading.time(timed)?);
            }
            each(reports);
        }
        Ok(())
    }
}

/// One grading on its way.
struct Grading<'a> {
    grader: &'a Grader,
    exercise: &'a Exercise,
    source: &'a Source,
    wanted: Vec<Check>,
    watch: &'a (dyn Fn(Event) + Sync),
    /// Where this grading may write.
    folder: &'a Path,
}

impl Grading<'_> {
    fn wants(&self, check: Check) -> bool {
        self.wanted.contains(&check)
    }

    fn not_run(&self, check: Check, because: &str) -> CheckReport {
        CheckReport::not_run(check, self.exercise.points(check), because)
    }

    fn run(&self) -> Result<Vec<CheckReport>, Trouble> {
        let mut reports = Vec::new();
        if self.wants(Check::SourceRules) {
            reports.push(self.source_rules()?);
        }
        let judged = [Check::Build, Check::CompileFail, Check::Behaviour, Check::Transcript];
        let mut compiles = true;
        if judged.iter().any(|check| self.wants(*check)) {
            let judge = self.judge()?;
            compiles = judge.iter().all(|report| report.check != Check::Build || report.outcome == Outcome::Passed);
            // What could not be built is said also when only later checks were asked for.
            reports.extend(judge.into_iter().filter(|report| {
                self.wants(report.check) || report.check == Check::Build && report.outcome == Outcome::Failed
            }));
        }
        if self.wants(Check::Timing) {
            let timing = match compiles {
                true => self.timing()?,
                false => self.not_run(Check::Timing, "the submission does not compile"),
            };
            // Why it could not be timed is for the build to say, if nothing else has built it.
            if reports.iter().all(|report| report.check == Check::SourceRules)
                && matches!(timing.outcome, Outcome::NotRun(_))
            {
                let build = Grading { wanted: vec![Check::Build], ..*self }.judge()?;
                reports.extend(build.into_iter().filter(|report| report.outcome == Outcome::Failed));
            }
            reports.push(timing);
        }
        for report in &reports {
            (self.watch)(Event::Ended(Box::new(report.clone())));
        }
        Ok(reports)
    }

    fn source_rules(&self) -> Result<CheckReport, Trouble> {
        let config = &self.exercise.config;
        let of = self.exercise.points(Check::SourceRules);
        let shown = |path: &Path| self.grader.workspace.shown(path);
        let read = source_rules::check(self.source, &shown, &config.forbid, &config.submission, of, self.watch)?;
        Ok(match read {
            source_rules::Read::Judged(report, _) => report,
            source_rules::Read::NotRust => self.not_run(Check::SourceRules, "the source is not valid Rust"),
        })
    }

    /// Everything that is built for judging rather than for timing.
    fn judge(&self) -> Result<Vec<CheckReport>, Trouble> {
        let begun = Instant::now();
        let millis = || begun.elapsed().as_millis() as u64;
        let kit = Kit::of(&self.grader.workspace, &self.grader.toolchain, self.exercise, Mode::Judge, self.watch)?;
        (self.watch)(Event::Compiling { what: "your code" });
        let of = self.exercise.points(Check::Build);
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
            let subject = self.subject(kit, Mode::Judge, &mut || {
                let _ = ready.send(());
            });
            drop(ready);
            let mut reports = Vec::new();
            let subject = subject?;
            let mut tests = None;
            let build = if !subject.success {
                self.blame_the_machine_first(&subject, kit)?;
                let shown = self.grader.workspace.shown(&self.source.root);
                build::failed(of, &subject, self.source, &shown, millis())
            } else if needs_tests {
                (self.watch)(Event::Compiling { what: "the hidden tests with it" });
                let compiled = self.hidden(kit, Mode::Judge, &["behaviour", "transcript"], &subject.artifact)?;
                if compiled.success {
                    tests = Some(self.tests(&compiled.artifact, self.source));
                    build::passed(of, &self.grader.toolchain.version, millis())
                } else {
                    let reference = self.exercise.solution.join("src/lib.rs");
                    self.blame_the_machine_first(&compiled, kit)?;
                    build::wrong_api(of, &compiled, self.source, &reference, millis())
                }
            } else {
                build::passed(of, &self.grader.toolchain.version, millis())
            };
            let because = if subject.success {
                "the hidden tests do not compile with the submission"
            } else {
                "the submission does not compile"
            };
            reports.push(build);
            for check in [Check::Behaviour, Check::Transcript].into_iter().filter(|check| self.wants(*check)) {
                reports.push(match &tests {
                    None => self.not_run(check, because),
                    Some(tests) if check == Check::Behaviour => self.behaviour(tests)?,
                    Some(tests) => self.transcript(tests)?,
                });
            }
            if let Some(cases) = cases {
                let report = cases.join().map_err(|_| Trouble::Ours("the compile-fail check panicked".into()))?;
                reports.push(report?);
            }
            Ok(reports)
        })
    }

    fn behaviour(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let facts = manifest::functions(&self.exercise.tests.join("behaviour.rs"), "fact")?;
        behaviour::check(tests, &facts, self.exercise.points(Check::Behaviour), self.grader.jobs, self.watch)
    }

    fn transcript(&self, tests: &Tests) -> Result<CheckReport, Trouble> {
        let transcripts = manifest::functions(&self.exercise.tests.join("transcript.rs"), "transcript")?;
        let of = self.exercise.points(Check::Transcript);
        transcript::check(tests, &transcripts, &self.exercise.tests.join("snapshots"), of, self.watch)
    }

    fn compile_fail(&self, kit: &Kit) -> Result<CheckReport, Trouble> {
        let mut cases = manifest::cases(&self.exercise.tests.join("compile_fail"), true)?;
        cases.extend(manifest::cases(&self.exercise.tests.join("compile_pass"), false)?);
        let metadata = self.folder.join(Mode::Judge.name()).join("libsubject.rmeta");
        let compile = |root: &Path, folder: &Path| -> Result<Vec<Diagnostic>, Trouble> {
            let unit = Unit {
                root,
                name: "cases",
                output: Output::Nothing,
                mode: Mode::Judge,
                kit,
                crates: kit.libraries.keys().cloned().collect(),
                others: vec![("subject", metadata.clone())],
                allow_unsafe: true,
                ours: true,
                folder,
                from: &self.grader.workspace.target,
                incremental: false,
            };
            let compiled = compiler::compile(&self.grader.toolchain, &unit, &mut || {})?;
            if compiled.failed_nowhere() {
                self.insist(&compiled)?;
            }
            Ok(compiled.errors().cloned().collect())
        };
        let folder = self.folder.join("cases");
        compile_fail::check(&cases, &folder, &compile, self.exercise.points(Check::CompileFail), self.watch)
    }

    fn timing(&self) -> Result<CheckReport, Trouble> {
        match self.timed()? {
            Ok(ready) => self.time(&ready),
            Err(because) => Ok(self.not_run(Check::Timing, because)),
        }
    }

    /// Builds what timing needs; the inner error says why the submission could not be.
    fn timed(&self) -> Result<Result<Timed, &'static str>, Trouble> {
        let workloads = manifest::functions(&self.exercise.tests.join("timing.rs"), "workload")?;
        let kit = Kit::of(&self.grader.workspace, &self.grader.toolchain, self.exercise, Mode::Time, self.watch)?;
        (self.watch)(Event::Compiling { what: "your code, optimised, for timing" });
        let reference = self.timed_reference(&kit)?;
        let subject = self.subject(&kit, Mode::Time, &mut || {})?;
        if !subject.success {
            return Ok(Err("the submission does not compile"));
        }
        let compiled = self.hidden(&kit, Mode::Time, &["timing"], &subject.artifact)?;
        if !compiled.success {
            return Ok(Err("the hidden tests do not compile with the submission"));
        }
        Ok(Ok(Timed { submission: self.tests(&compiled.artifact, self.source), reference, workloads }))
    }

    fn time(&self, ready: &Timed) -> Result<CheckReport, Trouble> {
        let of = self.exercise.points(Check::Timing);
        // Two timings at once would disturb each other, also those of two graders.
        let lock = File::create(self.grader.workspace.target.join("timing.lock")).ours("cannot write in target")?;
        lock.lock().ours("cannot lock the timing check")?;
        let limits = &self.exercise.config.timing;
        timing::check(&ready.submission, &ready.reference, &ready.workloads, limits, of, self.watch)
    }

    /// The workloads linked with the reference: built once, kept.
    fn timed_reference(&self, kit: &Kit) -> Result<Tests, Trouble> {
        let reference = Source::reference(self.exercise)?;
        let timing = self.exercise.tests.join("timing.rs");
        let key =
            kit::hash(&(read(&reference.root)?, read(&timing)?, &self.grader.toolchain, &kit.folder, &kit.libraries));
        let folder =
            self.grader.workspace.target.join("references").join(format!("{}-{key:016x}", self.exercise.folder));
        let done = folder.join("done");
        let tests = self.tests(&folder.join("checks"), &reference);
        if done.exists() {
            return Ok(tests);
        }
        make_folder(&folder)?;
        let lock = File::create(folder.join("lock")).ours(format_args!("cannot write in {}", folder.display()))?;
        lock.lock().ours("cannot lock the reference")?;
        if !done.exists() {
            let theirs = Grading { source: &reference, folder: &folder, wanted: Vec::new(), ..*self };
            let subject = theirs.subject(kit, Mode::Time, &mut || {})?;
            theirs.insist(&subject)?;
            let compiled = theirs.hidden(kit, Mode::Time, &["timing"], &subject.artifact)?;
            theirs.insist(&compiled)?;
            std::fs::copy(&compiled.artifact, &tests.binary).ours("cannot keep the reference's workloads")?;
            write(&done, "")?;
        }
        Ok(tests)
    }

    /// For what is ours and must compile.
    fn insist(&self, compiled: &Compiled) -> Result<(), Trouble> {
        if compiled.success {
            return Ok(());
        }
        let words = compiled.errors().filter_map(|error| error.rendered.clone()).collect::<Vec<_>>().join("\n");
        Err(Trouble::Ours(format!(
            "the reference or the hidden tests of {} do not compile:\n{words}",
            self.exercise.folder
        )))
    }

    /// What went wrong nowhere in a source file may be the machine's fault: a full disk, a linker that was killed, a kit that
    /// another grader is just building again. Then the reference, compiled in the same way now, fails as well.
    fn blame_the_machine_first(&self, compiled: &Compiled, kit: &Kit) -> Result<(), Trouble> {
        if self.source.origin == Origin::Reference {
            return self.insist(compiled);
        }
        if !compiled.failed_nowhere() {
            return Ok(());
        }
        let room = self.folder.join("room");
        std::fs::write(&room, vec![1; ROOM]).ours("there is no room on the disk to compile in")?;
        let _ = std::fs::remove_file(&room);
        let (reference, folder) = (Source::reference(self.exercise)?, self.folder.join("control"));
        let theirs = Grading { source: &reference, folder: &folder, wanted: Vec::new(), ..*self };
        let subject = theirs.subject(kit, Mode::Judge, &mut || {})?;
        theirs.insist(&subject)?;
        theirs.insist(&theirs.hidden(kit, Mode::Judge, &["behaviour", "transcript"], &subject.artifact)?)
    }

    /// Compiles the submission.
    fn subject(&self, kit: &Kit, mode: Mode, metadata: &mut dyn FnMut()) -> Result<Compiled, Trouble> {
        let config = &self.exercise.config.submission;
        let unit = Unit {
            root: &self.source.root,
            name: "subject",
            output: Output::Library,
            mode,
            kit,
            crates: config.crates.clone(),
            others: Vec::new(),
            allow_unsafe: config.r#unsafe,
            ours: false,
            folder: &self.folder.join(mode.name()),
            from: &self.grader.workspace.target,
            incremental: false,
        };
        compiler::compile(&self.grader.toolchain, &unit, metadata)
    }

    /// Compiles hidden test files as modules of one test binary, linked with a submission.
    fn hidden(&self, kit: &Kit, mode: Mode, modules: &[&str], subject: &Path) -> Result<Compiled, Trouble> {
        let exist = modules.iter().map(|name| (name, self.exercise.tests.join(format!("{name}.rs"))));
        let text: String = exist
            .filter(|(_, path)| path.exists())
            .map(|(name, path)| format!("#[path = {:?}]\nmod {name};\n", path.display().to_string()))
            .collect();
        let kept = self.kept(mode)?;
        let own = self.folder.join(mode.name());
        let folder = kept.as_ref().map_or(&own, |kept| &kept.folder);
        let root = folder.join("checks.rs");
        if std::fs::read_to_string(&root).ok().as_deref() != Some(&text) {
            write(&root, &text)?;
        }
        let unit = Unit {
            root: &root,
            name: "checks",
            output: Output::Tests,
            mode,
            kit,
            crates: kit.libraries.keys().cloned().collect(),
            others: vec![("subject", subject.to_owned())],
            allow_unsafe: true,
            ours: true,
            folder,
            from: &self.grader.workspace.target,
            incremental: kept.is_some(),
        };
        let mut compiled = compiler::compile(&self.grader.toolchain, &unit, &mut || {})?;
        if kept.is_some() && compiled.success {
            // Out of the way of the next grader that compiles there.
            let binary = own.join("checks");
            std::fs::rename(&compiled.artifact, &binary).ours("cannot move the hidden tests")?;
            compiled.artifact = binary;
        }
        Ok(compiled)
    }

    /// The folder in which the hidden tests are compiled incrementally: for the learner, who saves again and again, not
    /// for what is graded once. All paths are part of what such a compilation depends on, so it must be the same folder each
    /// time; when another grader is in it, this one compiles afresh elsewhere.
    fn kept(&self, mode: Mode) -> Result<Option<Kept>, Trouble> {
        if self.source.origin != Origin::Learner || mode != Mode::Judge {
            return Ok(None);
        }
        let folder = self.grader.workspace.target.join("incremental").join(&self.exercise.folder);
        make_folder(&folder)?;
        let lock = File::create(folder.join("lock")).ours(format_args!("cannot write in {}", folder.display()))?;
        Ok(lock.try_lock().is_ok().then_some(Kept { folder, _lock: lock }))
    }

    fn tests(&self, binary: &Path, source: &Source) -> Tests {
        let limits = self.exercise.config.behaviour;
        Tests {
            binary: binary.to_owned(),
            folder: self.folder.to_owned(),
            subject: source.root.clone(),
            subject_shown: self.grader.workspace.shown(&source.root),
            memory: limits.memory_mib << 20,
            time: Duration::from_secs(limits.seconds),
        }
    }
}

/// What the timing check runs.
struct Timed {
    submission: Tests,
    reference: Tests,
    workloads: Vec<Hidden>,
}

/// A folder for incremental compilation, ours while the lock is held.
struct Kept {
    folder: PathBuf,
    _lock: File,
}

/// A folder for one grading; gone when dropped.
struct RunFolder(PathBuf);

impl RunFolder {
    fn new(workspace: &Workspace) -> Result<RunFolder, Trouble> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = workspace.target.join("runs").join(name);
        make_folder(&folder)?;
        Ok(RunFolder(folder))
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        // What cannot be removed now is swept by a later grader.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes what graders that were killed have left behind.
fn sweep(runs: &Path) {
    let Ok(entries) = std::fs::read_dir(runs) else { return };
    for entry in entries.flatten() {
        let owner = entry.file_name().to_str().and_then(|name| name.split_once('-')?.0.parse::<u32>().ok());
        if owner.is_none_or(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Hands out items to as many threads as there are jobs; the first trouble ends it.
///
/// # Errors
/// The first that `each` returns.
pub fn in_parallel<T: Sync>(
    items: &[T],
    jobs: usize,
    each: impl Fn(usize, &T) -> Result<(), Trouble> + Sync,
) -> Result<(), Trouble> {
    let next = AtomicU64::new(0);
    let trouble = Mutex::new(None);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some((index, item)) = {
                let index = next.fetch_add(1, Ordering::Relaxed) as usize;
                items.get(index).map(|item| (index, item))
            } {
                if let Err(error) = each(index, item) {
                    next.store(items.len() as u64, Ordering::Relaxed);
                    trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        };
        for _ in 1..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(worker);
        }
        worker();
    });
    trouble.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// The hidden tests of an exercise, for those who need only their names.
///
/// # Errors
/// If a file is broken.
pub fn hidden_names(exercise: &Exercise) -> Result<Vec<Hidden>, Trouble> {
    let files = [("behaviour.rs", "fact"), ("transcript.rs", "transcript"), ("timing.rs", "workload")];
    let each = files.map(|(file, attribute)| manifest::functions(&exercise.tests.join(file), attribute));
    let mut all = Vec::new();
    for functions in each {
        all.extend(functions?);
    }
    Ok(all)
}
