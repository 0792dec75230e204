//! Where Cargo has the source of a crate and what it has built of it. Nothing is fetched.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What Cargo knows of the workspace.
#[derive(Debug)]
pub struct Workspace(Value);

impl Workspace {
    /// Asks Cargo.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn new() -> Workspace {
        let version = said(Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"));
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
        let mut cargo = cargo();
        cargo.args(["metadata", "--offline", "--format-version=1", "--filter-platform", host]);
        Workspace(serde_json::from_str(&said(&mut cargo)).expect("Cargo writes JSON"))
    }

    fn package(&self, name: &str) -> &Value {
        let mut packages = self.0["packages"].as_array().into_iter().flatten();
        // Of several versions the newest, which is the last one.
        let found = packages.rfind(|package| package["name"] == name);
        found.unwrap_or_else(|| panic!("the workspace does not depend on {name}"))
    }

    /// The version of a package.
    #[must_use]
    pub fn version(&self, package: &str) -> &str {
        self.package(package)["version"].as_str().unwrap_or_default()
    }

    /// The first file of a package's library.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn source(&self, package: &str) -> PathBuf {
        let targets = self.package(package)["targets"].as_array().into_iter().flatten();
        let mut files =
            targets.filter(|target| target["kind"][0] == "lib").filter_map(|target| target["src_path"].as_str());
        PathBuf::from(files.next().unwrap_or_else(|| panic!("{package} is no library")))
    }

    /// What these features of a package come to, with those that they need.
    #[must_use]
    pub fn features(&self, package: &str, asked: &[&str]) -> BTreeSet<String> {
        let table = &self.package(package)["features"];
        let mut features = BTreeSet::new();
        let mut rest: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        while let Some(name) = rest.pop() {
            let needed = table[&name].as_array().into_iter().flatten().filter_map(Value::as_str);
            rest.extend(needed.filter(|needed| !needed.contains([':', '/'])).map(str::to_owned));
            features.insert(name);
        }
        features
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Workspace::new()
    }
}

/// What Cargo has built for the tests of this crate: the libraries, by the names of their packages' targets.
#[derive(Debug)]
pub struct Built {
    messages: Vec<Value>,
    /// Where all that was built lies.
    pub dependencies: PathBuf,
}

impl Built {
    /// Asks Cargo, from one of the tests. Beside what is meant may lie others, built with other features.
    ///
    /// # Panics
    /// If it does not answer.
    #[must_use]
    pub fn new() -> Built {
        // …/target/debug/deps/surface-…
        let own = std::env::current_exe().expect("a test has a path");
        let dependencies = own.parent().expect("a test is in a folder").to_owned();
        let profile = dependencies.parent().expect("the folder of a profile");
        let mut cargo = cargo();
        cargo.args(["build", "--offline", "--package=surface", "--tests", "--message-format=json", "--target-dir"]);
        cargo.arg(profile.parent().expect("the target folder"));
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let messages = said(&mut cargo).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Built { messages, dependencies }
    }

    /// The library of that name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn library(&self, name: &str) -> PathBuf {
        let artifacts = self.messages.iter().filter(|message| message["target"]["name"] == name);
        let files = artifacts.flat_map(|artifact| artifact["filenames"].as_array().into_iter().flatten());
        let mut libraries = files.filter_map(Value::as_str).filter(|file| file.ends_with(".rlib"));
        PathBuf::from(libraries.next().unwrap_or_else(|| panic!("Cargo has built no library {name}")))
    }
}

impl Default for Built {
    fn default() -> Self {
        Built::new()
    }
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The folder of the workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
