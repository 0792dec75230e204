//! The stand-in under its alias: a crate whose `std` it is compiles unchanged, misses nothing, and reaches nothing else.
//!
//! If a compiler ever refuses the alias, these tests say so first.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the test's own library was built, and where to build.
struct Built {
    rlib: PathBuf,
    dependencies: PathBuf,
    scratch: PathBuf,
}

impl Built {
    /// For a test of that name; each has its own folder.
    fn new(test: &str) -> Built {
        // …/target/debug/deps/conformance-…
        let own = env::current_exe().expect("a test has a path");
        let dependencies = own.parent().expect("a test is in a folder").to_owned();
        let profile = dependencies.parent().expect("the folder of a profile");
        let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("alias").join(test);
        std::fs::create_dir_all(&scratch).expect("the folder for temporary files can be written to");
        Built { rlib: rlib(profile), dependencies, scratch }
    }

    /// The compiler, for a file of the folder `alias`.
    fn rustc(&self, file: &str) -> Command {
        self.compiler(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/alias").join(file))
    }

    fn compiler(&self, file: &Path) -> Command {
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--edition=2024", "--cap-lints=warn", "-L"])
            .arg(dependency_path("dependency=", &self.dependencies));
        rustc.arg("--out-dir").arg(&self.scratch).arg(file);
        rustc
    }

    /// The compiler, with the stand-in as `std`.
    fn rustc_with_alias(&self, file: &str) -> Command {
        self.with_alias(self.rustc(file))
    }

    fn with_alias(&self, mut rustc: Command) -> Command {
        rustc.args(["--crate-type=lib", "--extern"]).arg(dependency_path("std=", &self.rlib));
        rustc
    }

    /// What the compiler says about a line that uses what has no stand-in.
    fn refuses(&self, line: &str) -> String {
        let file = self.scratch.join("refused.rs");
        std::fs::write(&file, line).expect("a temporary file can be written");
        let output = run(self.with_alias(self.compiler(&file)).arg("--emit=metadata"));
        assert!(!output.status.success(), "`{line}` compiles");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn dependency_path(prefix: &str, path: &Path) -> std::ffi::OsString {
    let mut argument = std::ffi::OsString::from(prefix);
    argument.push(path);
    argument
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The library, as Cargo has just built it for this test. Beside it may lie others, built with other options: Cargo knows.
fn rlib(profile: &Path) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--package=interleave", "--lib", "--message-format=json", "--target-dir"]);
    cargo.arg(profile.parent().expect("the target folder")).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let messages = succeeds(&mut cargo);
    let names = messages.split('"').filter(|text| text.ends_with(".rlib"));
    let is_ours =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libinterleave"));
    let ours = names.map(PathBuf::from).find(is_ours);
    ours.unwrap_or_else(|| panic!("Cargo names no library:\n{messages}"))
}

#[test]
fn the_api_is_complete() {
    let built = Built::new("api");
    succeeds(built.rustc("api.rs").args(["--crate-type=lib", "--emit=metadata", "--crate-name=real_api"]));
    succeeds(built.rustc_with_alias("api.rs").arg("--emit=metadata"));
}

#[test]
fn plain_code_is_explored_through_the_alias() {
    let built = Built::new("plain");
    succeeds(&mut built.rustc_with_alias("plain.rs"));
    let mut runner = built.rustc("runner.rs");
    runner.arg("--extern").arg(dependency_path("interleave=", &built.rlib));
    runner.arg("--extern").arg(dependency_path("plain=", &built.scratch.join("libplain.rlib")));
    succeeds(&mut runner);
    let printed = succeeds(&mut Command::new(built.scratch.join("runner")));
    // The plain code prints, but a thousand schedules would print a thousand times.
    assert_eq!(printed.trim(), "explored");
}

#[test]
fn what_has_no_stand_in_does_not_compile() {
    let built = Built::new("refused");
    for (line, name) in [
        ("use std::net::TcpListener;", "`net`"),
        ("use std::net::UdpSocket;", "`net`"),
        ("use std::os::unix::net::UnixDatagram;", "`os::unix::net`"),
        ("use std::os::unix::fs::PermissionsExt;", "`fs`"),
        ("use std::fs::File;", "`fs`"),
        ("use std::panic::set_hook;", "`std::panic::set_hook`"),
        ("use std::sync::nonpoison::Mutex;", "`nonpoison`"),
        ("use std::thread::sleep_until;", "`std::thread::sleep_until`"),
        ("use std::sync::mpmc;", "`std::sync::mpmc`"),
        ("pub fn real() -> std::os::fd::RawFd { std::io::stdin().lock().into_raw_fd() }", "`into_raw_fd`"),
        ("use std::env::args;", "`env`"),
    ] {
        let said = built.refuses(line);
        assert!(said.contains(name), "`{line}`:\n{said}");
    }
}
