//! The kit of an exercise: what its hidden tests are compiled with, built once by Cargo, used by every grading.
//!
//! A kit is a generated Cargo project with the `[dependencies]` of `tests/NN_slug/Cargo.toml`. Exercises with the same
//! dependencies share one, and all kits share what they have in common: one folder of Cargo's for all. A kit is built again when
//! the toolchain, the lock file, or the grader's own crates change.

use crate::compile::closure;
use crate::compile::toolchain::Toolchain;
use crate::exercise::catalog::Exercise;
use crate::home::workspace::Workspace;
use crate::run::effort::Purpose;
use crate::run::processes;
use crate::trouble::{Context, Trouble, make_folder, read, write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use verdict::Event;

/// What a kit, and everything compiled with it, is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Facts and transcripts: fast to compile.
    Judge,
    /// Scenarios: the submission sees `interleave` in place of std. What explores is optimised, what is explored compiles fast.
    Explore,
    /// Workloads: optimised.
    Time,
}

/// What takes the place of a crate under exploration: the name in code, the package, its folder below `grader/`.
const STAND_INS: [(&str, &str, &str); 3] = [
    ("std", "interleave", "interleave"),
    ("tokio", "interleave-tokio", "interleave/tokio"),
    ("crossbeam", "interleave-crossbeam", "interleave/crossbeam"),
];

impl Mode {
    /// The optimisation level of everything in this mode.
    pub const fn opt_level(self) -> &'static str {
        match self {
            Mode::Judge => "1",
            Mode::Explore | Mode::Time => "2",
        }
    }

    /// The name of its folders.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Judge => "judge",
            Mode::Explore => "explore",
            Mode::Time => "time",
        }
    }
}

/// A built kit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kit {
    key: String,
    /// The library file of each direct dependency, by the name that code uses.
    pub libraries: BTreeMap<String, PathBuf>,
    /// The folder of all libraries, direct or not.
    pub folder: PathBuf,
    /// For each direct dependency, the crates of which code comes with it: its own, and those that it depends on.
    pub closures: BTreeMap<String, BTreeSet<String>>,
}

impl Kit {
    /// The kit of an exercise in one mode, built if need be.
    ///
    /// # Errors
    /// If a manifest is broken, or Cargo cannot build the dependencies (no network on the first use, say).
    pub fn of(
        workspace: &Workspace,
        toolchain: &Toolchain,
        exercise: &Exercise,
        mode: Mode,
        watch: &dyn Fn(Event),
    ) -> Result<Kit, Trouble> {
        let mut dependencies = dependencies(workspace, exercise)?;
        if mode == Mode::Explore {
            replace(&mut dependencies, workspace);
        }
        let manifest = manifest(&dependencies, mode)?;
        let folder = workspace.target.join("kits").join(format!("{}-{:016x}", mode.name(), hash(&manifest)));
        let key = format!("{:016x}", hash(&(&manifest, toolchain, sources(workspace, mode)?)));
        if let Some(kit) = existing(&folder, &key) {
            return Ok(kit);
        }
        make_folder(&folder)?;
        let lock = File::create(folder.join("lock")).ours(format_args!("cannot write in {}", folder.display()))?;
        if lock.try_lock().is_err() {
            watch(Event::Preparing { what: "another grader prepares the same dependencies; waiting for it".into() });
            lock.lock().ours("cannot lock the kit")?;
        }
        // The other grader may have built it.
        if let Some(kit) = existing(&folder, &key) {
            return Ok(kit);
        }
        let kit = build(workspace, toolchain, &folder, &manifest, &packages(&dependencies), key, watch)?;
        write(&folder.join("kit.json"), &serde_json::to_string_pretty(&kit).ours("cannot write JSON")?)?;
        Ok(kit)
    }
}

impl Kit {
    /// The crates of which code comes with these direct dependencies.
    pub fn crates_behind(&self, names: &[String]) -> BTreeSet<String> {
        let closures = names.iter().filter_map(|name| self.closures.get(&name.replace('-', "_")));
        closures.flatten().cloned().collect()
    }
}

fn existing(folder: &Path, key: &str) -> Option<Kit> {
    let kit: Kit = serde_json::from_str(&std::fs::read_to_string(folder.join("kit.json")).ok()?).ok()?;
    (kit.key == key && kit.libraries.values().all(|library| library.exists())).then_some(kit)
}

