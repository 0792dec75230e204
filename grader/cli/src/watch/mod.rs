//! `watch`: grades an exercise whenever it is saved, and shows what came of it.
//!
//! Each grading is a process of its own ([`grading`]), so that nothing that a submission does can keep the keys from working;
//! a save ends the one that runs and begins another. Saves ([`files`]) and the steps of the grading
//! arrive as messages on one channel, keys at the terminal ([`app`]). [`model`] is what is known, [`view`] how it looks, [`pages`] the texts.

mod app;
mod files;
mod grading;
mod log;
mod model;
mod pages;
mod terminal;
mod view;

use crate::args::Watch;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::trouble::Trouble;
use std::io::IsTerminal;

/// What arrives.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something below the exercise's folder may have changed.
    Touched,
    /// A step of the grading of this number.
    Step(u64, Box<verdict::Event>),
    /// The grading of this number has closed its output; what it said on the standard error.
    Closed(u64, String),
}

/// Watches one exercise after another.
///
/// # Errors
/// If there is no workspace, or the terminal cannot be used.
pub(crate) fn run(arguments: &Watch, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let folder = match &arguments.exercise {
        Some(name) => desk.exercise(name)?.folder,
        None => desk.next().or(desk.folders.first().map(String::as_str)).unwrap_or_default().to_owned(),
    };
    let (from, to) = (std::io::stdin().is_terminal(), std::io::stdout().is_terminal());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if from && to && !dumb { app::run(desk, &folder, screen) } else { log::run(&desk, &folder, screen) }
}
