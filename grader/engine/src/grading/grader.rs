//! What is needed to grade anything, and the way from one submission to its report.

use super::first_answer::First;
use super::pipeline::Grading;
use crate::checks::source_rules::{self, Demands};
use crate::checks::timing::CPU;
use crate::compile::kit::{Kit, Mode};
use crate::compile::stage::{Desk, Stage, ToTime, sweep};
use crate::compile::toolchain::Toolchain;
use crate::exercise::catalog::Exercise;
use crate::foreign;
use crate::home::workspace::Workspace;
use crate::run::confine::launcher::launcher;
use crate::run::confine::{Confinement, Tier};
use crate::run::processes;
use crate::submission::Source;
use crate::trouble::{Context, Trouble, make_folder};
use std::time::{Duration, Instant};
use verdict::{Check, CheckReport, Event, FORMAT_VERSION, Report, Submission, Verdict};

/// How much of an exercise is graded.
#[derive(Clone, Copy, Debug)]
pub enum Extent<'a> {
    /// All its checks.
    All,
    /// These checks.
    Checks(&'a [Check]),
    /// One hidden test or case of one check, by its name. The others are not even compiled.
    One(Check, &'a str),
}

/// What is needed to grade anything.
#[derive(Clone, Debug)]
pub struct Grader {
    /// Where everything is.
    pub workspace: Workspace,
    /// The compiler.
    pub toolchain: Toolchain,
    /// What confines the processes of a grading.
    pub confinement: Confinement,
    /// How many facts run at once.
    pub jobs: usize,
    /// Whether many submissions are graded, as many at once as there are cores: each compilation then takes one core.
    pub many: bool,
    /// What failed last, by name: it is run before the rest, so that the first answer comes soon.
    pub first: Vec<String>,
    /// Whether somebody follows every step: the first of these is then tried again before the rest is even compiled.
    pub followed: bool,
}

/// A grading of which only the measurement is left to make, which needs a quiet machine.
pub struct Begun<'a> {
    grader: &'a Grader,
    exercise: &'a Exercise,
    source: &'a Source,
    desk: Desk,
    wanted: Vec<Check>,
    reports: Vec<CheckReport>,
    /// What timing needs, or why there is nothing to time; `None` if no timing was asked for.
    timed: Option<ToTime>,
    took: Duration,
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
        let confinement = Confinement::find(&launcher()?, &workspace.target, &toolchain.rustc, best_tier()?)?;
        Ok(Grader { workspace, toolchain, confinement, jobs, many: false, first: Vec::new(), followed: false })
    }

    /// Grades one submission.
    ///
    /// # Errors
    /// Our troubles only: what is wrong with the submission is in the report.
    pub fn grade(
        &self,
        exercise: &Exercise,
        source: &Source,
        extent: Extent<'_>,
        watch: &(dyn Fn(Event) + Sync),
    ) -> Result<Report, Trouble> {
        self.begin(exercise, source, extent, watch)?.finish(watch)
    }

    /// Makes every check of a grading but timing, and builds what timing needs.
    ///
    /// # Errors
    /// Our troubles only.
    pub fn begin<'a>(
        &'a self,
        exercise: &'a Exercise,
        source: &'a Source,
        extent: Extent<'_>,
        watch: &(dyn Fn(Event) + Sync),
    ) -> Result<Begun<'a>, Trouble> {
        let begun = Instant::now();
        let watch: &(dyn Fn(Event) + Sync) = &foreign::told(watch);
        self.workspace.insist_on_content(&exercise.folder)?;
        let wanted = wanted(exercise, extent)?;
        let desk = Desk::new(&self.workspace, source)?;
        let tried_first = self.followed.then(|| First::of(exercise, &self.first, &wanted)).flatten();
        let mut stage = self.stage(exercise, source, watch, &desk);
        stage.tried_first = tried_first.as_ref().map(|first| first.check);
        let one = if let Extent::One(_, name) = extent { Some(name) } else { None };
        let grading = Grading { stage, wanted: &wanted, one, jobs: self.jobs, first: &self.first, tried_first };
        let (reports, timed) = grading.run()?;
        if processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        Ok(Begun { grader: self, exercise, source, desk, wanted, reports, timed, took: begun.elapsed() })
    }

    /// For everything but a grading: reads a submission, which must be one that may be compiled.
    ///
    /// # Errors
    /// If it cannot be read, or reads what is not its own.
    pub(crate) fn desk(&self, exercise: &Exercise, source: &Source) -> Result<Desk, Trouble> {
        self.workspace.insist_on_content(&exercise.folder)?;
        let desk = Desk::new(&self.workspace, source)?;
        let demands = Demands { forbid: &exercise.config.forbid, allowed: &exercise.config.submission, of: 0 };
        let judged = source_rules::check(&desk.files, &|path| self.workspace.shown(path), demands, &|_| {})?;
        let words = judged.report.findings.first().map_or("", |finding| finding.message.as_str());
        match judged.is_closed {
            true => Ok(desk),
            false => Err(Trouble::Usage(format!("{} is not compiled: {words}", self.workspace.shown(&source.root)))),
        }
    }

    pub(crate) fn stage<'a>(
        &'a self,
        exercise: &'a Exercise,
        source: &'a Source,
        watch: &'a (dyn Fn(Event) + Sync),
        desk: &'a Desk,
    ) -> Stage<'a> {
        Stage {
            workspace: &self.workspace,
            toolchain: &self.toolchain,
            confinement: &self.confinement,
            exercise,
            source,
            files: &desk.files,
            watch,
            folder: &desk.folder.0,
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
        let desk = self.desk(exercise, source)?;
        let stage = self.stage(exercise, source, &|_| {}, &desk);
        let compiled = stage.subject(&stage.kit(Mode::Judge)?, Mode::Judge, &mut || {})?;
        let warnings =
            compiled.diagnostics.into_iter().filter(|each| each.level == "warning" && !each.spans.is_empty());
        Ok(warnings.filter_map(|each| each.rendered).map(|text| verdict::visible(&text).into_owned()).collect())
    }
}

