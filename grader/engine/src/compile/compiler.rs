//! Calls the compiler itself, once per crate, and understands its diagnostics.
//!
//! Cargo builds what never changes (the kit); what the learner saved is compiled here, directly: Cargo would cost 80 ms
//! each time, take a lock, and read files that a submission may contain.

use crate::compile::kit::{Kit, Mode};
use crate::compile::read::{Foreign, Own};
use crate::compile::toolchain::Toolchain;
use crate::run::confine::{Access, Confinement, Plan, Quota, files};
use crate::run::effort::Purpose;
use crate::run::processes::{self, End};
use crate::run::sandbox;
use crate::trouble::{Context, Trouble, make_folder};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A compilation that takes more processor time has run away (an endless `const` evaluation, a macro that feeds itself).
const LONGEST: Duration = Duration::from_secs(30);

/// One that takes so long by the clock, too. On a machine that has much else to do, half a minute's work may take many.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// A compilation that takes more private memory than this has run away, too (a constant of terabytes). In bytes.
const MOST_MEMORY: u64 = 2 << 30;

/// The largest file that a compilation can write, in bytes.
const MOST_FILE: u64 = 512 << 20;

/// Threads and processes of a compiler. More than a test may have (see `canary`), and more than any compiler starts.
const MOST_TASKS: u64 = 2048;

/// Diagnostics beyond this are not kept, but for the first error: there is always a reason. In bytes.
const MOST_WORDS: usize = 4 << 20;

/// One crate to compile.
#[derive(Clone, Debug)]
pub struct Unit<'a> {
    /// The root file.
    pub root: &'a Path,
    /// The crate's name.
    pub name: &'a str,
    /// What comes out.
    pub output: Output,
    /// For which purpose.
    pub mode: Mode,
    /// Where dependencies are, and which may be named.
    pub kit: &'a Kit,
    /// The names of crates of the kit that it may name.
    pub crates: Vec<String>,
    /// Other crates: name and library file.
    pub others: Vec<(&'a str, PathBuf)>,
    /// Whether `unsafe` may be written.
    pub allow_unsafe: bool,
    /// Whether it is hidden code of ours (its warnings are nobody's business, and it may see `cfg(graded)`).
    pub ours: bool,
    /// What confines the compiler.
    pub confinement: &'a Confinement,
    /// An empty folder for the launcher.
    pub mount_point: &'a Path,
    /// What it reads besides: files and folders.
    pub reads: Vec<&'a Path>,
    /// Where the results go.
    pub folder: &'a Path,
    /// For a submission: the only files that it may be compiled from.
    pub own: Option<&'a Own>,
    /// The folder the compiler is started in. It is part of a crate's identity: another one makes crates that depend on this
    /// one compile anew.
    pub from: &'a Path,
    /// Whether the compiler keeps, in `folder`, what speeds up the next time.
    pub incremental: bool,
    /// The only hidden test to compile.
    pub chosen: Option<&'a str>,
    /// Whether what somebody waits for may have the cores first.
    pub can_wait: bool,
    /// Whether as many others are compiled beside it as there are cores: then in one piece, which takes less work in all.
    pub one_of_many: bool,
}

/// What comes out of a compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A library, and before it its metadata.
    Library,
    /// The program of a set of hidden tests.
    Tests,
    /// Only the diagnostics.
    Nothing,
}

/// The result of a compilation.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Whether the crate compiled.
    pub success: bool,
    /// It was too much for the compiler, and how.
    pub ran_away: Option<RanAway>,
    /// What it was compiled from and may not be, by name. What the compiler said can then hold the content of these files: there are no
    /// diagnostics, and it counts as not compiled.
    pub foreign: BTreeSet<Foreign>,
    /// What the compiler said, in its order.
    pub diagnostics: Vec<Diagnostic>,
    /// The library or binary.
    pub artifact: PathBuf,
}

/// How a compilation ended that did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RanAway {
    /// It took too long and was stopped.
    Time,
    /// The compiler ran out of memory or stack.
    Memory,
}

impl Compiled {
    /// The errors among the diagnostics, without the closing "aborting due to …".
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|each| each.level == "error" && !each.message.starts_with("aborting due to"))
    }

    /// Whether it failed without an error that has a place in a source file: the disk may be full, the linker killed.
    pub fn failed_nowhere(&self) -> bool {
        !self.success
            && self.foreign.is_empty()
            && self.ran_away.is_none()
            && self.errors().all(|error| error.spans.is_empty())
    }
}

/// One diagnostic of the compiler.
#[derive(Clone, Debug, Deserialize)]
pub struct Diagnostic {
    /// The message without decoration.
    pub message: String,
    /// `error`, `warning`, …
    pub level: String,
    /// Its code, `E0277`.
    pub code: Option<Code>,
    /// The places it is about.
    pub spans: Vec<Span>,
    /// The text as a terminal shows it.
    #[serde(default)]
    pub rendered: Option<String>,
}

