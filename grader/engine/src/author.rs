//! Checks the checks: what an exercise promises its learners, as a list of problems, each saying how to mend it.

use crate::api;
use crate::catalog::{Exercise, slug_of};
use crate::checks::transcript;
use crate::curriculum::{self, Figures};
use crate::manifest::{self, rust_files};
use crate::notes;
use crate::parallel::in_parallel;
use crate::pipeline::Grader;
use crate::submission::Source;
use crate::trouble::{Trouble, read};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use verdict::{Check, Event, Finding, Origin, Report, Verdict};

/// What verifying one exercise showed.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// What is wrong, one sentence each.
    pub problems: Vec<String>,
    /// What could not be settled by measurement, one sentence each.
    pub unsettled: Vec<String>,
    /// The hidden facts, scenarios, cases, transcripts and workloads.
    pub hidden: usize,
    /// Accepted variants, the reference included.
    pub accepted: usize,
    /// Rejected variants.
    pub rejected: usize,
}

/// What a grading is meant to show.
#[derive(Clone, Debug)]
enum Expectation {
    Accepted,
    /// Caught by this check, with a finding of this subject.
    Caught(Check, String),
    NotAccepted,
}

/// One grading to be made.
struct Trial<'a> {
    place: usize,
    exercise: &'a Exercise,
    source: Source,
    only: Vec<Check>,
    expectation: Expectation,
}

/// Headings that every brief has.
const BRIEF: [&str; 5] = ["The idea", "What to build", "Semantics", "Rules", "A sample session"];

/// Headings that all notes have.
const NOTES: [&str; 5] = [
    "Hints",
    "Why the reference is right",
    "Alternatives and their cost",
    "The article's own snippet",
    "Follow-up questions",
];