/// The environment variable that names the best tier to be used: to see how gradings go on a machine that allows less.
pub const BEST_TIER: &str = "GRADER_TIER";

pub(crate) fn best_tier() -> Result<Tier, Trouble> {
    let Ok(text) = std::env::var(BEST_TIER) else { return Ok(Tier::A) };
    let wrong = || Trouble::Usage(format!("the environment variable {BEST_TIER} is {text:?}; it must be A, B, C or D"));
    Tier::ALL.into_iter().find(|tier| tier.letter() == text).ok_or_else(wrong)
}

/// The checks of an exercise that are asked for, in their order.
fn wanted(exercise: &Exercise, extent: Extent<'_>) -> Result<Vec<Check>, Trouble> {
    let all = exercise.checks();
    let asked = |check: &Check| match extent {
        Extent::All => true,
        Extent::Checks(checks) => checks.contains(check),
        Extent::One(one, _) => one == *check,
    };
    let wanted: Vec<Check> = all.iter().copied().filter(asked).collect();
    if wanted.is_empty() {
        let names = all.iter().map(|check| check.name()).collect::<Vec<_>>().join(", ");
        return Err(Trouble::Usage(format!("{} has none of these checks; it has {names}", exercise.folder)));
    }
    Ok(wanted)
}

impl Begun<'_> {
    /// Whether there is something left to measure.
    pub fn is_to_be_timed(&self) -> bool {
        matches!(self.timed, Some(Ok(_)))
    }

    /// Whether only processor time is to be measured: another grading may then run beside it.
    pub fn times_processors_only(&self) -> bool {
        let Some(Ok(timed)) = &self.timed else { return true };
        timed.workloads.iter().all(|workload| workload.has(CPU))
    }

    /// Removes what has been built for other checks: many gradings may wait to be measured.
    pub fn keep_only_what_is_timed(&mut self) {
        for mode in [Mode::Judge, Mode::Explore] {
            // It only takes room.
            let _ = std::fs::remove_dir_all(self.desk.folder.0.join(mode.name()));
        }
    }

    /// Measures, if there is something to measure, and reports. Nothing else should run on the machine meanwhile.
    ///
    /// # Errors
    /// Our troubles only.
    pub fn finish(self, watch: &(dyn Fn(Event) + Sync)) -> Result<Report, Trouble> {
        let begun = Instant::now();
        let watch: &(dyn Fn(Event) + Sync) = &foreign::told(watch);
        let stage = self.grader.stage(self.exercise, self.source, watch, &self.desk);
        let mut checks = self.reports;
        if let Some(timed) = self.timed {
            let report = Grading::of_parts(stage, self.grader.jobs).timed(timed, &checks)?;
            checks.push(report);
        }
        if processes::interrupted() {
            return Err(Trouble::Interrupted);
        }
        checks.sort_by_key(|report| report.check);
        let report = Report {
            format_version: FORMAT_VERSION,
            exercise: self.exercise.folder.clone(),
            section: self.exercise.config.section.clone(),
            title: self.exercise.config.title.clone(),
            submission: Submission { origin: self.source.origin, path: self.grader.workspace.shown(&self.source.name) },
            confinement: self.grader.confinement.tier,
            verdict: Verdict::of(&checks),
            complete: self.wanted == self.exercise.checks(),
            score: checks.iter().map(|report| report.score).sum(),
            checks,
            millis: (self.took + begun.elapsed()).as_millis() as u64,
        };
        foreign::shown(&report)
    }
}
