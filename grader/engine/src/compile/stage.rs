//! Where a submission is built: the generated roots, the folders, and which crate is compiled with which.
//!
//! What is compiled of a submission is a copy of what was read of it, never its files: these may change meanwhile. The compiler writes
//! the paths of the files in the place of those of the copies, so that findings point at what the user has, and what comes out is the
//! same wherever the copy lies. Hidden test files are modules of one generated root, so that there is one link.

use crate::compile::compiler::{self, Compiled, Diagnostic, Output, Unit};
use crate::compile::kit::{self, Kit, Mode};
use crate::compile::objects::{self, Allowance};
use crate::compile::read::Foreign;
use crate::compile::read::Own;
use crate::compile::toolchain::Toolchain;
use crate::exercise::catalog::Exercise;
use crate::exercise::manifest::{Hidden, Module};
use crate::home::workspace::Workspace;
use crate::run::chance;
use crate::run::confine::Confinement;
use crate::run::entries::{self, Secret};
use crate::run::facts::Tests;
use crate::run::processes;
use crate::submission::{Files, Source};
use crate::trouble::{Context, Trouble, make_folder, read, write};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use verdict::{Check, Event, Origin};

/// With less than this on the disk, in bytes, a failure to compile says nothing about the submission.
const ROOM: usize = 32 << 20;

/// The folder of a grading on which private roots are mounted.
const MOUNT_POINT: &str = "root";

/// The hidden test files that are compiled together for judging.
pub(crate) const JUDGED: [Module; 2] = [Module::Behaviour, Module::Transcript];

/// One submission on its way through the compiler.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) confinement: &'a Confinement,
    pub(crate) exercise: &'a Exercise,
    pub(crate) source: &'a Source,
    /// What was read of it.
    pub(crate) files: &'a Arc<Files>,
    pub(crate) watch: &'a (dyn Fn(Event) + Sync),
    /// Where it may write.
    pub(crate) folder: &'a Path,
    /// Whether more submissions of the exercise are to be compiled soon.
    pub(crate) one_of_many: bool,
    /// Of which check something is tried again before everything else. That is then what somebody waits for.
    pub(crate) tried_first: Option<Check>,
}

