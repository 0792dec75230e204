//! `hint`: the next of three.

use super::Desk;
use crate::args::Hint;
use crate::exit_code::ExitCode;
use crate::render::prose;
use crate::screen::Screen;
use engine::exercise::catalog::Exercise;
use engine::exercise::notes;
use engine::trouble::Trouble;
use verdict::Attempt;

/// The number of the next hint of an exercise of which so many have been read, if there is one.
pub(crate) fn next(exercise: &Exercise, read: usize) -> Result<Option<usize>, Trouble> {
    let path = exercise.notes();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Trouble::Usage(format!("cannot read the hints in {}: {error}", path.display())))?;
    Ok(Some(read + 1).filter(|number| *number <= notes::hints(&text).len()))
}

pub(crate) fn run(arguments: &Hint, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercise = desk.exercise(&arguments.exercise)?;
    let path = exercise.notes();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Trouble::Usage(format!("cannot read the hints in {}: {error}", path.display())))?;
    let hints = notes::hints(&text);
    if hints.is_empty() {
        return Err(Trouble::Usage(format!("{} has no hints", path.display())));
    }
    let read = desk.progress(&exercise.folder).hints.min(hints.len());
    let shown = if arguments.all { 0..hints.len() } else { read.min(hints.len() - 1)..(read + 1).min(hints.len()) };
    let mut page = String::new();
    for number in shown.clone() {
        let hint = prose::fill(hints[number], screen.width);
        page.push_str(&format!("Hint {} of {}\n\n{hint}\n", number + 1, hints.len()));
    }
    let slug = &exercise.slug;
    page.push_str(&match hints.len() - shown.end {
        0 if read == hints.len() => {
            format!("that was the last hint; `cargo grader hint {slug} --all` shows all of them again\n")
        }
        0 => format!("that is the last one; after it there is `cargo grader solution {slug} --give-up`\n"),
        _ => format!("another: cargo grader hint {slug}\n"),
    });
    screen.print(&page);
    if shown.end > read {
        desk.record(screen, &exercise.folder, Attempt::Hint { number: shown.end });
    }
    Ok(ExitCode::Success)
}