/// Verifies exercises. Everything but timing runs side by side; timing runs last, alone.
///
/// # Errors
/// Our troubles only; what is wrong with an exercise is in the result.
pub fn verify(grader: &Grader, exercises: &[Exercise], done: &(dyn Fn(&str) + Sync)) -> Result<Vec<Verified>, Trouble> {
    let results: Vec<Mutex<Verified>> = exercises.iter().map(|_| Mutex::default()).collect();
    let note = |place: usize, add: &dyn Fn(&mut Verified)| {
        add(&mut results[place].lock().unwrap_or_else(PoisonError::into_inner));
    };
    let mut trials = Vec::new();
    for (place, exercise) in exercises.iter().enumerate() {
        let mut verified = Verified::default();
        written(grader, exercise, &mut verified)?;
        trials.extend(self::trials(place, exercise, &mut verified)?);
        note(place, &|into| *into = verified.clone());
        // The kits first: the gradings below would only wait for each other.
        grader.warm(exercise, &|event| {
            if let Event::Preparing { what } = event {
                done(&format!("{}: {what}", exercise.folder));
            }
        })?;
    }
    let one_job = Grader { jobs: 1, many: true, ..grader.clone() };
    let judge = |trial: &Trial<'_>, only: &[Check], grader: &Grader| -> Result<(), Trouble> {
        if only.is_empty() {
            return Ok(());
        }
        let report = grader.grade(trial.exercise, &trial.source, Some(only), &|_| {})?;
        let name = grader.workspace.shown(&trial.source.root);
        done(&format!("{name}: {}", report.verdict.word()));
        note(trial.place, &|into| judged(&name, trial, &report, into));
        Ok(())
    };
    in_parallel(&trials, grader.jobs, |_, trial| {
        let only: Vec<Check> = trial.only.iter().copied().filter(|check| *check != Check::Timing).collect();
        judge(trial, &only, &one_job)
    })?;
    for trial in trials.iter().filter(|trial| trial.only.contains(&Check::Timing)) {
        judge(trial, &[Check::Timing], grader)?;
    }
    Ok(results.into_iter().map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

/// Compares one report with what it was meant to show.
fn judged(name: &str, trial: &Trial<'_>, report: &Report, into: &mut Verified) {
    let all: Vec<&Finding> = report.checks.iter().flat_map(|check| &check.findings).collect();
    let found = all.iter().map(|finding| format!("{} — {}", finding.check, finding.subject)).collect::<Vec<_>>();
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    match (&trial.expectation, report.verdict) {
        (Expectation::Accepted, Verdict::Accepted) => {}
        (Expectation::Accepted, Verdict::Inconclusive) => into.unsettled.push(format!("{name}: {found}")),
        (Expectation::Accepted, verdict) => {
            let words: String = all.iter().map(|finding| told(finding)).collect();
            into.problems.push(format!("{name} must be accepted, but is {}:{words}", verdict.word()));
        }
        (Expectation::NotAccepted, Verdict::Accepted) => {
            into.problems
                .push(format!("{name} is the unmodified starter, and it is accepted: add a fact that it fails"));
        }
        (Expectation::NotAccepted, Verdict::Unbuildable) => {
            into.problems.push(format!("{name} is the starter, and it does not compile: {found}"));
        }
        (Expectation::NotAccepted, _) => {}
        (Expectation::Caught(check, subject), verdict) => {
            let caught = all.iter().any(|finding| finding.check == *check && finding.subject == *subject);
            let unsettled = verdict == Verdict::Inconclusive && *check == Check::Timing;
            if unsettled {
                into.unsettled.push(format!("{name}: {found}"));
            } else if !caught {
                into.problems
                    .push(format!("{name} must be caught by {check} — {subject}, but what was found is {found}"));
            }
        }
    }
}

/// A finding that should not be there, with all that may tell why it is: it may not come a second time.
fn told(finding: &Finding) -> String {
    let mut text = format!("\n    {} — {}", finding.check, finding.subject);
    let parts =
        [("", Some(&finding.message)), ("expected: ", finding.expected.as_ref()), ("seen: ", finding.seen.as_ref())];
    for (label, part) in parts {
        text.extend(part.map(|part| format!("\n      {label}{part}")));
    }
    for thread in &finding.threads {
        text.push_str(&format!("\n      thread '{}' {}", thread.thread, thread.doing));
    }
    for line in finding.detail.iter().flat_map(|detail| detail.lines().take(20)) {
        text.push_str(&format!("\n      | {line}"));
    }
    text
}

/// Everything that is to be graded for one exercise.
fn trials<'a>(place: usize, exercise: &'a Exercise, verified: &mut Verified) -> Result<Vec<Trial<'a>>, Trouble> {
    let trial = |source: Source, only: Vec<Check>, expectation: Expectation| Trial {
        place,
        exercise,
        source,
        only,
        expectation,
    };
    let all = exercise.checks();
    let mut trials = vec![trial(Source::reference(exercise)?, all.clone(), Expectation::Accepted)];
    for path in rust_files(&exercise.tests.join("accepted"))? {
        trials.push(trial(Source::file(Origin::Accepted, &path)?, all.clone(), Expectation::Accepted));
    }
    verified.accepted = trials.len();
    let mut own: BTreeSet<Check> = [Check::Build].into();
    for path in rust_files(&exercise.tests.join("rejected"))? {
        verified.rejected += 1;
        match caught_by(&path)? {
            Some((check, subject)) if all.contains(&check) => {
                own.insert(check);
                trials.push(trial(
                    Source::file(Origin::Rejected, &path)?,
                    vec![check],
                    Expectation::Caught(check, subject),
                ));
            }
            _ => verified.problems.push(format!(
                "{}: the first line must be `//! caught-by: CHECK — NAME`, with a check that the exercise has",
                path.display()
            )),
        }
    }
    if verified.accepted < 3 {
        verified.problems.push(format!("there are {} accepted variants; at least 2 are needed", verified.accepted - 1));
    }
    if verified.rejected < 6 {
        verified.problems.push(format!("there are {} rejected variants; at least 6 are needed", verified.rejected));
    }
    for check in all.iter().filter(|check| !own.contains(check)) {
        verified.problems.push(format!("no rejected variant is caught by {check}: write one, or drop the check"));
    }
    let starter = exercise.tests.join("starter.rs");
    if starter.exists() {
        let only = vec![Check::Build, Check::Behaviour];
        trials.push(trial(Source::file(Origin::Rejected, &starter)?, only, Expectation::NotAccepted));
    } else {
        verified.problems.push(format!("{} is missing: a copy of the starter, for `reset`", starter.display()));
    }
    Ok(trials)
}

/// Reads `//! caught-by: behaviour — a_fact` from the first line of a rejected variant: the check, and what it is about.
///
/// # Errors
/// If the file cannot be read.
pub fn caught_by(path: &Path) -> Result<Option<(Check, String)>, Trouble> {
    let text = read(path)?;
    let line = text.lines().next().and_then(|line| line.strip_prefix("//! caught-by:"));
    let parts = line.and_then(|rest| rest.split_once('—').or_else(|| rest.split_once(" - ")));
    Ok(parts.and_then(|(check, subject)| Some((check.trim().parse().ok()?, subject.trim().to_owned()))))
}

