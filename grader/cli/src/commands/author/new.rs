//! `author new`: the folders of a new exercise, which verifies almost at once: what is left is to fill it.

use crate::args::New;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author::skeleton::skeleton;
use engine::trouble::Trouble;
use std::fs;

pub(crate) fn run(arguments: &New, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let files = skeleton(&desk.workspace.root, &arguments.name)?;
    let mut text = String::new();
    for (path, contents) in &files {
        let whole = desk.workspace.root.join(path);
        let written = whole.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&whole, contents));
        written.map_err(|error| Trouble::Ours(format!("cannot write {}: {error}", whole.display())))?;
        text.push_str(&format!("  {}\n", path.display()));
    }
    let name = &arguments.name;
    screen.print(&format!(
        "{text}\nread grader/AUTHORING.md, fill these, add a row to curriculum.md that links exercises/{name}, then\n  \
         cargo grader author verify {name}\n"
    ));
    Ok(ExitCode::Success)
}
