//! `grader`: grades the exercises of this workspace.

mod args;
mod bundle;
mod commands;
mod editor;
mod exit_code;
mod live;
mod render;
mod screen;
mod streams;
mod watch;

use args::{Arguments, Command};
use clap::{CommandFactory, FromArgMatches};
use engine::run::processes;
use engine::trouble::Trouble;
use exit_code::ExitCode;
use screen::{Screen, through_cargo};

fn main() -> std::process::ExitCode {
    // The processes of a grading are started by this program once more.
    engine::run::confine::launcher::run_if_asked();
    let mut command = Arguments::command();
    if !through_cargo() {
        command = command.bin_name("grader");
    }
    let arguments = Arguments::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit());
    let screen = Screen::of_this_process(arguments.color);
    stop_cleanly_on_interrupt(&screen);
    let outcome = run(arguments.command, &screen);
    let code = outcome.unwrap_or_else(|trouble| {
        let code = ExitCode::of(&trouble);
        if processes::interrupted() {
            // What failed, failed because everything was stopped.
            processes::see_everything_end();
            screen.complain("interrupted; nothing was recorded and nothing is left running");
            return ExitCode::Interrupted;
        }
        match trouble {
            Trouble::Ours(_) => screen.complain(&format!("{trouble}\nthis does not count as an attempt")),
            _ => screen.complain(&trouble.to_string()),
        }
        code
    });
    if let Some(complaint) = streams::failure() {
        screen.complain(&complaint);
        return ExitCode::Ours.into();
    }
    code.into()
}

fn run(command: Option<Command>, screen: &Screen) -> Result<ExitCode, Trouble> {
    match command {
        None => commands::overview::run(screen),
        Some(Command::Watch(arguments)) => watch::run(&arguments, screen),
        Some(Command::List(arguments)) => commands::list::run(&arguments, screen),
        Some(Command::Check(arguments)) => commands::check::run(&arguments, screen),
        Some(Command::Replay(arguments)) => commands::replay::run(&arguments, screen),
        Some(Command::Hint(arguments)) => commands::hint::run(&arguments, screen),
        Some(Command::Solution(arguments)) => commands::solution::run(&arguments, screen),
        Some(Command::Report(arguments)) => commands::report::run(&arguments, screen),
        Some(Command::Reset(arguments)) => commands::reset::run(&arguments, screen),
        Some(Command::Init(arguments)) => commands::init::run(&arguments, screen),
        Some(Command::Doctor) => commands::doctor::run(screen),
        Some(Command::Author(arguments)) => commands::author::run(arguments.command, screen),
    }
}

/// The first interrupt ends every process that was started; the command then ends by itself, with a line that says so.
fn stop_cleanly_on_interrupt(screen: &Screen) {
    let installed = ctrlc::set_handler(processes::stop_everything);
    if let Err(error) = installed {
        screen.complain(&format!("Ctrl-C will not be handled cleanly: {error}"));
    }
}
