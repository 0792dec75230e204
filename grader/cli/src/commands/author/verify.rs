//! `author verify`: checks the checks.

use super::progress::Progress;
use crate::args::Verify;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author::choice;
use engine::author::verify::{Asked, verify};
use engine::exercise::catalog::Exercise;
use engine::grading::Grader;
use engine::run::{effort, processes};
use engine::trouble::Trouble;
use std::time::Instant;

/// So many of the longest gradings are named after all have been verified.
const LONGEST: usize = 12;

pub(crate) fn run(arguments: &Verify, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let asked = asked(arguments, &desk, screen)?;
    if asked.is_empty() {
        screen.print("nothing differs that could be verified\n");
        return Ok(ExitCode::Success);
    }
    let grader = Grader::new(desk.workspace.clone())?;
    let begun = Instant::now();
    let progress = Progress::new(screen);
    let results = verify(&grader, &asked, &|step| progress.told(step.done, step.of, &step.what));
    drop(progress);
    let results = results?;
    let width = asked.iter().map(|each| each.exercise.folder.len()).max().unwrap_or(0);
    let mut problems = 0;
    for (each, result) in asked.iter().zip(&results) {
        let sign = if result.problems.is_empty() { "✓" } else { "✗" };
        let hidden = match each.variants {
            None => format!("{:>2} hidden checks, ", result.hidden),
            Some(_) => String::new(),
        };
        screen.print(&format!(
            "{sign} {:<width$}  {hidden}{} accepted, {} rejected variants\n",
            each.exercise.folder, result.accepted, result.rejected
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
    let starters = asked.iter().filter(|each| each.variants.is_none()).count();
    let gradings = results.iter().map(|result| result.accepted + result.rejected).sum::<usize>() + starters;
    screen.print(&format!(
        "\n{} exercises, {gradings} gradings, {problems} problems, {unsettled} timings not settled, {:.0} s\nleft of \
         them: {footprint}\nspent: {}\n",
        asked.len(),
        begun.elapsed().as_secs_f64(),
        effort::spent()
    ));
    if arguments.all {
        let mut took: Vec<_> = results.iter().flat_map(|result| &result.took).collect();
        took.sort_by(|one, other| other.cmp(one));
        let longest =
            took.iter().take(LONGEST).map(|(time, name)| format!("  {:>4.0} s  {name}\n", time.as_secs_f64()));
        screen.print(&format!("the longest gradings:\n{}", longest.collect::<String>()));
    }
    Ok(if problems > 0 { ExitCode::Rejected } else { ExitCode::Success })
}

fn asked(arguments: &Verify, desk: &Desk, screen: &Screen) -> Result<Vec<Asked>, Trouble> {
    if let Some(revision) = &arguments.changed {
        let changed = choice::changed(&desk.workspace, revision)?;
        if let [first, ..] = changed.grader.as_slice() {
            screen.remark(&format!(
                "note: the grader differs, too ({} files, {first} for one); that can change every verdict: --all verifies all",
                changed.grader.len()
            ));
        }
        return changed.asked(&desk.workspace, &desk.folders);
    }
    if arguments.all {
        let whole = |folder: &String| Ok(Asked { exercise: Exercise::read(&desk.workspace, folder)?, variants: None });
        return desk.folders.iter().map(whole).collect();
    }
    choice::named(&desk.workspace, &desk.folders, &arguments.exercises)
}
