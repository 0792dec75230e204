//! What failed in the last grading is tried again before anything else.
//!
//! To compile one hidden test takes a third of the time that it takes to compile all of them. So somebody who mends what failed hears
//! within half a second whether it is mended, while the others are still compiled; these hardly wait for it.

use crate::checks::decoys::Decoys;
use crate::checks::{behaviour, schedules};
use crate::compile::kit::{Kit, Mode};
use crate::compile::stage::Stage;
use crate::exercise::catalog::Exercise;
use crate::exercise::manifest::{Hidden, Module};
use crate::trouble::Trouble;
use std::path::Path;
use verdict::{Check, Event};

/// A fact or a scenario that failed last.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// Of which check: behaviour or schedules.
    pub(crate) check: Check,
    hidden: Hidden,
}

impl First {
    /// The first of these names that is a fact's, or else a scenario's.
    pub(crate) fn of(exercise: &Exercise, failed: &[String], wanted: &[Check]) -> Option<First> {
        if failed.is_empty() {
            return None;
        }
        let kinds = [Module::Behaviour, Module::Schedules, Module::Specification].into_iter();
        kinds.filter(|module| wanted.contains(&module.check())).find_map(|module| {
            let all = module.tests(&exercise.tests).ok()?;
            // What must run alone would not be.
            let hidden = all.into_iter().find(|each| failed.contains(&each.name) && !each.has("alone"))?;
            Some(First { check: module.check(), hidden })
        })
    }

    /// Compiles it with a submission and tells how it ends. A submission that it does not compile with is the business of others.
    ///
    /// # Errors
    /// If the compiler or a process could not be looked after.
    pub(crate) fn run(&self, stage: &Stage<'_>, kit: &Kit, mode: Mode, subject: &Path) -> Result<(), Trouble> {
        let modules: &[Module] = if mode == Mode::Explore { &Module::EXPLORED } else { &[Module::Behaviour] };
        let compiled = stage.hidden(kit, mode, modules, subject, Some(&self.hidden.name))?;
        if !compiled.success {
            return Ok(());
        }
        let tests = stage.ready(&compiled)?;
        let only = std::slice::from_ref(&self.hidden);
        let told = |event: Event| {
            if let Event::Item { check, name, outcome, finding } = event {
                (stage.watch)(Event::Again { check, name, outcome, finding });
            }
        };
        match self.check {
            Check::Schedules => {
                schedules::check(&tests, only, &stage.exercise.config.schedules, 0, 1, Decoys::None, &told)?
            }
            _ => behaviour::check(&tests, only, 0, 1, &[], Decoys::None, &told)?,
        };
        Ok(())
    }
}
