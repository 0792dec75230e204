//! `watch` without a terminal: a grading and its report, as plain text, after every save.

use super::Message;
use super::files::{self, Files};
use super::grading::Grading;
use crate::commands::{Desk, check};
use crate::exit_code::ExitCode;
use crate::render::terminal::{self, Look};
use crate::screen::Screen;
use crate::streams;
use engine::run::processes;
use engine::trouble::Trouble;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use verdict::Event;

/// How long a pause there is between looks at whether we were told to end.
const TICK: Duration = Duration::from_millis(50);

pub(crate) fn run(desk: &Desk, folder: &str, screen: &Screen) -> Result<ExitCode, Trouble> {
    let exercise = desk.exercise(folder)?;
    let (to, from) = mpsc::channel();
    let mut files = Files::watch(&exercise.starter, desk.settings.poll, &to);
    let file = desk.workspace.shown(&exercise.starter.join("src/lib.rs"));
    let clock = || chrono::Local::now().format("%H:%M:%S").to_string();
    let polls = if files.polls() { ", looking for changes every ¼ s" } else { "" };
    screen.print(&format!("{} watching {file}{polls}; Ctrl-C ends\n", clock()));
    let (mut number, mut graded, mut grading) = (0, None, None::<Grading>);
    let mut touched = true;
    loop {
        let now = if touched { files::fingerprint(&exercise.starter) } else { graded.unwrap_or_default() };
        if std::mem::take(&mut touched) && graded != Some(now) {
            if let Some(grading) = grading.take() {
                screen.print(&format!("{} saved again: the grading is begun anew\n", clock()));
                grading.cancel();
            }
            (number, graded) = (number + 1, Some(now));
            screen.print(&format!("{} grading {file}\n", clock()));
            grading = Some(Grading::start(&desk.workspace.root, folder, number, &to)?);
        }
        match from.recv_timeout(TICK) {
            Ok(Message::Step(of, event)) if of == number => match *event {
                Event::Preparing { what } => screen.print(&format!("{} {what}\n", clock())),
                Event::Report(_) if files::fingerprint(&exercise.starter) != now => touched = true,
                Event::Report(report) => {
                    let look = Look { width: screen.width, colour: screen.colour, verbose: false };
                    let source = engine::submission::Source::learner(&exercise)?;
                    screen.print(&format!("\n{}", terminal::render(&report, look)));
                    screen.print(&format!("{}\n", check::advice(&report, &exercise, &source)));
                }
                _ => {}
            },
            Ok(Message::Closed(of, words)) if of == number => {
                let code = grading.take().and_then(Grading::wait);
                if !matches!(code, Some(0 | 1 | 3 | 4)) && !processes::interrupted() {
                    screen.complain(words.trim().trim_start_matches("error: "));
                }
            }
            Ok(Message::Touched) => {
                files.told();
                touched = true;
            }
            Ok(_) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(ExitCode::Ours),
        }
        touched |= files.look();
        if streams::are_useless() {
            // Nobody would hear of any further grading.
            grading.into_iter().for_each(Grading::cancel);
            return Ok(ExitCode::Success);
        }
        if processes::interrupted() {
            return Ok(ExitCode::Interrupted);
        }
    }
}