/// The code of a diagnostic.
#[derive(Clone, Debug, Deserialize)]
pub struct Code {
    /// `E0277`, or the name of a lint.
    pub code: String,
}

/// A place in a source file.
#[derive(Clone, Debug, Deserialize)]
pub struct Span {
    /// The file as the compiler was given it.
    pub file_name: String,
    /// The first line, counted from 1.
    pub line_start: u32,
    /// The last line.
    pub line_end: u32,
    /// The first column, counted from 1.
    pub column_start: u32,
    /// Whether this is where the fault is, rather than where it comes from.
    pub is_primary: bool,
    /// For a place that a macro made: where the macro was called.
    #[serde(default)]
    pub expansion: Option<Box<Expansion>>,
}

/// Where a macro was called.
#[derive(Clone, Debug, Deserialize)]
pub struct Expansion {
    /// The place of the call.
    pub span: Span,
}

impl Diagnostic {
    /// The code, or nothing.
    pub fn code(&self) -> &str {
        self.code.as_ref().map_or("", |code| &code.code)
    }

    /// The places the diagnostic is mainly about, in the user's own files: macro calls instead of what they expand to.
    pub fn places(&self) -> Vec<&Span> {
        let primary = self.spans.iter().filter(|span| span.is_primary);
        primary.map(|span| span.outermost()).collect()
    }
}

impl Span {
    fn outermost(&self) -> &Span {
        self.expansion.as_ref().map_or(self, |expansion| expansion.span.outermost())
    }
}

#[derive(Deserialize)]
struct Artifact {
    emit: String,
}

/// Compiles one crate. `metadata` is called as soon as crates that depend on this one can be checked; not at all for a submission that
/// is compiled from anything but its own files.
///
/// # Errors
/// If the compiler cannot be run; what it says about the crate is a result.
pub fn compile(toolchain: &Toolchain, unit: &Unit<'_>, metadata: &mut dyn FnMut()) -> Result<Compiled, Trouble> {
    make_folder(unit.folder)?;
    let temporary = unit.folder.join("tmp");
    make_folder(&temporary)?;
    let foreign = || unit.own.map(Own::foreign).unwrap_or_default();
    if let Some(own) = unit.own {
        // What an earlier compilation read says nothing about this one.
        let _ = std::fs::remove_file(&own.list);
    }
    let plan = plan(toolchain, unit, &temporary)?;
    let mut process = unit.confinement.start(&plan, Stdio::null(), Stdio::piped()).ours("cannot run the compiler")?;
    let stderr = process.child.stderr.take().ok_or(Trouble::Interrupted)?;
    let (id, timed_out) = (process.id(), AtomicBool::new(false));
    let (finish, finished) = mpsc::channel::<()>();
    let mut diagnostics = Vec::new();
    let end = std::thread::scope(|scope| {
        let timed_out = &timed_out;
        scope.spawn(move || {
            if finished.recv_timeout(LONGEST_WAIT) == Err(RecvTimeoutError::Timeout) {
                timed_out.store(true, Ordering::Release);
                kill(id);
            }
        });
        let mut words = 0;
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            words += line.len();
            if let Ok(artifact) = serde_json::from_str::<Artifact>(&line) {
                // The list of what was read is written before.
                if artifact.emit == "metadata" && foreign().is_empty() {
                    metadata();
                }
            } else if words > MOST_WORDS && diagnostics.iter().any(is_error) {
                // More is of no use to anybody.
            } else if let Ok(diagnostic) = serde_json::from_str::<Diagnostic>(&line)
                && (words <= MOST_WORDS || is_error(&diagnostic))
            {
                diagnostics.push(diagnostic);
            }
        }
        drop(finish);
        process.wait()
    });
    let end = end.ours("cannot wait for the compiler")?;
    if processes::interrupted() {
        return Err(Trouble::Interrupted);
    }
    let success = end == End::Exited(0);
    let ran_away = match end {
        _ if timed_out.into_inner() => Some(RanAway::Time),
        End::Signalled(libc::SIGXCPU) => Some(RanAway::Time),
        End::Signalled(libc::SIGABRT | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL) => Some(RanAway::Memory),
        _ => None,
    };
    let artifact = unit.folder.join(file_name(unit));
    let foreign = foreign();
    if !foreign.is_empty() {
        return Ok(Compiled { success: false, ran_away: None, foreign, diagnostics: Vec::new(), artifact });
    }
    if !success && ran_away.is_none() && !diagnostics.iter().any(is_error) {
        return Err(Trouble::Ours(format!("the compiler ended without a word ({end:?}); is the disk full?")));
    }
    Ok(Compiled { success, ran_away, foreign, diagnostics, artifact })
}

