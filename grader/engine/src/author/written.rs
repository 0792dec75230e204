//! What can be said of an exercise without grading anything: its brief, its notes, its place in the curriculum, its settings.

use crate::checks::transcript;
use crate::exercise::catalog::Exercise;
use crate::exercise::curriculum::{self, Figures};
use crate::exercise::manifest::{self, Case, Module};
use crate::exercise::notes;
use crate::exercise::starter;
use crate::grading::Grader;
use crate::submission::Source;
use crate::syntax::api;
use crate::trouble::{Trouble, read};
use std::process::Command;
use verdict::Check;

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

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// What is wrong, one sentence each.
    pub(crate) problems: Vec<String>,
    /// The hidden facts, scenarios, cases, transcripts and workloads.
    pub(crate) hidden: usize,
}

/// What can be seen without grading anything.
///
/// # Errors
/// Our troubles only; what is wrong with the exercise is in the result.
pub(crate) fn written(grader: &Grader, exercise: &Exercise) -> Result<Written, Trouble> {
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
    let reference = Source::reference(exercise)?;
    if let Some(starter) = starter(grader, exercise, &mut problem)? {
        let (of_starter, of_reference) = (api::of(&starter.root)?, api::of(&reference.root)?);
        for item in of_reference.difference(&of_starter) {
            problem(format!("the starter lacks the reference's `{item}`"));
        }
        for item in of_starter.difference(&of_reference) {
            problem(format!("the reference lacks the starter's `{item}`"));
        }
        for warning in grader.warnings(exercise, &starter)? {
            problem(format!("the starter does not build without a warning:\n{warning}"));
        }
    }
    let [facts, scenarios, programs, transcripts, workloads] = Module::ALL.map(|module| module.tests(&exercise.tests));
    let (facts, mut scenarios, transcripts, workloads) = (facts?, scenarios?, transcripts?, workloads?);
    scenarios.extend(programs?);
    let mut cases = manifest::cases(&exercise.tests.join("compile_fail"), true)?;
    cases.extend(manifest::cases(&exercise.tests.join("compile_pass"), false)?);
    let hidden = facts.len() + scenarios.len() + transcripts.len() + workloads.len() + cases.len();
    let truth = Figures {
        minutes: Some(exercise.config.minutes),
        difficulty: Some(exercise.config.difficulty.into()),
        lines: Some(curriculum::code_lines(&read(&reference.root)?)),
        checks: Some(hidden as u32),
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
    undeclared(exercise, &cases)?.into_iter().for_each(&mut problem);
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
    Ok(Written { problems, hidden })
}

/// What `cargo test` would not see: hidden tests that `hidden.rs` does not declare, refusals whose messages nobody pins.
fn undeclared(exercise: &Exercise, cases: &[Case]) -> Result<Vec<String>, Trouble> {
    let root = exercise.tests.join("hidden.rs");
    let text = if root.is_file() { read(&root)? } else { String::new() };
    let there = Module::ALL.into_iter().filter(|module| module.root(&exercise.tests).is_some());
    let mut names: Vec<&str> = there.map(Module::name).collect();
    names.extend(cases.iter().filter(|case| case.refused.is_empty()).map(|case| case.name.as_str()));
    let is_declared = |name: &str| text.lines().any(|line| line.trim() == format!("mod {name};"));
    let missing = names.iter().filter(|name| !is_declared(name));
    let mut problems: Vec<String> =
        missing.map(|name| format!("hidden.rs lacks `mod {name};`: cargo test does not see it")).collect();
    let messages = exercise.content.join("tests/compile_messages/Cargo.toml");
    if messages.is_file() && cases.iter().any(|case| !case.refused.is_empty()) {
        let dependency = format!("solution-{} = {{ path = \"../../solutions/{}\" }}", exercise.slug, exercise.folder);
        if !read(&messages)?.contains(&dependency) {
            problems.push(format!(
                "tests/compile_messages/Cargo.toml lacks `{dependency}`, to pin the compiler's messages"
            ));
        }
    }
    Ok(problems)
}

/// The starter, as a source; what is wrong with it is told to `problem`.
fn starter(grader: &Grader, exercise: &Exercise, problem: &mut dyn FnMut(String)) -> Result<Option<Source>, Trouble> {
    match Source::starter(&grader.workspace, exercise) {
        Ok(source) => {
            starter::difference(exercise)?.into_iter().for_each(problem);
            Ok(Some(source))
        }
        Err(Trouble::Usage(words)) => {
            problem(words);
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

/// What is wrong with the article's snippet, if an exercise has it: it must print exactly the snapshot of the first
/// transcript. Nothing is wrong where there is no Python to ask.
///
/// # Errors
/// If there is no snapshot.
pub fn oracle(exercise: &Exercise) -> Result<Option<String>, Trouble> {
    let script = exercise.tests.join("oracle.py");
    let transcripts = Module::Transcript.tests(&exercise.tests)?;
    let Some(name) = transcripts.first().map(|first| &first.name).filter(|_| script.exists()) else { return Ok(None) };
    let wanted = transcript::snapshot(&exercise.tests.join("snapshots"), name)?;
    let Ok(output) = Command::new("python3").arg(&script).output() else { return Ok(None) };
    let printed = String::from_utf8_lossy(&output.stdout);
    let words = String::from_utf8_lossy(&output.stderr);
    Ok((printed.trim_end() != wanted.trim_end())
        .then(|| format!("oracle.py does not print the snapshot {name}:\n{printed}{words}")))
}