/// The `[dependencies]` of the hidden tests, made absolute, without the subject.
fn dependencies(workspace: &Workspace, exercise: &Exercise) -> Result<toml::Table, Trouble> {
    let path = exercise.tests.join("Cargo.toml");
    let manifest: toml::Table = toml::from_str(&read(&path)?).usage(path.display())?;
    let shared_path = workspace.content.join("Cargo.toml");
    let shared: toml::Table = toml::from_str(&read(&shared_path)?).usage(shared_path.display())?;
    let shared = shared.get("workspace").and_then(|table| table.get("dependencies")).and_then(toml::Value::as_table);
    let wanted = manifest.get("dependencies").and_then(toml::Value::as_table).cloned().unwrap_or_default();
    let mut result = toml::Table::new();
    for (name, value) in wanted.into_iter().filter(|(name, _)| name != "subject") {
        let mut table = as_table(value);
        let inherited = table.remove("workspace").is_some();
        if let Some(Some(base)) = inherited.then(|| shared?.get(&name).cloned()) {
            let mut base = as_table(base);
            let features = |table: &toml::Table| table.get("features").and_then(|list| list.as_array().cloned());
            let all: Vec<_> = [features(&base), features(&table)].into_iter().flatten().flatten().collect();
            base.insert("features".into(), all.into());
            table = base;
        }
        if let Some(relative) = table.get("path").and_then(toml::Value::as_str) {
            // The grader's own crates are where the grader is, whoever's workspace is graded.
            let own =
                relative.strip_prefix("grader/").map(|own| workspace.grader.join(own)).filter(|path| path.exists());
            let absolute = own.unwrap_or_else(|| workspace.content.join(relative));
            table.insert("path".into(), absolute.display().to_string().into());
        }
        result.insert(name, table.into());
    }
    Ok(result)
}

/// Puts the stand-ins in the place of what schedules cannot be explored through.
fn replace(dependencies: &mut toml::Table, workspace: &Workspace) {
    dependencies.entry("std").or_insert_with(|| toml::Table::new().into());
    for (name, package, folder) in STAND_INS {
        if let Some(entry) = dependencies.get_mut(name) {
            let path = workspace.grader.join(folder).display().to_string();
            *entry = toml::Table::from_iter([("package".into(), package.into()), ("path".into(), path.into())]).into();
        }
    }
    if let Some(harness) = dependencies.get_mut("harness").and_then(toml::Value::as_table_mut) {
        harness.insert("features".into(), vec!["explore"].into());
    }
}

/// The name that code uses for each package.
fn packages(dependencies: &toml::Table) -> BTreeMap<String, String> {
    let package = |name: &str, value: &toml::Value| {
        let renamed = value.get("package").and_then(toml::Value::as_str);
        renamed.unwrap_or(name).to_owned()
    };
    dependencies.iter().map(|(name, value)| (package(name, value), name.replace('-', "_"))).collect()
}

fn as_table(value: toml::Value) -> toml::Table {
    match value {
        toml::Value::Table(table) => table,
        version => toml::Table::from_iter([("version".to_owned(), version)]),
    }
}

fn manifest(dependencies: &toml::Table, mode: Mode) -> Result<String, Trouble> {
    let level: i64 = mode.opt_level().parse().unwrap_or(0);
    let mut manifest: toml::Table = toml::from_str(
        r#"
        [package]
        name = "kit"
        version = "0.0.0"
        edition = "2024"
        [lib]
        path = "kit.rs"
        [workspace]
        [profile.dev]
        debug = false
        incremental = false
        "#,
    )
    .ours("our own template")?;
    if let Some(profile) = manifest.get_mut("profile").and_then(|table| table.get_mut("dev")) {
        profile.as_table_mut().map(|table| table.insert("opt-level".into(), level.into()));
    }
    manifest.insert("dependencies".into(), dependencies.clone().into());
    toml::to_string(&manifest).ours("cannot write TOML")
}

