//! The checks, one module each: a submission goes in, a [`verdict::CheckReport`] comes out. No check knows of another.
//!
//! `interleavings` and `sign_test` are parts of `schedules` and `timing`; `decoys` belongs to `behaviour` and `schedules`.

pub mod behaviour;
pub mod build;
pub mod compile_fail;
pub mod decoys;
mod interleavings;
pub mod schedules;
pub mod sign_test;
pub mod source_rules;
pub mod timing;
pub mod transcript;

use crate::exercise::catalog::Exercise;
use crate::trouble::Trouble;
use std::path::Path;
use verdict::Check;

/// A check that an exercise has in its `checks.toml` has something to try: with nothing to fail, everything would pass.
/// `place` is where its hidden tests should be.
pub(crate) fn insist_on_items(exercise: &Exercise, check: Check, items: usize, place: &Path) -> Result<(), Trouble> {
    if items > 0 || !exercise.checks().contains(&check) {
        return Ok(());
    }
    let what = match check {
        Check::Behaviour => "facts",
        Check::Schedules => "scenarios",
        Check::Transcript => "transcripts",
        Check::Timing => "workloads",
        Check::CompileFail => "cases",
        Check::Build | Check::SourceRules => return Ok(()),
    };
    Err(Trouble::Ours(format!(
        "{} holds no {what}, but {} gives {} points for {check}: with nothing to try everything would pass, so nothing was graded; put \
         back what was there, or take the check out of checks.toml",
        place.display(),
        exercise.tests.join("checks.toml").display(),
        exercise.points(check)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::workspace::Workspace;

    #[test]
    fn a_check_with_nothing_to_try_is_our_trouble_and_names_the_file_even_if_it_gives_no_points() {
        let workspace = Workspace::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
        let mut exercise = Exercise::read(&workspace, "22_gather").unwrap();
        let checks = [Check::Behaviour, Check::Schedules, Check::Transcript, Check::Timing, Check::CompileFail];
        exercise.config.points = checks.map(|check| (check, 0)).into();
        let place = exercise.tests.join("some.rs");
        for check in checks {
            let Err(Trouble::Ours(text)) = insist_on_items(&exercise, check, 0, &place) else {
                panic!("{check} is let through")
            };
            assert!(text.contains("22_gather/some.rs holds no ") && text.contains("22_gather/checks.toml"), "{text}");
            assert_eq!(text.lines().count(), 1);
            assert!(insist_on_items(&exercise, check, 1, &place).is_ok());
        }
        // What nobody asks for need not be there.
        exercise.config.points.clear();
        assert!(insist_on_items(&exercise, Check::Schedules, 0, &place).is_ok());
    }
}
