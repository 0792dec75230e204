//! `solution`: the reference and its notes, after acceptance, or for those who give up.

use super::Desk;
use crate::args::Solution;
use crate::exit_code::ExitCode;
use crate::render::prose;
use crate::screen::Screen;
use engine::submission::Source;
use engine::trouble::Trouble;
use verdict::Attempt;

pub(crate) fn run(arguments: &Solution, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercise = desk.exercise(&arguments.exercise)?;
    let progress = desk.progress(&exercise.folder);
    if !progress.accepted && !progress.gave_up && !arguments.give_up {
        return Err(Trouble::Usage(format!(
            "{} is not accepted yet. A hint: `cargo grader hint {}`. To see the solution all the same: \
             `cargo grader solution {} --give-up` (it is recorded)",
            exercise.folder, exercise.slug, exercise.slug
        )));
    }
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Trouble::Usage(format!("cannot read {}: {error}", path.display())))
    };
    let reference = Source::reference(&exercise)?;
    let (notes, source) = (read(&exercise.notes())?, read(&reference.root)?);
    let place = |path: &std::path::Path| desk.workspace.shown(path);
    screen.print(&format!(
        "{}\n\n── the reference: {} ──\n\n{source}\n── the notes above: {} ──\n",
        prose::fill(&notes, screen.width).trim_end(),
        place(&reference.root),
        place(&exercise.notes()),
    ));
    if !progress.accepted && !progress.gave_up {
        desk.record(screen, &exercise.folder, Attempt::GaveUp);
    }
    Ok(ExitCode::Success)
}
