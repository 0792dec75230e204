//! Without a command: where you are, what is next, what to type.

use super::Desk;
use super::list::sign;
use crate::args::Watch;
use crate::exit_code::ExitCode;
use crate::screen::{Screen, paint};
use crate::watch;
use anstyle::Style;
use engine::exercise::catalog::Exercise;
use engine::exercise::curriculum;
use engine::trouble::Trouble;
use std::fmt::Write;
use std::io::BufRead;

pub(crate) fn run(screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let bold = |text: &str| if screen.colour { paint(Style::new().bold(), text) } else { text.to_owned() };
    let sections = curriculum::sections(&desk.workspace)?;
    let mut text = String::new();
    for section in sections.iter().filter(|section| section.folder.is_some()) {
        let Some(folder) = section.folder.as_deref().filter(|folder| desk.folders.iter().any(|each| each == folder))
        else {
            continue;
        };
        let progress = desk.progress(folder);
        let (mark, word, style) = sign(progress.state());
        let mark = if screen.colour { paint(style, mark) } else { mark.to_owned() };
        let points = if progress.attempts > 0 { format!("{} points", progress.best.points) } else { String::new() };
        let _ = writeln!(
            text,
            "{}",
            format!("  {mark} {:<4} {:<28} {word:<9} {points}", section.number, folder).trim_end()
        );
    }
    let coming = sections.iter().filter(|section| section.folder.is_none()).count();
    if coming > 0 {
        let _ = writeln!(text, "    … and {coming} more to come (curriculum.md)");
    }
    text.push('\n');
    match desk.next() {
        Some(folder) => {
            let exercise = Exercise::read(&desk.workspace, folder)?;
            let minutes = exercise.config.minutes;
            let _ = writeln!(
                text,
                "next: {} ({minutes} minutes)",
                bold(&format!("{} · {}", exercise.config.section, exercise.config.title))
            );
            let _ = writeln!(text, "  read  {}", desk.workspace.shown(&exercise.brief()));
            let _ = writeln!(text, "  edit  {}", desk.workspace.shown(&exercise.starter.join("src/lib.rs")));
            let _ = writeln!(text, "  type  {}", bold(&format!("cargo grader check {}", exercise.slug)));
            let _ = writeln!(text, "  stuck cargo grader hint {}", exercise.slug);
        }
        None => {
            let _ = writeln!(
                text,
                "every exercise is accepted. `cargo grader solution EXERCISE` has the follow-up questions."
            );
        }
    }
    screen.print(&text);
    if desk.next().is_some() && screen.answers() && wants_to_watch(screen) {
        return watch::run(&Watch { exercise: None }, screen);
    }
    Ok(ExitCode::Success)
}

/// Asks whether to go on with the next exercise at once.
fn wants_to_watch(screen: &Screen) -> bool {
    screen.print("\nwatch it now: every save is graded? [Y/n] ");
    let mut answer = String::new();
    let heard = std::io::stdin().lock().read_line(&mut answer).unwrap_or(0);
    let yes = heard > 0 && matches!(answer.trim(), "" | "y" | "Y" | "yes" | "watch");
    if !yes {
        screen.print("`cargo grader watch` does so later\n");
    }
    yes
}
