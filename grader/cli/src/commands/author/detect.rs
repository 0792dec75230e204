//! `author detect`: what finds each rejected variant out. Facts on real threads are run up to so many times; schedules are
//! explored once, as in a grading.

use super::chosen;
use crate::args::Detect;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::grading::Grader;
use engine::grading::again::Detection;
use engine::submission::variant::variants;
use engine::trouble::Trouble;
use verdict::{Check, Origin};

pub(crate) fn run(arguments: &Detect, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let grader = Grader::new(desk.workspace.clone())?;
    screen.print("| rejected variant | behaviour ×1 | ");
    screen.print(&format!("behaviour ×{} | schedules | number | ms |\n|---|---|---|---|---|---|\n", arguments.times));
    for exercise in chosen(&desk, &arguments.exercises)? {
        if !exercise.checks().contains(&Check::Schedules) {
            continue;
        }
        for variant in variants(&exercise, Origin::Rejected)? {
            let meant = variant.caught_by().is_some_and(|(check, _)| check == Check::Schedules);
            if !meant && !arguments.every {
                continue;
            }
            let (source, name) = (variant.source(&desk.workspace)?, &variant.name);
            match grader.detect(&exercise, &source, arguments.times) {
                Ok(detection) => screen.print(&row(&format!("{} {name}", exercise.folder), &detection)),
                Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
                // Some are wrong by not compiling against the API.
                Err(trouble) => screen.print(&format!("| {name} | – | – | – | – | {} |\n", first_line(&trouble))),
            }
        }
    }
    Ok(ExitCode::Success)
}

fn first_line(trouble: &Trouble) -> String {
    trouble.to_string().lines().next().unwrap_or_default().to_owned()
}

fn row(name: &str, detection: &Detection) -> String {
    let once = if detection.run == Some(1) { "caught" } else { "missed" };
    let often = match detection.run {
        Some(1) => "caught".to_owned(),
        Some(run) => format!("caught in run {run}"),
        None => "missed".to_owned(),
    };
    let soonest = detection.schedules.findings.iter().min_by_key(|finding| {
        finding.interleaving.as_ref().map_or(u64::MAX, |interleaving| interleaving.found.nth_in_all)
    });
    let (by, number) = match soonest {
        None => ("missed".to_owned(), "–".to_owned()),
        Some(finding) => {
            let number = finding.interleaving.as_ref().map(|interleaving| interleaving.found.nth_in_all.to_string());
            (finding.kind.words().to_owned(), number.unwrap_or_else(|| "–".to_owned()))
        }
    };
    let millis = detection.schedules.millis;
    format!("| {name} | {once} | {often} | {by} | {number} | {millis} |\n")
}
