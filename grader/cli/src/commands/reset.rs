//! `reset`: puts the starter back. The only command that writes a learner's file, and it keeps a copy first.

use super::Desk;
use crate::args::Reset;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::exercise::catalog::Exercise;
use engine::exercise::starter;
use engine::trouble::Trouble;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use verdict::Attempt;

pub(crate) fn run(arguments: &Reset, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercise = desk.exercise(&arguments.exercise)?;
    let file = exercise.starter.join("src/lib.rs");
    if is_starter(&exercise)? {
        screen.print(&format!("{} is the starter already\n", desk.workspace.shown(&file)));
        return Ok(ExitCode::Success);
    }
    if !arguments.yes && file.exists() && !confirmed(&desk.workspace.shown(&file), screen)? {
        screen.print("nothing was changed\n");
        return Ok(ExitCode::Success);
    }
    screen.print(&put_back(&desk, &exercise)?);
    desk.record(screen, &exercise.folder, Attempt::Reset);
    Ok(ExitCode::Success)
}

pub(crate) fn is_starter(exercise: &Exercise) -> Result<bool, Trouble> {
    let wanted = starter::text(exercise)?;
    Ok(fs::read(exercise.starter.join("src/lib.rs")).is_ok_and(|own| own == wanted.as_bytes()))
}

/// Puts the starter back, after the learner's file was copied. Returns what was done, in words.
pub(crate) fn put_back(desk: &Desk, exercise: &Exercise) -> Result<String, Trouble> {
    let wanted = starter::text(exercise)?.into_bytes();
    let file = exercise.starter.join("src/lib.rs");
    let shown = desk.workspace.shown(&file);
    let mut words = String::new();
    match fs::read(&file) {
        Ok(own) if own == wanted => return Ok(format!("{shown} is the starter already\n")),
        Ok(own) => {
            let backup = keep(&desk.workspace.state.join("backups").join(&exercise.folder), &own).map_err(|error| {
                Trouble::Ours(format!("cannot keep a copy of {shown}: {error}; nothing was changed"))
            })?;
            words.push_str(&format!("your file is kept as {}\n", desk.workspace.shown(&backup)));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Trouble::Usage(format!("cannot read {shown}: {error}; nothing was changed"))),
    }
    replace(&file, &wanted).map_err(|error| {
        Trouble::Ours(format!("cannot put the starter back into {shown}: {error}; your file is as it was"))
    })?;
    words.push_str(&format!("{shown} is the starter again\n"));
    Ok(words)
}

fn confirmed(shown: &str, screen: &Screen) -> Result<bool, Trouble> {
    if !io::stdin().is_terminal() {
        return Err(Trouble::Usage(format!("this would replace {shown}; say --yes to do it without being asked")));
    }
    screen.print(&format!("Replace {shown} by the starter? Your file is kept as a backup. [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Trouble::Usage(format!("no answer: {error}")))?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes a copy under today's date and time, never over another one.
fn keep(folder: &Path, own: &[u8]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let stamp = chrono::Utc::now().format("%Y-%m-%dT%H-%M-%SZ").to_string();
    for attempt in 0.. {
        let suffix = if attempt == 0 { String::new() } else { format!("-{attempt}") };
        let path = folder.join(format!("{stamp}{suffix}.rs"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(own)?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("some number is free")
}

/// Whole or not at all: writes beside the file and renames.
fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = file.with_extension(format!("rs.{}", std::process::id()));
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
