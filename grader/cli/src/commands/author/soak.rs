//! `author soak`: runs everything that is right many times and counts what was not accepted.

use super::chosen;
use super::progress::Progress;
use crate::args::Soak;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::exercise::catalog::Exercise;
use engine::grading::Grader;
use engine::run::processes;
use engine::submission::Source;
use engine::submission::variant::variants;
use engine::trouble::Trouble;
use std::process::{Command, Stdio};
use std::time::Instant;
use verdict::{Check, Evidence, Origin, Verdict};

pub(crate) fn run(arguments: &Soak, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercises = chosen(&desk, &arguments.exercises)?;
    let grader = Grader::new(desk.workspace.clone())?;
    let load = if arguments.load { busy(grader.jobs)? } else { Vec::new() };
    let (mut false_rejections, mut unsettled, mut gradings, mut wrong_schedules) = (0, 0, 0, 0);
    let sources = exercises.iter().map(|exercise| sources(&desk, exercise)).collect::<Result<Vec<_>, Trouble>>()?;
    let of = sources.iter().map(Vec::len).sum::<usize>() * arguments.times;
    let (progress, mut done) = (Progress::new(screen), 0);
    for (exercise, sources) in exercises.iter().zip(&sources) {
        let timing = exercise.checks().contains(&Check::Timing) && !arguments.without_timing;
        for source in sources {
            let name = desk.workspace.shown(&source.name);
            if arguments.schedules {
                if exercise.checks().contains(&Check::Schedules) {
                    progress.clear();
                    wrong_schedules += explored(&grader, exercise, source, arguments.times, screen)?;
                    gradings += arguments.times;
                }
                done += arguments.times;
                progress.told(done, of, &name);
                continue;
            }
            let (begun, mut wrong, mut open, mut round) = (Instant::now(), 0, 0, 0);
            let mut at_first = None;
            grader.run_repeatedly(exercise, source, arguments.times, timing, &mut |reports| {
                round += 1;
                done += 1;
                progress.told(done, of, &name);
                at_first.get_or_insert_with(processes::footprint);
                match Verdict::of(&reports) {
                    Verdict::Accepted => {}
                    Verdict::Inconclusive => open += 1,
                    Verdict::Rejected | Verdict::Unbuildable => wrong += 1,
                }
                progress.clear();
                for finding in reports.iter().flat_map(|check| &check.findings) {
                    let seen = finding.seen.as_deref().unwrap_or("");
                    screen.print(&format!("    round {round}: {} — {}: {seen}\n", finding.check, finding.subject));
                }
            })?;
            progress.clear();
            screen.print(&format!(
                "{} × {}: {wrong} false rejections, {open} inconclusive, {:.2} s each\n",
                arguments.times,
                name,
                begun.elapsed().as_secs_f64() / arguments.times.max(1) as f64
            ));
            if let Some(at_first) = at_first {
                screen.print(&format!("    the grader: after one {at_first}; after all {}\n", processes::footprint()));
            }
            false_rejections += wrong;
            unsettled += open;
            gradings += arguments.times;
        }
    }
    drop((load, progress));
    if arguments.schedules {
        screen.print(&format!("\nschedules of {gradings} gradings, {wrong_schedules} false alarms\n"));
        return Ok(if wrong_schedules > 0 { ExitCode::Rejected } else { ExitCode::Success });
    }
    screen.print(&format!("\n{gradings} gradings, {false_rejections} false rejections, {unsettled} inconclusive\n"));
    Ok(if false_rejections > 0 { ExitCode::Rejected } else { ExitCode::Success })
}

/// What must be accepted: the reference and the accepted variants.
fn sources(desk: &Desk, exercise: &Exercise) -> Result<Vec<Source>, Trouble> {
    let mut sources = vec![Source::reference(exercise)?];
    for variant in variants(exercise, Origin::Accepted)? {
        sources.push(variant.source(&desk.workspace)?);
    }
    Ok(sources)
}

/// Explores one source at length; how many scenarios failed.
fn explored(
    grader: &Grader,
    exercise: &Exercise,
    source: &Source,
    gradings: usize,
    screen: &Screen,
) -> Result<usize, Trouble> {
    let begun = Instant::now();
    let report = grader.explore_at_length(exercise, source, gradings, &|_| {})?;
    for finding in &report.findings {
        let seen = finding.seen.as_deref().unwrap_or("");
        screen.print(&format!("    {} — {}: {seen}\n", finding.check, finding.subject));
    }
    let tried = match &report.evidence {
        Evidence::Schedules { scenarios } => {
            scenarios.iter().map(|each| each.sampled + each.exhausted + each.further).sum::<u64>()
        }
        _ => 0,
    };
    screen.print(&format!(
        "{gradings} × {}: {} false alarms in {tried} schedules of {} scenarios, {:.1} s\n",
        grader.workspace.shown(&source.name),
        report.findings.len(),
        report.items.len(),
        begun.elapsed().as_secs_f64()
    ));
    Ok(report.findings.len())
}

/// One process per core that does nothing but keep it busy; killed when dropped.
fn busy(cores: usize) -> Result<Vec<processes::Process>, Trouble> {
    let one = || {
        let mut command = Command::new("sh");
        command.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
        processes::spawn(&mut command).map_err(|error| Trouble::Ours(format!("cannot start a busy process: {error}")))
    };
    (0..cores).map(|_| one()).collect()
}