/// What can be seen without grading anything.
fn written(grader: &Grader, exercise: &Exercise, verified: &mut Verified) -> Result<(), Trouble> {
    let mut problems = Vec::new();
    let mut problem = |text: String| problems.push(text);
    let sections = curriculum::sections(&grader.workspace)?;
    let row = sections.iter().find(|section| section.folder.as_deref() == Some(exercise.folder.as_str()));
    match row {
        None => problem(format!("curriculum.md has no row that links exercises/{}", exercise.folder)),
        Some(row) if row.number != exercise.config.section => {
            problem(format!("curriculum.md says section {}, checks.toml says {}", row.number, exercise.config.section));
        }
        Some(_) => {}
    }
    let brief = std::fs::read_to_string(exercise.brief()).unwrap_or_default();
    for heading in
        BRIEF.iter().filter(|heading| notes::section(&brief, &format!("## {heading}")).is_none_or(str::is_empty))
    {
        problem(format!("the brief lacks the section \"## {heading}\""));
    }
    let facts = format!("**{} minutes · difficulty {}/5 ·", exercise.config.minutes, exercise.config.difficulty);
    if !brief.contains(&facts) {
        problem(format!("the brief lacks the line that begins \"{facts}\" (checks.toml says so)"));
    }
    let text = std::fs::read_to_string(exercise.notes()).unwrap_or_default();
    for heading in
        NOTES.iter().filter(|heading| notes::section(&text, &format!("## {heading}")).is_none_or(str::is_empty))
    {
        problem(format!("the notes lack the section \"## {heading}\""));
    }
    let hints = notes::hints(&text).len();
    if hints != 3 {
        problem(format!("the notes have {hints} hints; three are needed"));
    }
    let questions = notes::section(&text, "## Follow-up questions").map_or(0, |part| notes::headings(part, 3).len());
    if !(4..=8).contains(&questions) {
        problem(format!("the notes have {questions} follow-up questions; 4 to 8 are needed"));
    }
    let starter = exercise.tests.join("starter.rs");
    let reference = Source::reference(exercise)?;
    if starter.exists() {
        let (of_starter, of_reference) = (api::of(&starter)?, api::of(&reference.root)?);
        for item in of_reference.difference(&of_starter) {
            problem(format!("the starter lacks the reference's `{item}`"));
        }
        for item in of_starter.difference(&of_reference) {
            problem(format!("the reference lacks the starter's `{item}`"));
        }
        for warning in grader.warnings(exercise, &Source::file(Origin::Rejected, &starter)?)? {
            problem(format!("the starter does not build without a warning:\n{warning}"));
        }
    }
    let facts = manifest::functions(&exercise.tests.join("behaviour.rs"), "fact")?;
    let scenarios = manifest::functions(&exercise.tests.join("schedules.rs"), "scenario")?;
    let transcripts = manifest::functions(&exercise.tests.join("transcript.rs"), "transcript")?;
    let workloads = manifest::functions(&exercise.tests.join("timing.rs"), "workload")?;
    let mut cases = manifest::cases(&exercise.tests.join("compile_fail"), true)?;
    cases.extend(manifest::cases(&exercise.tests.join("compile_pass"), false)?);
    verified.hidden = facts.len() + scenarios.len() + transcripts.len() + workloads.len() + cases.len();
    let truth = Figures {
        minutes: Some(exercise.config.minutes),
        difficulty: Some(exercise.config.difficulty.into()),
        lines: Some(curriculum::code_lines(&read(&reference.root)?)),
        checks: Some(verified.hidden as u32),
    };
    row.iter().flat_map(|row| row.figures.differences(&truth)).for_each(&mut problem);
    for (check, there_are) in [
        (Check::Behaviour, !facts.is_empty()),
        (Check::Schedules, !scenarios.is_empty()),
        (Check::Transcript, !transcripts.is_empty()),
        (Check::Timing, !workloads.is_empty()),
        (Check::CompileFail, !cases.is_empty()),
    ] {
        if exercise.checks().contains(&check) != there_are {
            let (has, lacks) = if there_are { ("files", "[points]") } else { ("[points]", "files") };
            problem(format!("{check} has {has}, but no {lacks}"));
        }
    }
    let budgets = exercise.config.schedules.scenario.keys();
    for name in budgets.filter(|name| !scenarios.iter().any(|scenario| scenario.name == **name)) {
        problem(format!("checks.toml has a budget for the scenario {name}, which schedules.rs does not have"));
    }
    for name in exercise.config.timing.keys().filter(|name| !workloads.iter().any(|workload| workload.name == **name)) {
        problem(format!("checks.toml limits the workload {name}, which timing.rs does not have"));
    }
    for workload in workloads.iter().filter(|workload| !exercise.config.timing.contains_key(&workload.name)) {
        problem(format!("checks.toml has no [timing.{}] with a ratio", workload.name));
    }
    problems.extend(oracle(exercise)?);
    verified.problems.extend(problems);
    Ok(())
}

