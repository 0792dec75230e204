//! `author bench`: how long a learner waits, against plain `cargo test` over the same tests.
//!
//! Each round edits a copy of the reference (a new constant, so that something really changes) and alternates between the
//! grader and Cargo; medians of all rounds are printed, and their ratios.

use super::chosen;
use crate::args::Bench;
use crate::commands::Desk;
use crate::exit_code::ExitCode;
use crate::screen::Screen;
use engine::exercise::catalog::Exercise;
use engine::submission::Source;
use engine::trouble::Trouble;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

pub(crate) fn run(arguments: &Bench, screen: &Screen) -> Result<ExitCode, Trouble> {
    let desk = Desk::open(screen)?;
    let default = ["read_write_lock".to_owned(), "gather".to_owned()];
    let names = if arguments.exercises.is_empty() { &default[..] } else { &arguments.exercises };
    for exercise in chosen(&desk, names)? {
        one(&desk, &exercise, arguments.rounds.max(1), screen)?;
    }
    Ok(ExitCode::Success)
}

fn one(desk: &Desk, exercise: &Exercise, rounds: usize, screen: &Screen) -> Result<(), Trouble> {
    let bench = Copy::new(desk, exercise)?;
    screen.print(&format!("{} ({rounds} rounds, medians)\n", exercise.folder));
    let mut times: [Vec<f64>; 6] = Default::default();
    // One round more than counted: the first warms everything.
    for round in 0..=rounds {
        let edits = [
            (0, bench.edit(round * 10, "")),
            (1, bench.edit(round * 10 + 1, "let nonsense: u8 = \"text\";")),
            (2, bench.edit(round * 10 + 2, "")),
            (3, bench.edit(round * 10 + 3, "")),
            (4, bench.edit(round * 10 + 4, "")),
            (5, bench.edit(round * 10 + 5, "")),
        ];
        for (which, text) in edits {
            std::fs::write(&bench.file, text)
                .map_err(|error| Trouble::Ours(format!("cannot edit the copy: {error}")))?;
            let begun = Instant::now();
            match which {
                0 => bench.cargo()?,
                1 => bench.grader(&[], 4)?,
                2 => bench.grader(&["--only", "behaviour"], 0)?,
                3 => bench.grader(&["--only", "schedules"], 0)?,
                4 => bench.grader(&["--only", "source_rules,build,compile_fail,behaviour,schedules,transcript"], 0)?,
                _ => bench.grader(&[], 0)?,
            }
            if round > 0 {
                times[which].push(begun.elapsed().as_secs_f64());
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let labels = [
        "plain cargo test, behaviour",
        "grader, compile error",
        "grader, behaviour",
        "grader, schedules",
        "grader, all but timing",
        "grader, everything",
    ];
    for (label, seconds) in labels.iter().zip(medians) {
        screen.print(&format!(
            "  {label:<28} {:>5.0} ms  {:.2} × cargo test\n",
            seconds * 1000.0,
            seconds / medians[0]
        ));
    }
    Ok(())
}

/// A copy of the workspace's parts that one exercise needs, with the reference in the learner's place.
struct Copy {
    root: PathBuf,
    /// The file that is edited; the tests of the copy are linked with it, too.
    file: PathBuf,
    reference: String,
    slug: String,
}

impl Copy {
    fn new(desk: &Desk, exercise: &Exercise) -> Result<Copy, Trouble> {
        let root = desk.workspace.target.join("bench").join(&exercise.folder);
        let trouble = |error: std::io::Error| Trouble::Ours(format!("cannot copy into {}: {error}", root.display()));
        let whole = |tree: &str| PathBuf::from(tree).join(&exercise.folder);
        let own = |name: &str| PathBuf::from("grader").join(name);
        let parts =
            [whole("exercises"), whole("solutions"), whole("tests"), own("probe"), own("harness"), own("interleave")];
        for part in &parts {
            copy(&desk.workspace.root.join(part), &root.join(part)).map_err(trouble)?;
        }
        for file in ["Cargo.lock", "curriculum.md"] {
            std::fs::copy(desk.workspace.root.join(file), root.join(file)).map_err(trouble)?;
        }
        let manifest = std::fs::read_to_string(desk.workspace.root.join("Cargo.toml")).map_err(trouble)?;
        // The copy has no grader to build.
        let manifest: String = manifest
            .lines()
            .filter(|line| !line.starts_with("default-members"))
            .map(|line| match line.starts_with("members") {
                true => "members = [\"exercises/*\", \"solutions/*\", \"tests/*\", \"grader/probe\", \"grader/harness\", \"grader/harness/macros\", \"grader/interleave\", \"grader/interleave/tokio\", \"grader/interleave/crossbeam\"]\n".to_owned(),
                false => format!("{line}\n"),
            })
            .collect();
        std::fs::write(root.join("Cargo.toml"), manifest).map_err(trouble)?;
        // The tests of the copy are linked with the learner's file, as they are when graded.
        let tests = root.join("tests").join(&exercise.folder).join("Cargo.toml");
        let text = std::fs::read_to_string(&tests).map_err(trouble)?;
        let text = text
            .replace(&format!("solution-{}", exercise.slug), &exercise.slug)
            .replace("../../solutions/", "../../exercises/");
        std::fs::write(&tests, text).map_err(trouble)?;
        let reference = std::fs::read_to_string(Source::reference(exercise)?.root).map_err(trouble)?;
        let file = root.join("exercises").join(&exercise.folder).join("src/lib.rs");
        Ok(Copy { root, file, reference, slug: exercise.slug.clone() })
    }

    /// The reference with something new in every public function, as if the learner had worked on all of them.
    fn edit(&self, round: usize, extra: &str) -> String {
        let line = |line: &str| {
            let begins = line.trim_start().starts_with("pub fn ") && line.trim_end().ends_with('{');
            let new = if begins { format!("std::hint::black_box({round}usize); {extra}\n") } else { String::new() };
            format!("{line}\n{new}")
        };
        self.reference.lines().map(line).collect()
    }

    fn cargo(&self) -> Result<(), Trouble> {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(["test", "--quiet", "--test", "behaviour", "-p", &format!("tests-{}", self.slug)]);
        self.expect(command, 0)
    }

    fn grader(&self, arguments: &[&str], code: i32) -> Result<(), Trouble> {
        let own = std::env::current_exe().map_err(|error| Trouble::Ours(format!("cannot find myself: {error}")))?;
        let mut command = Command::new(own);
        command.args(["check", &self.slug]).args(arguments);
        self.expect(command, code)
    }

    fn expect(&self, mut command: Command, code: i32) -> Result<(), Trouble> {
        command.current_dir(&self.root).env_remove("CARGO_TARGET_DIR").stdin(Stdio::null());
        let output = command.output().map_err(|error| Trouble::Ours(format!("cannot run {command:?}: {error}")))?;
        match output.status.code() {
            Some(found) if found == code => Ok(()),
            // A timing that does not settle is a result, too.
            Some(3) => Ok(()),
            _ => Err(Trouble::Ours(format!(
                "{command:?} ended with {}, expected {code}:\n{}{}",
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ))),
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
