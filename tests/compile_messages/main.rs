//! Pins the compiler's whole messages for every reference, so that an exercise whose refusals become unreadable is noticed.
//! A submission is judged by error code and line only.
//!
//! The cases of all exercises are one trybuild project: a project of its own for each would check the same dependencies once for
//! each. A case names the crate under test `subject`. Here every reference has its own name, so a copy of each case is compiled
//! that has one more line, below all others.
//!
//! `TRYBUILD=overwrite cargo test -p tests-compile_messages` writes the `.stderr` files beside the cases.

use std::fs;
use std::path::{Path, PathBuf};

/// The compiler whose messages are pinned; with another one the messages may be worded otherwise,
/// and only the error codes and lines are judged (by the grader).
const PINNED_COMPILER: &str = "1.95";

/// Whether the compiler in use is the one whose messages are pinned. Says so on stderr if not. Where the sources of std are
/// installed (the component `rust-src`), the same compiler quotes from them, and the messages are others.
fn pinned_compiler() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let answer = |argument: &[&str]| {
        let output = std::process::Command::new(&rustc).args(argument).output().map(|output| output.stdout);
        String::from_utf8(output.unwrap_or_default()).unwrap_or_default().trim().to_owned()
    };
    let version = answer(&["--version"]);
    if !version.starts_with(&format!("rustc {PINNED_COMPILER}.")) {
        eprintln!("messages are pinned for rustc {PINNED_COMPILER}, this is {version}: not compared");
        return false;
    }
    let quotes = std::path::Path::new(&answer(&["--print", "sysroot"])).join("lib/rustlib/src/rust/library").exists();
    if quotes {
        eprintln!("messages are pinned without the component rust-src, which is installed: not compared");
    }
    !quotes
}

/// The cases that must be refused, of all exercises: `tests/NN_slug/compile_fail/NAME.rs`.
fn cases() -> Vec<PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate lies beside the exercises' tests");
    let mut cases = Vec::new();
    for exercise in fs::read_dir(tests).unwrap().map(Result::unwrap) {
        // An exercise without such cases has no such folder.
        let Ok(files) = fs::read_dir(exercise.path().join("compile_fail")) else { continue };
        let paths = files.map(|file| file.unwrap().path());
        cases.extend(paths.filter(|path| path.extension().is_some_and(|ending| ending == "rs")));
    }
    cases.sort();
    cases
}

/// The name of the folder so many levels above a file.
fn folder(path: &Path, levels: usize) -> &str {
    path.ancestors().nth(levels).and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default()
}

/// The file with the pinned messages of a case.
fn messages(case: &Path) -> PathBuf {
    case.with_extension("stderr")
}

/// Copies a case and its messages to where trybuild finds them: `cases/NN_slug/NAME.rs`.
fn copy(case: &Path) -> PathBuf {
    let exercise = folder(case, 2);
    let copy = Path::new("cases").join(exercise).join(case.file_name().expect("a case is a file"));
    let (_, slug) = exercise.split_once('_').expect("an exercise has a number and a name");
    let text = fs::read_to_string(case).unwrap();
    fs::create_dir_all(copy.parent().expect("it lies in a folder")).unwrap();
    fs::write(&copy, format!("{text}\nuse solution_{slug} as subject;\n")).unwrap();
    if let Ok(text) = fs::read_to_string(messages(case)) {
        fs::write(messages(&copy), text.replace("compile_fail/", &format!("cases/{exercise}/"))).unwrap();
    }
    copy
}

#[test]
fn every_reference_refuses_misuse_in_the_pinned_words() {
    if !pinned_compiler() {
        return;
    }
    // What a case was called once must not be compiled any more.
    let _ = fs::remove_dir_all("cases");
    let cases = cases();
    assert!(cases.len() > 100, "the cases are gone: {}", cases.len());
    let copies: Vec<PathBuf> = cases.iter().map(|case| copy(case)).collect();
    let all = trybuild::TestCases::new();
    all.compile_fail("cases/*/*.rs");
    drop(all);
    if std::env::var("TRYBUILD").is_ok_and(|what| what == "overwrite") {
        for (case, copy) in cases.iter().zip(&copies) {
            let text = fs::read_to_string(messages(copy)).unwrap();
            fs::write(messages(case), text.replace(&format!("cases/{}/", folder(case, 2)), "compile_fail/")).unwrap();
        }
    }
}