/// What is wrong with the article's snippet, if an exercise has it: it must print exactly the snapshot of the first
/// transcript. Nothing is wrong where there is no Python to ask.
///
/// # Errors
/// If there is no snapshot.
pub fn oracle(exercise: &Exercise) -> Result<Option<String>, Trouble> {
    let script = exercise.tests.join("oracle.py");
    let transcripts = manifest::functions(&exercise.tests.join("transcript.rs"), "transcript")?;
    let Some(name) = transcripts.first().map(|first| &first.name).filter(|_| script.exists()) else { return Ok(None) };
    let wanted = transcript::snapshot(&exercise.tests.join("snapshots"), name)?;
    let Ok(output) = Command::new("python3").arg(&script).output() else { return Ok(None) };
    let printed = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    Ok((printed.trim_end() != wanted.trim_end())
        .then(|| format!("oracle.py does not print the snapshot {name}:\n{printed}{words}")))
}

/// Files a new exercise begins with: the path below the workspace, and the text.
///
/// # Errors
/// If the name is no name for an exercise, or it exists already.
pub fn skeleton(root: &Path, folder: &str) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let slug = slug_of(folder).filter(|slug| slug.starts_with(|first: char| first.is_ascii_lowercase()));
    let Some(slug) = slug else {
        return Err(Trouble::Usage(format!(
            "'{folder}' is no name for an exercise: two digits, '_', a name in snake case"
        )));
    };
    if let Some(tree) =
        ["exercises", "solutions", "tests"].into_iter().find(|tree| root.join(tree).join(folder).exists())
    {
        return Err(Trouble::Usage(format!("{tree}/{folder} exists already; nothing was written")));
    }
    let section = format!("{}.{}", &folder[..1], &folder[1..2]);
    let fill = |text: &str| text.replace("{folder}", folder).replace("{slug}", slug).replace("{section}", &section);
    const FILES: [(&str, &str); 21] = [
        ("exercises/{folder}/Cargo.toml", include_str!("skeleton/exercise.toml")),
        ("exercises/{folder}/README.md", include_str!("skeleton/brief.md")),
        ("exercises/{folder}/src/lib.rs", include_str!("skeleton/starter.rs.txt")),
        ("solutions/{folder}/Cargo.toml", include_str!("skeleton/solution.toml")),
        ("solutions/{folder}/src/lib.rs", include_str!("skeleton/reference.rs.txt")),
        ("solutions/{folder}/NOTES.md", include_str!("skeleton/notes.md")),
        ("tests/{folder}/Cargo.toml", include_str!("skeleton/tests.toml")),
        ("tests/{folder}/checks.toml", include_str!("skeleton/checks.toml")),
        ("tests/{folder}/starter.rs", include_str!("skeleton/starter.rs.txt")),
        ("tests/{folder}/behaviour.rs", include_str!("skeleton/behaviour.rs.txt")),
        ("tests/{folder}/schedules.rs", include_str!("skeleton/schedules.rs.txt")),
        ("tests/{folder}/transcript.rs", include_str!("skeleton/transcript.rs.txt")),
        ("tests/{folder}/timing.rs", include_str!("skeleton/timing.rs.txt")),
        ("tests/{folder}/compile_messages.rs", include_str!("skeleton/compile_messages.rs.txt")),
        ("tests/{folder}/compile_fail/an_answer_is_no_text.rs", include_str!("skeleton/compile_fail.rs.txt")),
        ("tests/{folder}/compile_fail/an_answer_is_no_text.stderr", include_str!("skeleton/compile_fail.stderr")),
        ("tests/{folder}/compile_pass/an_answer_is_a_number.rs", include_str!("skeleton/compile_pass.rs.txt")),
        ("tests/{folder}/snapshots/transcript__transcript.snap", include_str!("skeleton/transcript.snap")),
        ("tests/{folder}/accepted/worked_out.rs", include_str!("skeleton/accepted.rs.txt")),
        ("tests/{folder}/rejected/off_by_one.rs", include_str!("skeleton/rejected.rs.txt")),
        ("tests/{folder}/rejected/announced_too_early.rs", include_str!("skeleton/rejected_schedule.rs.txt")),
    ];
    Ok(FILES.iter().map(|(path, text)| (PathBuf::from(fill(path)), fill(text))).collect())
}
