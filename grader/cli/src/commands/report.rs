//! `report`: the learner's progress as a page.

use super::Desk;
use super::list;
use crate::args::ProgressReport;
use crate::exit_code::ExitCode;
use crate::render::html::{self, Chapter};
use crate::screen::{Screen, as_typed};
use crate::streams;
use engine::exercise::catalog::Exercise;
use engine::exercise::curriculum;
use engine::grading::replays;
use engine::trouble::Trouble;

pub(crate) fn run(arguments: &ProgressReport, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let mut chapters = Vec::new();
    for row in list::rows(&desk)? {
        let exercise = Exercise::read(&desk.workspace, &row.exercise)?;
        // A damaged recording costs its picture, not the page.
        let kept = replays::kept(&desk.workspace, &exercise).unwrap_or_else(|trouble| {
            screen.remark(&format!("note: {trouble}"));
            None
        });
        let progress = desk.progress(&row.exercise);
        let own = desk.past.entries.iter().filter(|entry| entry.exercise == row.exercise);
        let (failing, source) = kept.map(|kept| (kept.findings, kept.text)).unwrap_or_default();
        chapters.push(Chapter {
            section: exercise.config.section.clone(),
            title: exercise.config.title.clone(),
            state: progress.state(),
            points: (progress.best.points, exercise.config.points.values().sum()),
            attempts: progress.attempts,
            seconds: desk.past.time_spent(&row.exercise).as_secs(),
            ratio: progress.ratio,
            hints: progress.hints,
            entries: own.cloned().collect(),
            folder: row.exercise,
            failing,
            source,
        });
    }
    let today = chrono::Local::now().format("%Y-%m-%d").to_string();
    let page = html::render(&chapters, &curriculum::sections(&desk.workspace)?, &today);
    if streams::save("the page", &arguments.output, &as_typed(&page))? {
        screen.print(&format!("wrote {}; open it in a browser\n", arguments.output.display()));
    }
    Ok(ExitCode::Success)
}
