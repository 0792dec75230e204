//! A small copy of the workspace in a folder of its own, and the grader run in it.
//!
//! Each replica has the two exercises made of `tests/fixture`: `12_latch`, which has no timing, so that one grading is
//! complete on any machine, and `13_latch_again`, which has. All replicas share what the grader builds, under Cargo's folder
//! for tests, and the kits with the workspace, so that they are built once.

use engine::exercise::catalog::Exercise;
use engine::exercise::starter;
use engine::home::workspace::Workspace;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// Nothing here takes nearly as long, on any machine.
const LONGEST: Duration = Duration::from_secs(120);

/// A copy of the workspace.
pub(crate) struct Replica {
    folder: TempDir,
}

/// How one run of the grader ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Every file of a folder, with what is in it and when it was changed.
pub(crate) type Listing = BTreeMap<PathBuf, (SystemTime, Vec<u8>)>;

impl Replica {
    /// A copy with the two small exercises.
    pub(crate) fn new() -> Replica {
        let replica = Replica { folder: tempfile::tempdir().unwrap() };
        let (root, workspace) = (replica.root(), workspace());
        for tree in ["exercises", "solutions", "tests"] {
            copy(&fixture().join(tree), &root.join(tree));
            again(&root.join(tree));
        }
        let checks = root.join("tests/13_latch_again/checks.toml");
        let text = fs::read_to_string(&checks).unwrap().replace("transcript = 10", "transcript = 10\ntiming = 15");
        let text = text.replace("1.2", "1.3");
        fs::write(&checks, text + "\n[timing.many_pass]\nratio = 8.0\n").unwrap();
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(workspace.join(file), root.join(file)).unwrap();
        }
        replica.write(
            "curriculum.md",
            "| § | Exercise | Trains |\n|---|---|---|\n\
             | 1.2 | [A latch](exercises/12_latch/README.md) | waiting |\n\
             | 1.3 | [A latch again](exercises/13_latch_again/README.md) | waiting |\n\
             | 3.4 | [A lock](exercises/34_read_write_lock/README.md) | readers and writers |\n\
             | 9.9 | Something else | coming |\n",
        );
        replica.carry_starters();
        symlink(workspace.join("grader"), root.join("grader")).unwrap();
        fs::create_dir_all(shared()).unwrap();
        let kits = workspace.join("target/grader/kits");
        fs::create_dir_all(&kits).unwrap();
        // Another test may have made it.
        let _ = symlink(kits, shared().join("kits"));
        fs::create_dir(root.join("target")).unwrap();
        symlink(shared(), root.join("target/grader")).unwrap();
        replica
    }

    /// The same, and a real exercise.
    pub(crate) fn with_a_real_exercise() -> Replica {
        let replica = Replica::new();
        for tree in ["exercises", "solutions", "tests"] {
            let folder = Path::new(tree).join("34_read_write_lock");
            copy(&workspace().join(&folder), &replica.root().join(&folder));
        }
        // The copy in the workspace may hold somebody's solution.
        let folder = Exercise::read(&Workspace::at(&workspace()), "34_read_write_lock").unwrap();
        replica.write("exercises/34_read_write_lock/src/lib.rs", &starter::text(&folder).unwrap());
        replica.carry_starters();
        replica
    }

    /// Keeps the exercises as they are now as their starters, as an installed grader does. A replica has no Git.
    fn carry_starters(&self) {
        fs::create_dir_all(self.path(starter::CARRIED)).unwrap();
        for entry in fs::read_dir(self.path("exercises")).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            fs::copy(entry.path().join("src/lib.rs"), self.path(&format!("{}/{name}.rs", starter::CARRIED))).unwrap();
        }
    }

    /// The starter of an exercise.
    pub(crate) fn starter(&self, exercise: &str) -> String {
        self.read(&format!("{}/{exercise}.rs", starter::CARRIED))
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// Puts the reference in the learner's place.
    pub(crate) fn solve(&self) {
        self.write("exercises/12_latch/src/lib.rs", &self.read("solutions/12_latch/src/lib.rs"));
    }

    /// Puts a rejected variant in the learner's place.
    pub(crate) fn submit(&self, variant: &str) {
        self.write("exercises/12_latch/src/lib.rs", &self.read(&format!("tests/12_latch/rejected/{variant}.rs")));
    }

    /// The grader, ready to be started: outside a terminal, 100 columns wide.
    pub(crate) fn grader(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
        command.args(arguments).current_dir(self.root()).env("COLUMNS", "100").stdin(Stdio::null());
        command.env_remove("NO_COLOR").env_remove("TERM");
        command
    }

    /// Runs the grader to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.grader(arguments))
    }

    /// Starts the grader; its output can be had at the end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.grader(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What the history holds, an entry a line.
    pub(crate) fn history(&self) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(self.path(".grader/attempts.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Everything in the replica but what the grader keeps for itself.
    pub(crate) fn listing(&self) -> Listing {
        let mut listing = Listing::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() && ![".grader", "target"].iter().any(|own| entry.file_name() == *own) {
                    listing.insert(path.clone(), (entry.metadata().unwrap().modified().unwrap(), Vec::new()));
                    folders.push(path);
                } else if kind.is_file() {
                    let changed = entry.metadata().unwrap().modified().unwrap();
                    listing.insert(path.clone(), (changed, fs::read(path).unwrap()));
                }
            }
        }
        listing
    }
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Ran {
        command.output().unwrap().into()
    }

    /// The end of a grader that was started.
    pub(crate) fn end_of(child: Child) -> Ran {
        child.wait_with_output().unwrap().into()
    }

    /// Insists on an exit code; shows everything otherwise.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "\n{}{}", self.out, self.err);
        self
    }

    /// Insists that the standard output has these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Ran {
        has(&self.out, words);
        self
    }

    /// Insists that the standard error has these words.
    #[track_caller]
    pub(crate) fn complains(self, words: &[&str]) -> Ran {
        has(&self.err, words);
        self
    }

    /// Insists that the standard error is one line only, apart from what is said about building a kit.
    #[track_caller]
    pub(crate) fn in_one_line(self) -> Ran {
        let lines = self.err.lines().filter(|line| !line.contains("(once)") && !line.contains("waiting for it"));
        assert_eq!(lines.count(), 1, "\n{}", self.err);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "there is no '{word}' in\n{text}");
    }
}

/// Waits until something is there; that is all that is waited for, and the limit is generous.
#[track_caller]
pub(crate) fn until<T>(what: impl Debug, look: impl FnMut() -> Option<T>) -> T {
    until_or(look, || format!("{what:?}"))
}

/// The same; what was waited for in vain is described at the end.
#[track_caller]
pub(crate) fn until_or<T>(mut look: impl FnMut() -> Option<T>, what: impl Fn() -> String) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < LONGEST, "waited in vain for {}", what());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What all replicas build in.
pub(crate) fn shared() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("grader")
}

/// The workspace that this test belongs to.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture")
}

/// Makes `13_latch_again` out of the copy of `12_latch`.
fn again(tree: &Path) {
    copy(&tree.join("12_latch"), &tree.join("13_latch_again"));
    let manifest = tree.join("13_latch_again/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(manifest, text.replace("12_latch", "13_latch_again").replace("latch\"", "latch_again\"")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
