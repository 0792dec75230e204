//! `replay`: a failing schedule once more, with every step.
//!
//! If the file is as it was, the schedule is run again. If it has been edited, the recording is shown as it was made, and what the same
//! schedule does to the code as it is now.

use super::Desk;
use crate::args::Replay;
use crate::exit_code::ExitCode;
use crate::live::Live;
use crate::render::terminal::{self, Look};
use crate::screen::Screen;
use engine::grading::Grader;
use engine::grading::replays;
use engine::submission::Source;
use engine::trouble::Trouble;
use verdict::Finding;

pub(crate) fn run(arguments: &Replay, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercise = desk.exercise(&arguments.exercise)?;
    let slug = &exercise.slug;
    let Some(kept) = replays::kept(&desk.workspace, &exercise)? else {
        screen.print(&format!(
            "No schedule is known that breaks your {slug}.\nnext: cargo grader check {slug}   (looks for one)\n"
        ));
        return Ok(ExitCode::Success);
    };
    let wanted = arguments.scenario.as_deref().unwrap_or("");
    let chosen: Vec<&Finding> = kept.findings.iter().filter(|each| each.subject.starts_with(wanted)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = kept.findings.iter().map(|each| each.subject.as_str()).collect();
        return Err(Trouble::Usage(format!(
            "no failing scenario begins with '{wanted}'; those that failed: {}",
            names.join(", ")
        )));
    }
    let source = Source::learner(&exercise)?;
    let edited = std::fs::read_to_string(&source.root).ok().as_ref() != Some(&kept.text);
    let grader = Grader::new(desk.workspace.clone())?;
    let look = Look { width: screen.width, colour: screen.colour, verbose: true };
    let mut still = false;
    for finding in chosen {
        let Some(interleaving) = &finding.interleaving else { continue };
        let live = Live::new(screen, slug);
        let watch = |event| live.watch(event);
        let again = grader.replay(&exercise, &source, &finding.subject, &interleaving.schedule, &watch);
        drop(live);
        match again {
            Ok(Some(again)) if !edited => {
                screen.print(&terminal::replay(&again, look));
                still = true;
            }
            Ok(again) => {
                screen.print(&terminal::replay(finding, look));
                screen.print(&now(again.as_ref(), edited, slug));
                still |= again.is_some();
            }
            Err(trouble @ Trouble::Usage(_)) => {
                screen.print(&terminal::replay(finding, look));
                screen.print(&format!("{trouble}\n"));
                still = true;
            }
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(if still { ExitCode::Rejected } else { ExitCode::Success })
}

/// What the schedule does to the code as it is now.
fn now(again: Option<&Finding>, edited: bool, slug: &str) -> String {
    let before = if edited { "Your file has changed since. " } else { "" };
    match again {
        None => format!(
            "{before}Along the same schedule it now comes out well.\nnext: cargo grader check {slug}   (tries the others)\n"
        ),
        Some(again) => format!(
            "{before}Along the same schedule it still fails: {}.\nnext: cargo grader check {slug}\n",
            again.kind.words()
        ),
    }
}
