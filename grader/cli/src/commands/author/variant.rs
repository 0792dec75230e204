//! `author variant`: opens the whole source of a variant in an editor, and writes it back as a patch.

use crate::args::Variant;
use crate::commands::Desk;
use crate::editor;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author::editing::{Edited, MOST_CHANGED, Saved};
use engine::trouble::Trouble;
use std::fs;
use std::path::Path;

pub(crate) fn run(arguments: &Variant, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercise = desk.exercise(&arguments.exercise)?;
    let of = arguments.of.as_deref();
    let edited = match arguments.new {
        true => Edited::new(&desk.workspace, &exercise, &arguments.name, of)?,
        false => Edited::existing(&desk.workspace, &exercise, &arguments.name, of)?,
    };
    let text = match (&arguments.output, &arguments.input) {
        (Some(path), _) => {
            written(path, &edited.text)?;
            let new = if arguments.new { " --new" } else { "" };
            let of = of.map_or(String::new(), |of| format!(" --of {of}"));
            screen.print(&format!(
                "{} is written; take it back with\n  cargo grader author variant {} {}{new}{of} --input {}\n",
                path.display(),
                exercise.slug,
                arguments.name,
                path.display()
            ));
            return Ok(ExitCode::Success);
        }
        (None, Some(path)) => fs::read_to_string(path)
            .map_err(|error| Trouble::Usage(format!("cannot read {}: {error}", path.display())))?,
        (None, None) => match in_the_editor(&desk, &edited)? {
            Some(text) => text,
            None => {
                screen.print("nothing was changed\n");
                return Ok(ExitCode::Success);
            }
        },
    };
    let saved = edited.save(&desk.workspace, &text).map_err(|trouble| match (&arguments.input, trouble) {
        (None, Trouble::Usage(words)) => Trouble::Usage(format!(
            "{words} (what you wrote is in {}; --input takes it from there)",
            desk.workspace.shown(&edited.place(&desk.workspace))
        )),
        (_, trouble) => trouble,
    })?;
    let (path, words) = match &saved {
        Saved::Patch(path, changed) => (path, format!("{changed} changed lines")),
        Saved::File(path, changed) => {
            (path, format!("a whole file, since {changed} lines are changed, more than {MOST_CHANGED}"))
        }
    };
    let shown = desk.workspace.shown(path);
    screen.print(&format!("{shown}: {words}\nnext: cargo grader author verify {shown}\n"));
    Ok(ExitCode::Success)
}

/// The text as the editor leaves it; `None` if it is as it was.
fn in_the_editor(desk: &Desk, edited: &Edited) -> Result<Option<String>, Trouble> {
    let Some(editor) = editor::of(&desk.settings) else {
        return Err(Trouble::Usage(format!("{}; or use --output and --input", editor::NONE)));
    };
    let place = edited.place(&desk.workspace);
    written(&place, &edited.text)?;
    let status = editor::command(&editor, &place, &desk.workspace.root).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(Trouble::Usage(format!("the editor '{editor}' ended with {status}"))),
        Err(error) => return Err(Trouble::Usage(format!("cannot start the editor '{editor}': {error}"))),
    }
    let text = fs::read_to_string(&place)
        .map_err(|error| Trouble::Usage(format!("cannot read {}: {error}", place.display())))?;
    Ok(Some(text).filter(|text| *text != edited.text))
}

fn written(path: &Path, text: &str) -> Result<(), Trouble> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, text))
        .map_err(|error| Trouble::Usage(format!("cannot write {}: {error}", path.display())))
}
