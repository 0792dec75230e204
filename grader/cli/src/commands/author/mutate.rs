//! `author mutate`: how many small changes of the references the checks notice.

use super::chosen;
use super::progress::Progress;
use crate::args::Mutate;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::author::mutation::{self, Fate};
use engine::grading::Grader;
use engine::submission::Source;
use engine::trouble::Trouble;
use std::time::Instant;
use verdict::Check;

pub(crate) fn run(arguments: &Mutate, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let exercises = chosen(&desk, &arguments.exercises)?;
    let only = arguments.only.as_deref().unwrap_or("");
    if arguments.list {
        for exercise in &exercises {
            for mutant in mutation::list(exercise, only)? {
                screen.print(&format!("{}:{}: {}\n", exercise.folder, mutant.line, mutant.name));
            }
        }
        return Ok(ExitCode::Success);
    }
    let grader = Grader::new(desk.workspace.clone())?;
    let (mut viable, mut caught, mut open) = (0, 0, 0);
    for exercise in &exercises {
        let begun = Instant::now();
        let progress = Progress::new(screen);
        let told = |done: usize, of: usize| progress.told(done, of, &format!("mutants of {}", exercise.folder));
        let result = mutation::run(&grader, exercise, only, &told);
        drop(progress);
        let result = result?;
        let by = [Check::Behaviour, Check::Schedules, Check::CompileFail, Check::Transcript, Check::Timing]
            .map(|check| (check, result.caught(Some(check))))
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(check, count)| format!("{check} {count}"))
            .collect::<Vec<_>>()
            .join(", ");
        screen.print(&format!(
            "{}: {} mutants, {} viable, {} caught ({by}), {:.0} s\n",
            exercise.folder,
            result.mutants.len(),
            result.viable(),
            result.caught(None),
            begun.elapsed().as_secs_f64()
        ));
        let shown = desk.workspace.shown(&Source::reference(exercise)?.root);
        for (mutant, fate) in result.mutants.iter().filter(|_| arguments.every) {
            let fate = match fate {
                Fate::NotViable => "does not compile".to_owned(),
                Fate::Caught(check, subject) => format!("{check} — {subject}"),
                Fate::Survived => "survives".to_owned(),
            };
            screen.print(&format!("    {shown}:{}: {}: {fate}\n", mutant.line, mutant.name));
        }
        for (mutant, reason) in result.survivors() {
            match reason {
                Some(reason) => screen.print(&format!("    explained: {}: {reason}\n", mutant.name)),
                None => {
                    open += 1;
                    screen.print(&format!("    ✗ survives: {shown}:{}: {}\n", mutant.line, mutant.name));
                }
            }
        }
        for name in result.stale() {
            open += 1;
            screen.print(&format!("    ✗ survivors.toml explains what does not survive: {name}\n"));
        }
        viable += result.viable();
        caught += result.caught(None);
    }
    let percent = 100.0 * caught as f64 / viable.max(1) as f64;
    screen.print(&format!(
        "\n{caught} of {viable} viable mutants caught ({percent:.1} %), {open} without an explanation\n"
    ));
    Ok(if open > 0 { ExitCode::Rejected } else { ExitCode::Success })
}