/// What the kit depends on beside its manifest: the lock file and the sources of the grader's own crates.
fn sources(workspace: &Workspace, mode: Mode) -> Result<u64, Trouble> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(lock_file(workspace)).unwrap_or_default().hash(&mut hasher);
    let own: &[&str] = if mode == Mode::Explore { &["harness", "interleave", "probe"] } else { &["harness", "probe"] };
    for own in own {
        // A crate's own tests are no part of a kit, and reading them all takes time that a learner waits.
        let is_built =
            |entry: &walkdir::DirEntry| !["tests", "benches", "examples"].iter().any(|own| entry.file_name() == *own);
        let files = walkdir::WalkDir::new(workspace.grader.join(own)).sort_by_file_name().into_iter();
        for entry in files.filter_entry(is_built) {
            let entry = entry.ours("cannot read the grader's own crates")?;
            if entry.file_type().is_file() {
                std::fs::read(entry.path()).unwrap_or_default().hash(&mut hasher);
            }
        }
    }
    Ok(hasher.finish())
}

fn lock_file(workspace: &Workspace) -> PathBuf {
    let own = workspace.content.join("Cargo.lock");
    if own.exists() { own } else { workspace.grader.join("../Cargo.lock") }
}

fn build(
    workspace: &Workspace,
    toolchain: &Toolchain,
    folder: &Path,
    manifest: &str,
    names: &BTreeMap<String, String>,
    key: String,
    watch: &dyn Fn(Event),
) -> Result<Kit, Trouble> {
    watch(Event::Preparing { what: "building what the hidden tests need (once)".into() });
    write(&folder.join("Cargo.toml"), manifest)?;
    write(&folder.join("kit.rs"), "")?;
    // The versions that the whole workspace is tested with.
    if let Ok(lock) = std::fs::read_to_string(lock_file(workspace)) {
        write(&folder.join("Cargo.lock"), &lock)?;
    }
    let built = workspace.target.join("kits/built");
    let mut command = Command::new(&toolchain.cargo);
    command
        .args(["build", "--message-format=json-render-diagnostics", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&built)
        .current_dir(folder)
        .env("RUSTC", &toolchain.rustc)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        let steers = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PROFILE") || name.starts_with("CARGO_BUILD") || name.starts_with("CARGO_TARGET")
        });
        if steers || ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER"].iter().any(|each| name == *each) {
            command.env_remove(name);
        }
    }
    let mut process = processes::spawn(&mut command).ours("cannot run cargo")?;
    process.purpose = Purpose::Dependencies;
    let stderr = process.child.stderr.take();
    let words = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.map(|mut stderr| stderr.read_to_string(&mut text));
        text
    });
    let mut libraries = BTreeMap::new();
    for line in BufReader::new(process.child.stdout.take().into_iter().next().ok_or(Trouble::Interrupted)?).lines() {
        let line = line.ours("cannot hear cargo")?;
        let Ok(message) = serde_json::from_str::<Message>(&line) else { continue };
        let Some(target) = message.target.filter(|_| message.reason == "compiler-artifact") else { continue };
        watch(Event::Preparing { what: format!("built {}", target.name) });
        let library = message.filenames.into_iter().find(|file| file.extension().is_some_and(|e| e == "rlib"));
        if let (Some(library), Some(name)) = (library, names.get(package_of(&message.package_id))) {
            libraries.insert(name.clone(), library);
        }
    }
    let end = process.wait().ours("cannot wait for cargo")?;
    let words = words.join().unwrap_or_default();
    if processes::interrupted() {
        return Err(Trouble::Interrupted);
    }
    if end != processes::End::Exited(0) {
        return Err(Trouble::Ours(format!(
            "cargo could not build what the hidden tests need (in {}):\n{}",
            folder.display(),
            words.trim_end()
        )));
    }
    // Cargo has written which package depends on which.
    let closures = closure::closures(&read(&folder.join("Cargo.lock"))?, names)?;
    Ok(Kit { key, libraries, folder: built.join("debug/deps"), closures })
}

/// The package's name in Cargo's identifier: `…/folder#name@1.0.0`, or `…/name#1.0.0`.
fn package_of(id: &str) -> &str {
    let (place, version) = id.rsplit_once('#').unwrap_or(("", id));
    version.split_once('@').map_or_else(|| place.rsplit('/').next().unwrap_or(place), |(name, _)| name)
}

/// The part of Cargo's messages that matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    package_id: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

pub(crate) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