/// The compiler, and what it can reach: the system, the toolchain, what is to be compiled, and the folder for what comes out.
fn plan(toolchain: &Toolchain, unit: &Unit<'_>, temporary: &Path) -> Result<Plan, Trouble> {
    make_folder(unit.mount_point)?;
    for folder in [unit.folder, temporary] {
        files::hand_over(folder, unit.confinement).ours(format_args!("cannot give {} away", folder.display()))?;
    }
    let mut reads = files::system();
    reads.extend(unit.reads.iter().map(|path| path.to_path_buf()));
    reads.extend([toolchain.sysroot.clone(), unit.kit.folder.clone()]);
    reads.extend(toolchain.linker.clone());
    reads.extend(unit.kit.libraries.values().cloned());
    reads.extend(unit.others.iter().map(|(_, path)| path.clone()));
    let mut environment = sandbox::environment();
    environment.push(("TMPDIR".into(), temporary.into()));
    // The linker is where the user has it.
    environment.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
    Ok(Plan {
        program: toolchain.rustc.clone(),
        arguments: arguments(toolchain, unit),
        environment,
        folder: Some(unit.from.to_owned()),
        mount_point: unit.mount_point.to_owned(),
        access: Access { reads, writes: vec![unit.folder.to_owned()], ..Access::default() },
        quota: Quota { memory: MOST_MEMORY, cpu: LONGEST.as_secs(), file: MOST_FILE, tasks: MOST_TASKS, scratch: 4096 },
        gives_way: unit.can_wait,
        purpose: match unit.own {
            Some(_) => Purpose::Submission,
            None if unit.chosen.is_some() => Purpose::OneTest,
            None => Purpose::HiddenTests,
        },
        ..Plan::default()
    })
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.level.starts_with("error")
}

/// The watchdog's kill: the group of a process that is being waited for by another thread.
fn kill(id: u32) {
    // SAFETY: the process has not been reaped: its reader has not seen the end of its stderr yet.
    unsafe { libc::kill(-(id as i32), libc::SIGKILL) };
}

fn file_name(unit: &Unit<'_>) -> String {
    match unit.output {
        Output::Library => format!("lib{}.rlib", unit.name),
        Output::Tests | Output::Nothing => unit.name.to_owned(),
    }
}

fn arguments(toolchain: &Toolchain, unit: &Unit<'_>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut add = |parts: &[&str]| arguments.extend(parts.iter().map(OsString::from));
    add(&["--edition=2024", "--crate-name", unit.name, "--error-format=json"]);
    // A counterexample names the functions and lines that led to each step.
    let debug_info = if unit.mode == Mode::Explore { "-Cdebuginfo=line-tables-only" } else { "-Cdebuginfo=0" };
    add(&["--json=artifacts", debug_info]);
    match unit.output {
        Output::Library if unit.own.is_some() => add(&["--crate-type=rlib"]),
        Output::Library => add(&["--crate-type=rlib", "--emit=metadata,link"]),
        Output::Tests => add(&["--crate-type=bin", "--emit=link"]),
        Output::Nothing => add(&["--crate-type=lib", "--emit=metadata"]),
    }
    if unit.mode == Mode::Time {
        add(&["-Copt-level=2"]);
    } else if unit.one_of_many {
        // Never where time is measured: what is compiled in pieces runs at another speed.
        add(&["-Ccodegen-units=1"]);
    }
    if !unit.allow_unsafe {
        add(&["-Funsafe_code"]);
    }
    if unit.ours {
        add(&["--cap-lints=allow", "--cfg=graded"]);
        if let Some(name) = unit.chosen {
            add(&["--cfg=chosen", &format!("--cfg=chosen={name:?}")]);
        }
    }
    if let Some(folder) = &toolchain.linker
        && unit.output == Output::Tests
    {
        let folder = format!("-Clink-arg=-B{}", folder.display());
        add(&["-Clinker-features=-lld", &folder, "-Clink-arg=-fuse-ld=lld"]);
    }
    let pair = |name: &str, library: &Path| {
        let mut text = OsString::from(format!("{name}="));
        text.push(library);
        text
    };
    for name in &unit.crates {
        if let Some(library) = unit.kit.libraries.get(&name.replace('-', "_")) {
            arguments.extend(["--extern".into(), pair(&name.replace('-', "_"), library)]);
        }
    }
    for (name, library) in &unit.others {
        arguments.extend(["--extern".into(), pair(name, library)]);
    }
    arguments.extend(["-L".into(), pair("dependency", &unit.kit.folder), "--out-dir".into(), unit.folder.into()]);
    if let Some(own) = unit.own {
        // The names of its symbols then say which crate made them.
        arguments.push("-Csymbol-mangling-version=v0".into());
        let mut emit = OsString::from("--emit=metadata,link,dep-info=");
        emit.push(&own.list);
        let mut remap = own.folder.clone().into_os_string();
        remap.push("=");
        remap.push(&own.shown_as);
        arguments.extend([emit, "--remap-path-prefix".into(), remap]);
    }
    if unit.incremental {
        let mut text = OsString::from("-Cincremental=");
        text.push(unit.folder.join("state"));
        arguments.push(text);
    }
    arguments.push(unit.root.into());
    arguments
}
