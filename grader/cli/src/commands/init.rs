//! `init`: lays out a learner's workspace, or brings one up to date.

use crate::args::Init;
use crate::bundle;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::setup::layout::{self, LaidOut};
use engine::trouble::Trouble;

/// So many names are listed; of more, the number is told.
const NAMES: usize = 8;

pub(crate) fn run(arguments: &Init, screen: &Screen) -> Result<ExitCode, Trouble> {
    let folder = &arguments.folder;
    let LaidOut { written, updated, kept } = layout::lay_out(&bundle::library()?, folder)?;
    let is_new = written.iter().any(|name| name == engine::home::workspace::SETTINGS);
    let mut text = String::new();
    if is_new {
        let exercises = written.iter().filter(|name| name.ends_with("src/lib.rs")).count();
        text.push_str(&format!("{}: {exercises} exercises, curriculum.md, settings\n\n", folder.display()));
        if folder != std::path::Path::new(".") {
            text.push_str(&format!("next: cd {}\n", folder.display()));
        }
        text.push_str("next: cargo grader watch   (the next exercise; grades it whenever you save)\n");
        text.push_str("then: cargo grader doctor  (whether this machine has what is needed)\n");
    } else if written.is_empty() && updated.is_empty() && kept.is_empty() {
        text.push_str(&format!("{} is up to date\n", folder.display()));
    } else {
        list(&mut text, "new", &written);
        list(&mut text, "brought up to date", &updated);
        list(&mut text, "changed by you, and left as they are although there is something newer", &kept);
    }
    screen.print(&text);
    Ok(ExitCode::Success)
}

fn list(text: &mut String, what: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    text.push_str(&format!("{what}:\n"));
    for name in names.iter().take(NAMES) {
        text.push_str(&format!("  {name}\n"));
    }
    if names.len() > NAMES {
        text.push_str(&format!("  … and {} more\n", names.len() - NAMES));
    }
}
