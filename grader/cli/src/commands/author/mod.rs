//! `author`: for those who write exercises.

mod bench;
mod detect;
mod mutate;
mod new;
mod progress;
mod rebase;
mod soak;
mod variant;
mod verify;

use super::Desk;
use crate::args::AuthorCommand;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::exercise::catalog::Exercise;
use engine::trouble::Trouble;

pub(crate) fn run(command: AuthorCommand, screen: &Screen) -> Result<ExitCode, Trouble> {
    if Desk::open(screen)?.workspace.is_learners() {
        return Err(Trouble::Usage(
            "this workspace has exercises only; `author` works on their hidden tests and references, in a clone of this project".into(),
        ));
    }
    match command {
        AuthorCommand::Verify(arguments) => verify::run(&arguments, screen),
        AuthorCommand::Variant(arguments) => variant::run(&arguments, screen),
        AuthorCommand::Rebase(arguments) => rebase::run(&arguments, screen),
        AuthorCommand::New(arguments) => new::run(&arguments, screen),
        AuthorCommand::Soak(arguments) => soak::run(&arguments, screen),
        AuthorCommand::Detect(arguments) => detect::run(&arguments, screen),
        AuthorCommand::Mutate(arguments) => mutate::run(&arguments, screen),
        AuthorCommand::Bench(arguments) => bench::run(&arguments, screen),
    }
}

/// The exercises that were named; all if none was.
fn chosen(desk: &Desk, names: &[String]) -> Result<Vec<Exercise>, Trouble> {
    if names.is_empty() {
        return desk.folders.iter().map(|folder| Exercise::read(&desk.workspace, folder)).collect();
    }
    names.iter().map(|name| desk.exercise(name)).collect()
}
