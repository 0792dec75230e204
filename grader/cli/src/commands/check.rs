//! `check`: grades, reports, records.

use super::{Desk, reset};
use crate::args::{CheckArguments, ReportFormat};
use crate::exit_code::ExitCode;
use crate::live::Live;
use crate::render::terminal::{self, Look};
use crate::render::{json, junit};
use crate::screen::Screen;
use crate::streams;
use engine::exercise::catalog::Exercise;
use engine::grading::replays;
use engine::grading::{Extent, Grader};
use engine::submission::{Source, submitted};
use engine::trouble::Trouble;
use verdict::{Attempt, Event, Evidence, Origin, Outcome, Report, Timed, Verdict};

pub(crate) fn run(arguments: &CheckArguments, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercises = chosen(arguments, &desk)?;
    if arguments.submission.is_some() && exercises.len() != 1 {
        return Err(Trouble::Usage("--submission is graded for one exercise; name just that one".into()));
    }
    // Whatever is wrong with the arguments is said before anything is built.
    let sources: Vec<Source> = exercises
        .iter()
        .map(|exercise| match &arguments.submission {
            Some(path) => submitted(&desk.workspace, path),
            None => Source::learner(exercise),
        })
        .collect::<Result<_, _>>()?;
    let mut grader = Grader::new(desk.workspace.clone())?;
    if let Some(least) = arguments.untrusted.filter(|least| grader.confinement.tier > *least) {
        return Err(Trouble::Ours(format!(
            "this machine confines programs less well than --untrusted={} demands, so nothing was run; {}; `doctor` says what to change",
            least.letter(),
            grader.confinement.describe()
        )));
    }
    let extent = if arguments.only.is_empty() { Extent::All } else { Extent::Checks(&arguments.only) };
    let plain = arguments.output.is_some();
    let look = Look { width: screen.width, colour: screen.colour && !plain, verbose: arguments.verbose };
    let (mut reports, mut text) = (Vec::new(), String::new());
    for (exercise, source) in exercises.iter().zip(&sources) {
        let live = Live::new(screen, &exercise.slug);
        if source.origin == Origin::Learner {
            grader.first = desk.failed_last(&exercise.folder);
            grader.followed = arguments.format == ReportFormat::Events;
        }
        let watch = |event: Event| match arguments.format {
            ReportFormat::Events => screen.print(&json::line(&event)),
            _ => live.watch(event),
        };
        let report = grader.grade(exercise, source, extent, &watch)?;
        drop(live);
        // `watch` grades what is opened; the starter as it was given is nobody's attempt.
        let begun = arguments.format != ReportFormat::Events || !reset::is_starter(exercise).unwrap_or(false);
        if source.origin == Origin::Learner && begun {
            desk.record(screen, &exercise.folder, attempt(&report));
            if let Err(trouble) = replays::keep(&desk.workspace, exercise, source, &report) {
                screen.remark(&format!("note: {trouble}; `replay` will not show this"));
            }
        }
        if arguments.format == ReportFormat::Events {
            // Whoever hears it finds it in the history.
            screen.print(&json::line(&Event::Report(Box::new(report.clone()))));
        }
        if arguments.format == ReportFormat::Terminal {
            let mut page = terminal::render(&report, look);
            page.push_str(&advice(&report, exercise, source));
            if exercises.len() > 1 {
                page.push('\n');
            }
            if plain { text.push_str(&page) } else { screen.print(&page) }
        }
        reports.push(report);
    }
    match arguments.format {
        ReportFormat::Terminal if reports.len() > 1 => {
            let summary = summary(&reports);
            if plain { text.push_str(&summary) } else { screen.print(&summary) }
        }
        ReportFormat::Terminal | ReportFormat::Events => {}
        ReportFormat::Json => text = json::render(&reports),
        ReportFormat::Junit => text = junit::render(&reports),
    }
    match &arguments.output {
        // What could not be written is told at the end.
        Some(path) => {
            streams::save("the report", path, &text)?;
        }
        None => screen.print(&text),
    }
    Ok(ExitCode::of_reports(&reports))
}

fn chosen(arguments: &CheckArguments, desk: &Desk) -> Result<Vec<Exercise>, Trouble> {
    if arguments.all {
        return desk.folders.iter().map(|folder| Exercise::read(&desk.workspace, folder)).collect();
    }
    if !arguments.exercises.is_empty() {
        let mut exercises: Vec<Exercise> = Vec::new();
        for name in &arguments.exercises {
            let exercise = desk.exercise(name)?;
            if !exercises.iter().any(|each| each.folder == exercise.folder) {
                exercises.push(exercise);
            }
        }
        return Ok(exercises);
    }
    match desk.next() {
        Some(folder) => Ok(vec![Exercise::read(&desk.workspace, folder)?]),
        None => Err(Trouble::Usage("every exercise is accepted; name one to grade it again, or use --all".into())),
    }
}

fn attempt(report: &Report) -> Attempt {
    let failed = report.checks.iter().filter(|check| check.outcome == Outcome::Failed);
    let items = report.checks.iter().flat_map(|check| &check.items).filter(|item| item.outcome == Outcome::Failed);
    let timing = report.checks.iter().flat_map(|check| match &check.evidence {
        Evidence::Pairs { workloads } => workloads.as_slice(),
        _ => &[],
    });
    Attempt::Check {
        verdict: report.verdict,
        complete: report.complete,
        score: report.score,
        failed: failed.map(|check| check.check).collect(),
        items: items.map(|item| item.name.clone()).collect(),
        timing: timing.map(|pairs| Timed { workload: pairs.workload.clone(), ratio: pairs.ratio }).collect(),
        millis: report.millis,
    }
}

/// What to type next, after the learner's own exercise was graded.
pub(crate) fn advice(report: &Report, exercise: &Exercise, source: &Source) -> String {
    if source.origin != Origin::Learner {
        return String::new();
    }
    let slug = &exercise.slug;
    match report.verdict {
        Verdict::Accepted if report.complete => {
            format!("next: cargo grader solution {slug}   (the reference, and why)\n")
        }
        Verdict::Accepted => format!("next: cargo grader check {slug}   (all checks)\n"),
        Verdict::Inconclusive => format!("next: cargo grader check {slug}   (again, when the machine is quieter)\n"),
        Verdict::Rejected | Verdict::Unbuildable => {
            let replay = report.checks.iter().flat_map(|check| &check.findings).any(|each| each.interleaving.is_some());
            let replay = if replay { format!("every step: cargo grader replay {slug}\n") } else { String::new() };
            format!("{replay}brief: exercises/{}/README.md · stuck? cargo grader hint {slug}\n", exercise.folder)
        }
    }
}

fn summary(reports: &[Report]) -> String {
    let width = reports.iter().map(|report| report.exercise.len()).max().unwrap_or(0);
    let line = |report: &Report| {
        let score = format!("{}/{}", report.score.points, report.score.of);
        format!("{:<width$}  {:<12}  {score:>8}\n", report.exercise, report.verdict.word())
    };
    let accepted = reports.iter().filter(|report| report.verdict == Verdict::Accepted).count();
    let lines: String = reports.iter().map(line).collect();
    format!("{lines}\n{accepted} of {} accepted\n", reports.len())
}
