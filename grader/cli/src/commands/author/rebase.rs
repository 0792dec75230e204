//! `author rebase`: carries variants over to a reference that has changed.

use super::chosen;
use crate::args::Rebase;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author::rebase::{Rebased, rebase};
use engine::trouble::Trouble;

pub(crate) fn run(arguments: &Rebase, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let mut left = 0;
    for exercise in chosen(&desk, &arguments.exercises)? {
        let results = rebase(&desk.workspace, &exercise, &arguments.from)?;
        let count = |wanted: &Rebased| results.iter().filter(|(_, result)| result == wanted).count();
        let (fit, carried) = (count(&Rebased::Fits), count(&Rebased::Carried));
        let by_hand = results.len() - fit - carried;
        screen.print(&format!(
            "{}: {} patches, {fit} fit as they are, {carried} carried over, {by_hand} to do by hand\n",
            exercise.folder,
            results.len()
        ));
        for (variant, result) in &results {
            if let Rebased::ByHand(why) = result {
                screen.print(&format!("  ✗ {}: {}\n", desk.workspace.shown(&variant.path), why.trim_end()));
            }
        }
        if carried > 0 {
            screen.print(&format!("next: cargo grader author verify {}\n", exercise.slug));
        }
        left += by_hand;
    }
    if left > 0 {
        screen.print("by hand: mend the diff, or begin anew with `cargo grader author variant EXERCISE NAME --new`\n");
    }
    Ok(if left > 0 { ExitCode::Rejected } else { ExitCode::Success })
}
