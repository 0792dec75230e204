//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use verdict::{Check, Tier};

const EXIT_CODES: &str = "\
Exit codes:
  0    accepted, or done
  1    rejected (author verify: something is wrong)
  2    wrong usage, or a broken settings file
  3    inconclusive: no fault was found, but a measurement did not settle
  4    the submission does not compile
  70   our fault; never counts against the submission
  130  interrupted";

const NAMES: &str = "\
An EXERCISE is named by its folder (34_read_write_lock), its name (read_write_lock), its section (3.4 or 34), the beginning of \
a name, or a path to it.";

/// Grades concurrent Rust exercises: every verdict says why.
#[derive(Debug, Parser)]
#[command(name = "grader", bin_name = "cargo grader", version, about, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// What to do; without it: where you are and what is next
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub(crate) color: When,
}

/// When to use colour.
/// Reads a tier that confines.
fn tier(text: &str) -> Result<Tier, String> {
    let found = Tier::ALL.into_iter().find(|tier| tier.letter().eq_ignore_ascii_case(text));
    found.filter(|tier| *tier != Tier::D).ok_or_else(|| "the tiers are A, B and C".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Grade an exercise whenever you save it, and show what came of it
    Watch(Watch),
    /// List the exercises and how far you have come
    List(List),
    /// Grade your solution of one or more exercises
    Check(CheckArguments),
    /// Show every step of the interleaving that broke your solution
    Replay(Replay),
    /// Show the next hint of an exercise
    Hint(Hint),
    /// Show the reference solution and its notes, once yours is accepted
    Solution(Solution),
    /// Write your progress as a page for a browser
    Report(ProgressReport),
    /// Put the starter of an exercise back, keeping a backup of your file
    Reset(Reset),
    /// Lay out a workspace of exercises in a folder, or bring the one there up to date; what you have changed stays
    Init(Init),
    /// Look whether this machine has what is needed, and say what each missing thing costs
    Doctor,
    /// For those who write exercises
    Author(Author),
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Watch {
    /// The exercise; without it: the next one of the curriculum that is not accepted
    pub(crate) exercise: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// The form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Terminal)]
    pub(crate) format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Terminal,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES, after_long_help = format!("{NAMES}\n\n{EXIT_CODES}"))]
pub(crate) struct CheckArguments {
    /// The exercises to grade; without any: the next one of the curriculum that is not accepted
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<String>,
    /// Grade every exercise
    #[arg(long, conflicts_with = "exercises")]
    pub(crate) all: bool,
    /// Make these checks only: source_rules, build, compile_fail, behaviour, schedules, transcript, timing
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub(crate) only: Vec<Check>,
    /// Grade this instead of your own file: a crate's folder, a folder of .rs files, or one .rs file
    #[arg(long, value_name = "PATH")]
    pub(crate) submission: Option<PathBuf>,
    /// Refuse to run anything unless this machine confines it at least so well: A, B or C (C if no letter is given)
    #[arg(long, value_name = "TIER", num_args = 0..=1, default_missing_value = "C", value_parser = tier, require_equals = true)]
    pub(crate) untrusted: Option<Tier>,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Terminal)]
    pub(crate) format: ReportFormat,
    /// Write the report to a file instead of the standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Show every finding in full, and every item of every check
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Terminal,
    /// For programs; the schema is grader/report.schema.json
    Json,
    /// For continuous integration
    Junit,
    /// For programs that watch: a line of JSON for each step, on the standard output, the report last
    Events,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Replay {
    /// The exercise
    pub(crate) exercise: String,
    /// The scenario, or the beginning of its name; without it: all that failed
    #[arg(value_name = "SCENARIO")]
    pub(crate) scenario: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Hint {
    /// The exercise
    pub(crate) exercise: String,
    /// Show all hints
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Solution {
    /// The exercise
    pub(crate) exercise: String,
    /// Show it although yours is not accepted yet; this is recorded
    #[arg(long)]
    pub(crate) give_up: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProgressReport {
    /// The form of the report
    #[arg(long, value_enum, default_value_t = PageFormat::Html)]
    pub(crate) format: PageFormat,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = "progress.html")]
    pub(crate) output: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageFormat {
    /// One page that needs no network and no other file
    Html,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Reset {
    /// The exercise
    pub(crate) exercise: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The folder: a new one, an empty one, or a workspace
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Author {
    #[command(subcommand)]
    pub(crate) command: AuthorCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuthorCommand {
    /// Check the checks: reference and accepted variants pass, every rejected variant is caught by the check it names
    Verify(Verify),
    /// Edit a variant: opens its whole source, and writes it back as a patch
    Variant(Variant),
    /// Carry the variants of an exercise over to a reference that you have changed
    Rebase(Rebase),
    /// Lay out the folders of a new exercise
    New(New),
    /// Run every reference and accepted variant many times (schedules in every tenth) and count wrong verdicts
    Soak(Soak),
    /// Show what finds each rejected variant out: behaviour tests, run again and again, or schedules
    Detect(Detect),
    /// Change the references in small ways and count what the checks notice
    Mutate(Mutate),
    /// Measure how long a learner waits, against plain cargo test
    Bench(Bench),
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Verify {
    /// The exercises to verify; behind an exercise, single variants of it (rejected/NAME, or a path)
    #[arg(value_name = "EXERCISE", required_unless_present_any = ["all", "changed"])]
    pub(crate) exercises: Vec<String>,
    /// Verify every exercise
    #[arg(long, conflicts_with_all = ["exercises", "changed"])]
    pub(crate) all: bool,
    /// Verify what differs from a Git revision (HEAD, if none is named): exercises, or only their variants
    #[arg(long, value_name = "REVISION", num_args = 0..=1, default_missing_value = "HEAD", conflicts_with = "exercises")]
    pub(crate) changed: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Variant {
    /// The exercise
    pub(crate) exercise: String,
    /// The variant: rejected/NAME, accepted/NAME, or NAME
    pub(crate) name: String,
    /// Begin a new one
    #[arg(long)]
    pub(crate) new: bool,
    /// Make it a change of this accepted variant (accepted/NAME) instead of the reference
    #[arg(long, value_name = "ACCEPTED")]
    pub(crate) of: Option<String>,
    /// Write the source to edit into this file, and open no editor
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    pub(crate) output: Option<PathBuf>,
    /// Take the edited source from this file (as --output wrote it), and open no editor
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Rebase {
    /// The exercises
    #[arg(value_name = "EXERCISE", required = true)]
    pub(crate) exercises: Vec<String>,
    /// The Git revision at which the patches fitted
    #[arg(long, value_name = "REVISION", default_value = "HEAD")]
    pub(crate) from: String,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// Two digits (chapter and section), '_', and a name in snake case
    #[arg(value_name = "NN_slug")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Soak {
    /// The exercises; without any: all
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<String>,
    /// How often each is run, after it was compiled once
    #[arg(long, short = 'n', default_value_t = 200)]
    pub(crate) times: usize,
    /// Keep every core busy with other work meanwhile
    #[arg(long)]
    pub(crate) load: bool,
    /// Leave timing out
    #[arg(long)]
    pub(crate) without_timing: bool,
    /// Only explore: every scenario with the random schedules of so many gradings
    #[arg(long, conflicts_with = "without_timing")]
    pub(crate) schedules: bool,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Detect {
    /// The exercises; without any: all
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<String>,
    /// How often the behaviour tests are run, at most
    #[arg(long, short = 'n', default_value_t = 100)]
    pub(crate) times: usize,
    /// All rejected variants, not only those that schedules are meant to catch
    #[arg(long)]
    pub(crate) every: bool,
}

#[derive(Debug, Args)]
#[command(after_help = NAMES)]
pub(crate) struct Mutate {
    /// The exercises; without any: all
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<String>,
    /// Only mutants with this in their name (as --list shows it)
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// Only list the mutants
    #[arg(long)]
    pub(crate) list: bool,
    /// Show what became of each mutant, not only of those that no check notices
    #[arg(long, conflicts_with = "list")]
    pub(crate) every: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Rounds, alternated between the grader and plain cargo test
    #[arg(long, short = 'n', default_value_t = 9)]
    pub(crate) rounds: usize,
    /// The exercises; without any: read_write_lock and gather
    #[arg(value_name = "EXERCISE")]
    pub(crate) exercises: Vec<String>,
}
