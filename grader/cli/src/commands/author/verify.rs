//! `author verify`: checks the checks.

use super::chosen;
use crate::args::Verify;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author;
use engine::pipeline::Grader;
use engine::processes;
use engine::trouble::Trouble;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

pub(crate) fn run(arguments: &Verify, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercises = chosen(&desk, &arguments.exercises)?;
    let grader = Grader::new(desk.workspace.clone())?;
    let begun = Instant::now();
    let count = AtomicUsize::new(0);
    let done = |what: &str| {
        let count = count.fetch_add(1, Ordering::Relaxed) + 1;
        if screen.live {
            let line: String = format!("{count}: {what}").chars().take(screen.width - 1).collect();
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}");
        }
    };
    let results = author::verify(&grader, &exercises, &done);
    if screen.live {
        let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
    }
    let results = results?;
    let width = exercises.iter().map(|exercise| exercise.folder.len()).max().unwrap_or(0);
    let mut problems = 0;
    for (exercise, result) in exercises.iter().zip(&results) {
        let sign = if result.problems.is_empty() { "✓" } else { "✗" };
        screen.print(&format!(
            "{sign} {:<width$}  {:>2} hidden checks, {} accepted, {} rejected variants\n",
            exercise.folder, result.hidden, result.accepted, result.rejected
        ));
        for problem in &result.problems {
            screen.print(&format!("    ✗ {problem}\n"));
        }
        for unsettled in &result.unsettled {
            screen.print(&format!("    ? not settled: {unsettled}\n"));
        }
        problems += result.problems.len();
    }
    let footprint = processes::footprint();
    if footprint.processes > 0 {
        screen.print(&format!("✗ {} processes of gradings are still there\n", footprint.processes));
        problems += 1;
    }
    let unsettled: usize = results.iter().map(|result| result.unsettled.len()).sum();
    let gradings: usize = results.iter().map(|result| result.accepted + result.rejected + 1).sum();
    screen.print(&format!(
        "\n{} exercises, {gradings} gradings, {problems} problems, {unsettled} timings not settled, {:.0} s\nleft of \
         them: {footprint}\n",
        exercises.len(),
        begun.elapsed().as_secs_f64()
    ));
    Ok(if problems > 0 { ExitCode::Rejected } else { ExitCode::Success })
}
