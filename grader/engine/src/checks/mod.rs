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

use crate::exercise::manifest::Hidden;
use crate::trouble::Trouble;
use verdict::Check;

/// A check that gives points has something to try: with nothing to fail, everything would pass.
pub(crate) fn insist_on_items(check: Check, items: &[Hidden], points: u32) -> Result<(), Trouble> {
    if items.is_empty() && points > 0 {
        return Err(Trouble::Ours(format!(
            "no hidden tests were found for the check {check}, which gives {points} points: this is a fault of the exercise's \
             files below tests/, not of the submission"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_with_points_and_nothing_to_try_is_our_trouble() {
        assert!(
            matches!(insist_on_items(Check::Schedules, &[], 20), Err(Trouble::Ours(text)) if text.contains("schedules"))
        );
        assert!(insist_on_items(Check::Schedules, &[], 0).is_ok());
    }
}