impl Stage<'_> {
    /// The kit of one mode, built if need be.
    pub(crate) fn kit(&self, mode: Mode) -> Result<Kit, Trouble> {
        Kit::of(self.workspace, self.toolchain, self.exercise, mode, self.watch)
    }

    /// Builds facts and transcripts with a submission that must compile.
    pub(crate) fn judged(&self) -> Result<Tests, Trouble> {
        let kit = self.kit(Mode::Judge)?;
        let subject = self.subject(&kit, Mode::Judge, &mut || {})?;
        self.insist(&subject)?;
        let compiled = self.hidden(&kit, Mode::Judge, &JUDGED, &subject.artifact, None)?;
        self.insist(&compiled)?;
        self.ready(&compiled)
    }

    /// Builds what exploring needs.
    pub(crate) fn explored(&self) -> Result<Explored, Trouble> {
        self.explored_beside(None, &|_, _| {})
    }

    /// The same, for one scenario only if it is named. `compiled` is called once the submission is, beside what remains to be
    /// built.
    pub(crate) fn explored_beside(
        &self,
        one: Option<&str>,
        compiled: &(dyn Fn(&Kit, &Path) + Sync),
    ) -> Result<Explored, Trouble> {
        let kit = self.kit(Mode::Explore)?;
        (self.watch)(Event::Compiling { what: "your code once more, to explore its schedules".into() });
        let subject = self.subject(&kit, Mode::Explore, &mut || {})?;
        if !subject.success {
            return Ok(Explored::Refused(subject, kit));
        }
        let scenarios = std::thread::scope(|scope| {
            scope.spawn(|| compiled(&kit, &subject.artifact));
            self.hidden(&kit, Mode::Explore, &Module::EXPLORED, &subject.artifact, one)
        })?;
        if !scenarios.success {
            return Ok(Explored::Refused(scenarios, kit));
        }
        Ok(Explored::Ready(self.ready(&scenarios)?))
    }

    /// Builds what timing needs, for one workload only if it is named; the inner error says why the submission could not be.
    pub(crate) fn timed(&self, one: Option<&str>) -> Result<ToTime, Trouble> {
        let mut workloads = Module::Timing.tests(&self.exercise.tests)?;
        workloads.retain(|each| one.is_none_or(|one| one == each.name));
        let kit = self.kit(Mode::Time)?;
        (self.watch)(Event::Compiling { what: "your code, optimised, for timing".into() });
        let reference = self.timed_reference(&kit)?;
        let subject = self.subject(&kit, Mode::Time, &mut || {})?;
        if !subject.success {
            return Ok(Err(Untimed { because: "the submission does not compile", foreign: subject.foreign }));
        }
        let compiled = self.hidden(&kit, Mode::Time, &[Module::Timing], &subject.artifact, one)?;
        if !compiled.success {
            return Ok(Err("the public API is not the one of the brief".into()));
        }
        Ok(Ok(Timed { submission: self.ready(&compiled)?, reference, workloads }))
    }

    /// The workloads linked with the reference: built once, kept.
    fn timed_reference(&self, kit: &Kit) -> Result<Tests, Trouble> {
        let reference = Source::reference(self.exercise)?;
        let timing = self.exercise.tests.join("timing.rs");
        let files = Arc::new(Files::read(&reference)?);
        // A kit is built again in its place when the crates in it change.
        let built: Vec<_> =
            kit.libraries.values().map(|path| std::fs::metadata(path).and_then(|it| it.modified()).ok()).collect();
        let key = kit::hash(&(files.root(), read(&timing)?, &self.toolchain, &kit.libraries, built));
        let folder = self.workspace.target.join("references").join(format!("{}-{key:016x}", self.exercise.folder));
        let done = folder.join("done");
        let tests = self.tests(folder.join("checks"), Secret::NONE, &reference, &files);
        if done.exists() {
            return Ok(tests);
        }
        make_folder(&folder)?;
        let lock = File::create(folder.join("lock")).ours(format_args!("cannot write in {}", folder.display()))?;
        lock.lock().ours("cannot lock the reference")?;
        if !done.exists() {
            let theirs = Stage { source: &reference, files: &files, folder: &folder, ..*self };
            let subject = theirs.subject(kit, Mode::Time, &mut || {})?;
            theirs.insist(&subject)?;
            let compiled = theirs.hidden(kit, Mode::Time, &[Module::Timing], &subject.artifact, None)?;
            theirs.insist(&compiled)?;
            let quiet = processes::none_starts();
            std::fs::copy(&compiled.artifact, &tests.binary).ours("cannot keep the reference's workloads")?;
            drop(quiet);
            write(&done, "")?;
        }
        Ok(tests)
    }

    /// For what is ours and must compile.
    pub(crate) fn insist(&self, compiled: &Compiled) -> Result<(), Trouble> {
        if compiled.success {
            return Ok(());
        }
        if let Some(foreign) = compiled.foreign.first() {
            return Err(Trouble::Usage(format!("it is not compiled, since it holds what is not its own: {foreign:?}")));
        }
        let words = compiled.errors().filter_map(|error| error.rendered.clone()).collect::<Vec<_>>().join("\n");
        Err(Trouble::Ours(format!(
            "the reference or the hidden tests of {} do not compile:\n{words}",
            self.exercise.folder
        )))
    }

    /// What went wrong nowhere in a source file may be the machine's fault: a full disk, a linker that was killed, a kit that
    /// another grader is just building again. Then the reference, compiled in the same way now, fails as well.
    pub(crate) fn blame_the_machine_first(&self, compiled: &Compiled, kit: &Kit) -> Result<(), Trouble> {
        if self.source.origin == Origin::Reference {
            return self.insist(compiled);
        }
        if !compiled.failed_nowhere() {
            return Ok(());
        }
        let room = self.folder.join("room");
        std::fs::write(&room, vec![1; ROOM]).ours("there is no room on the disk to compile in")?;
        let _ = std::fs::remove_file(&room);
        self.insist_on_reference(kit, Mode::Judge, &JUDGED)
    }

    /// The reference and the hidden tests compile in this mode.
    pub(crate) fn insist_on_reference(&self, kit: &Kit, mode: Mode, modules: &[Module]) -> Result<(), Trouble> {
        let (reference, folder) = (Source::reference(self.exercise)?, self.folder.join("control"));
        let files = Arc::new(Files::read(&reference)?);
        let theirs = Stage { source: &reference, files: &files, folder: &folder, ..*self };
        let subject = theirs.subject(kit, mode, &mut || {})?;
        theirs.insist(&subject)?;
        theirs.insist(&theirs.hidden(kit, mode, modules, &subject.artifact, None)?)
    }

    /// Compiles the submission.
    pub(crate) fn subject(&self, kit: &Kit, mode: Mode, metadata: &mut dyn FnMut()) -> Result<Compiled, Trouble> {
        let config = &self.exercise.config.submission;
        let folder = self.folder.join(mode.name());
        let copy = folder.join("source");
        let files = self.files.write_to(&copy)?;
        let shown_as = self.files.folder().to_owned();
        if shown_as.as_os_str().as_encoded_bytes().contains(&b'=') {
            return Err(Trouble::Usage(format!(
                "the compiler takes no `=` in the name of a folder; rename {}",
                shown_as.display()
            )));
        }
        let lifted = |rule: &str| config.allow.iter().any(|each| each == rule);
        let environment = lifted("env") || lifted("option_env");
        let own = Own { folder: copy, shown_as, files, environment, list: folder.join("subject.d") };
        let mut crates = config.crates.clone();
        crates.extend((mode == Mode::Explore).then(|| "std".to_owned()));
        let unit = Unit {
            root: own.files.first().unwrap_or(&self.source.root),
            name: "subject",
            output: Output::Library,
            mode,
            kit,
            crates,
            others: Vec::new(),
            allow_unsafe: config.r#unsafe,
            ours: false,
            folder: &folder,
            confinement: self.confinement,
            mount_point: &self.folder.join(MOUNT_POINT),
            reads: Vec::new(),
            own: Some(&own),
            from: &self.workspace.target,
            incremental: false,
            chosen: None,
            can_wait: self.somebody_waits() && mode != self.first_mode(),
            one_of_many: self.one_of_many,
        };
        let compiled = compiler::compile(self.toolchain, &unit, metadata)?;
        if let Some(changed) = self.files.changed_in(&own.folder) {
            // Something that runs at the same time has written into the folder of the grading.
            let what = format!("another text in the place of {}", self.workspace.shown(&changed.path));
            return Ok(Compiled {
                success: false,
                foreign: [Foreign::Read(what)].into(),
                diagnostics: Vec::new(),
                ..compiled
            });
        }
        // A hostile exercise of our own lifts the rule that says the same of the source.
        if compiled.success && !lifted("extern") {
            let crates = kit.crates_behind(&unit.crates);
            let allowance = Allowance { crates: &crates, functions: &config.c_functions, mode };
            let linked = objects::violations(&compiled.artifact, allowance)?;
            if !linked.is_empty() {
                let foreign = linked.into_iter().map(Foreign::Linked).collect();
                return Ok(Compiled { success: false, foreign, diagnostics: Vec::new(), ..compiled });
            }
        }
        Ok(compiled)
    }

    /// Compiles a generated root of compile-fail cases to nothing but errors. Needs only the submission's metadata.
    pub(crate) fn cases(&self, kit: &Kit, root: &Path, folder: &Path) -> Result<Vec<Diagnostic>, Trouble> {
        let metadata = self.folder.join(Mode::Judge.name()).join("libsubject.rmeta");
        let unit = Unit {
            root,
            name: "cases",
            output: Output::Nothing,
            mode: Mode::Judge,
            kit,
            crates: kit.libraries.keys().cloned().collect(),
            others: vec![("subject", metadata)],
            allow_unsafe: true,
            ours: true,
            folder,
            confinement: self.confinement,
            mount_point: &self.folder.join(MOUNT_POINT),
            reads: vec![&self.exercise.tests],
            own: None,
            from: &self.workspace.target,
            incremental: false,
            chosen: None,
            can_wait: self.somebody_waits(),
            one_of_many: self.one_of_many,
        };
        let compiled = compiler::compile(self.toolchain, &unit, &mut || {})?;
        if compiled.failed_nowhere() {
            self.insist(&compiled)?;
        }
        Ok(compiled.errors().cloned().collect())
    }

    /// Compiles hidden test files as modules of one test binary, linked with a submission. If one test is chosen, the others
    /// are left out as if they were not there.
    pub(crate) fn hidden(
        &self,
        kit: &Kit,
        mode: Mode,
        modules: &[Module],
        subject: &Path,
        chosen: Option<&str>,
    ) -> Result<Compiled, Trouble> {
        let purpose = if chosen.is_some() { format!("{}-first", mode.name()) } else { mode.name().to_owned() };
        let exist = modules.iter().filter_map(|module| Some((module.name(), module.root(&self.exercise.tests)?)));
        let mut text: String =
            exist.map(|(name, path)| format!("#[path = {:?}]\nmod {name};\n", path.display().to_string())).collect();
        text.push_str("::harness::graded_main!();\n");
        let kept = self.kept(mode, &purpose)?;
        let own = self.folder.join(&purpose);
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
            confinement: self.confinement,
            mount_point: &self.folder.join(MOUNT_POINT),
            reads: vec![&self.exercise.tests],
            own: None,
            from: &self.workspace.target,
            incremental: kept.is_some(),
            chosen,
            can_wait: self.somebody_waits() && chosen.is_none() && (self.tried_first.is_some() || mode != Mode::Judge),
            one_of_many: self.one_of_many,
        };
        let mut compiled = compiler::compile(self.toolchain, &unit, &mut || {})?;
        if kept.is_some() && compiled.success {
            // Out of the way of the next grader that compiles there.
            make_folder(&own)?;
            let binary = own.join("moved");
            std::fs::rename(&compiled.artifact, &binary).ours("cannot move the hidden tests")?;
            compiled.artifact = binary;
        }
        Ok(compiled)
    }

    /// The folder in which the hidden tests are compiled incrementally: for the learner, who saves again and again. All paths are
    /// part of what such a compilation depends on, so it must be the same folder each time; when another grader is in it, this
    /// one compiles afresh elsewhere. Variants of an exercise have a path each, and what is kept of one is of no use to the next.
    fn kept(&self, mode: Mode, purpose: &str) -> Result<Option<Kept>, Trouble> {
        if mode == Mode::Time || self.source.origin != Origin::Learner || self.one_of_many {
            return Ok(None);
        }
        // In another tier the compiler may be another user, who could not go on with what this one keeps.
        let user = self.confinement.layers.compilers_user.map_or("own".to_owned(), |user| user.to_string());
        let name = format!("{}-{purpose}-{user}", self.exercise.folder);
        let folder = self.workspace.target.join("incremental").join(name);
        make_folder(&folder)?;
        let lock = File::create(folder.join("lock")).ours(format_args!("cannot write in {}", folder.display()))?;
        Ok(lock.try_lock().is_ok().then_some(Kept { folder, _lock: lock }))
    }

    /// Whether somebody waits for the first answer: then all that it does not need leaves the cores to what it does.
    fn somebody_waits(&self) -> bool {
        self.source.origin == Origin::Learner && !self.one_of_many
    }

    /// The mode in which the first answer is had.
    fn first_mode(&self) -> Mode {
        if self.tried_first == Some(Check::Schedules) { Mode::Explore } else { Mode::Judge }
    }

    /// Makes compiled hidden tests ready to run. Neither the name of their program nor what stands in it tells one purpose or one
    /// test from another.
    pub(crate) fn ready(&self, compiled: &Compiled) -> Result<Tests, Trouble> {
        let (binary, secret) = (self.folder.join(chance::letters()?), Secret::new()?);
        std::fs::rename(&compiled.artifact, &binary).ours("cannot move the hidden tests")?;
        let entries = entries::seal(&binary, secret)?;
        Ok(Tests { entries: Some(entries), ..self.tests(binary, secret, self.source, self.files) })
    }

    fn tests(&self, binary: PathBuf, secret: Secret, source: &Source, files: &Arc<Files>) -> Tests {
        let limits = self.exercise.config.behaviour;
        Tests {
            binary,
            secret,
            entries: None,
            confinement: self.confinement.clone(),
            mount_point: self.folder.join(MOUNT_POINT),
            processes: limits.processes,
            network: limits.network,
            subject: source.root.clone(),
            subject_shown: self.workspace.shown(&source.root),
            files: Arc::clone(files),
            memory: limits.memory_mib << 20,
            time: Duration::from_secs(limits.seconds),
        }
    }
}

