//! What is built once and run again: a replay, an exploration at length, a soak, the detection of what is wrong.

use crate::checks::schedules;
use crate::compile::stage::Explored;
use crate::exercise::catalog::Exercise;
use crate::exercise::config;
use crate::exercise::manifest::Module;
use crate::foreign;
use crate::grading::Grader;
use crate::grading::pipeline::Grading;
use crate::submission::Source;
use crate::trouble::Trouble;
use std::time::Duration;
use verdict::{Check, CheckReport, Event, Finding, Outcome};

/// No exploration at length takes longer for one scenario.
const LONGEST_EXPLORATION: Duration = Duration::from_secs(3600);

/// In one of so many rounds schedules are explored: they are the same ones each time, and only the machine can make a difference.
const EXPLORED_EVERY: usize = 10;

/// How a wrong submission was found out.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The first run of the facts in which one failed.
    pub run: Option<usize>,
    /// What exploring showed.
    pub schedules: CheckReport,
}

impl Grader {
    /// Runs one scenario along one schedule. What it shows, or nothing if it comes out well.
    ///
    /// # Errors
    /// Our troubles only, and a submission that does not compile.
    pub fn replay(
        &self,
        exercise: &Exercise,
        source: &Source,
        scenario: &str,
        schedule: &str,
        watch: &(dyn Fn(Event) + Sync),
    ) -> Result<Option<Finding>, Trouble> {
        let watch: &(dyn Fn(Event) + Sync) = &foreign::told(watch);
        let desk = self.desk(exercise, source)?;
        let stage = self.stage(exercise, source, watch, &desk);
        let Explored::Ready(tests) = stage.explored()? else {
            return Err(Trouble::Usage(format!(
                "{} does not compile as it is now; `cargo grader check {}` says why",
                self.workspace.shown(&source.root),
                exercise.slug
            )));
        };
        let scenarios = Module::tests_of(&Module::EXPLORED, &exercise.tests)?;
        let scenario = scenarios.iter().find(|each| each.name == scenario).ok_or_else(|| {
            Trouble::Usage(format!("{} has no scenario '{scenario}' any more; grade it again", exercise.folder))
        })?;
        schedules::replay(&tests, scenario, schedule)?.as_ref().map(foreign::shown).transpose()
    }

    /// How a wrong submission is found out: by running its facts up to `times` times on real threads, and by exploring
    /// its schedules once.
    ///
    /// # Errors
    /// Our troubles only; also if the submission does not compile.
    pub fn detect(&self, exercise: &Exercise, source: &Source, times: usize) -> Result<Detection, Trouble> {
        let desk = self.desk(exercise, source)?;
        let stage = self.stage(exercise, source, &|_| {}, &desk);
        let grading = Grading::of_parts(stage, self.jobs);
        let tests = stage.judged()?;
        let mut run = None;
        for number in 1..=times {
            if grading.behaviour(&tests)?.outcome == Outcome::Failed {
                run = Some(number);
                break;
            }
        }
        let schedules = match stage.explored()? {
            Explored::Ready(tests) => grading.scenarios(&tests, &exercise.config.schedules)?,
            Explored::Refused(compiled, _) => {
                schedules::unexplorable(0, &compiled, source, &self.workspace.shown(&source.root), 0)
            }
        };
        Ok(Detection { run, schedules: foreign::shown(&schedules)? })
    }

    /// Explores a submission with the random schedules of so many gradings, one after another from the same seeds.
    ///
    /// # Errors
    /// Our troubles only; also if the submission cannot be explored.
    pub fn explore_at_length(
        &self,
        exercise: &Exercise,
        source: &Source,
        gradings: usize,
        watch: &(dyn Fn(Event) + Sync),
    ) -> Result<CheckReport, Trouble> {
        let watch: &(dyn Fn(Event) + Sync) = &foreign::told(watch);
        let desk = self.desk(exercise, source)?;
        let stage = self.stage(exercise, source, watch, &desk);
        let mut tests = match stage.explored()? {
            Explored::Ready(tests) => tests,
            Explored::Refused(compiled, _) => {
                stage.insist(&compiled)?;
                return Err(Trouble::Ours("it cannot be explored".into()));
            }
        };
        tests.time = LONGEST_EXPLORATION;
        let grading = Grading::of_parts(stage, self.jobs);
        let of_one = exercise.config.schedules.all.schedules.unwrap_or(config::SCHEDULES);
        let schedules = u32::try_from(gradings).ok().and_then(|gradings| gradings.checked_mul(of_one));
        let all = config::Budget { schedules: Some(schedules.unwrap_or(u32::MAX)), steps: Some(u64::MAX) };
        foreign::shown(&grading.scenarios(&tests, &config::Schedules { all, ..config::Schedules::default() })?)
    }

    /// Compiles a submission once and then runs everything that runs (behaviour, transcript, timing) again and again, as
    /// fresh processes each time, and schedules in every tenth round. What it compiles to does not change between gradings, what
    /// its threads do can.
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
        let desk = self.desk(exercise, source)?;
        let stage = self.stage(exercise, source, &|_| {}, &desk);
        let grading = Grading::of_parts(stage, self.jobs);
        let tests = stage.judged()?;
        let timed = if timing { stage.timed(None)?.ok() } else { None };
        let explored = match exercise.checks().contains(&Check::Schedules).then(|| stage.explored()).transpose()? {
            Some(Explored::Refused(compiled, _)) => return stage.insist(&compiled),
            Some(Explored::Ready(tests)) => Some(tests),
            None => None,
        };
        for round in 0..times {
            let mut reports = vec![grading.behaviour(&tests)?, grading.transcript(&tests)?];
            if let Some(explored) = explored.as_ref().filter(|_| round % EXPLORED_EVERY == 0) {
                reports.push(grading.scenarios(explored, &exercise.config.schedules)?);
            }
            if let Some(timed) = &timed {
                reports.push(grading.time(timed)?);
            }
            each(foreign::shown(&reports)?);
        }
        Ok(())
    }
}