/// What came of building for exploration.
pub(crate) enum Explored {
    /// The scenarios, linked with the submission.
    Ready(Tests),
    /// The compiler refused the submission, or the scenarios with it.
    Refused(Compiled, Kit),
}

/// What the timing check runs.
pub(crate) struct Timed {
    pub(crate) submission: Tests,
    pub(crate) reference: Tests,
    pub(crate) workloads: Vec<Hidden>,
}

/// What is to be timed, or why there is nothing to time.
pub(crate) type ToTime = Result<Timed, Untimed>;

/// Why there is nothing to time.
pub(crate) struct Untimed {
    pub(crate) because: &'static str,
    /// What the submission holds that is not its own, if that is why.
    pub(crate) foreign: BTreeSet<Foreign>,
}

impl From<&'static str> for Untimed {
    fn from(because: &'static str) -> Untimed {
        Untimed { because, foreign: BTreeSet::new() }
    }
}

/// A folder for incremental compilation, ours while the lock is held.
struct Kept {
    folder: PathBuf,
    _lock: File,
}

/// What one grading works with: a folder, and what was read of the submission.
pub(crate) struct Desk {
    pub(crate) folder: RunFolder,
    pub(crate) files: Arc<Files>,
}

impl Desk {
    /// Makes the folder and reads the submission.
    pub(crate) fn new(workspace: &Workspace, source: &Source) -> Result<Desk, Trouble> {
        let files = Arc::new(Files::read(source)?);
        Ok(Desk { folder: RunFolder::new(workspace)?, files })
    }
}

/// A folder for one grading; gone when dropped.
pub(crate) struct RunFolder(pub(crate) PathBuf);

impl RunFolder {
    pub(crate) fn new(workspace: &Workspace) -> Result<RunFolder, Trouble> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = workspace.target.join("runs").join(name);
        make_folder(&folder.join(MOUNT_POINT))?;
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
pub(crate) fn sweep(runs: &Path) {
    let Ok(entries) = std::fs::read_dir(runs) else { return };
    for entry in entries.flatten() {
        let owner = entry.file_name().to_str().and_then(|name| name.split_once('-')?.0.parse::<u32>().ok());
        if owner.is_none_or(|id| !Path::new(&format!("/proc/{id}")).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
