//! The stand-ins have every public item that an explored exercise may use, but for those with a reason.

use std::collections::BTreeSet;
use std::path::Path;
use surface::built::{Built, Workspace, root};
use surface::documented;
use surface::exceptions::Exceptions;
use surface::probe::{Comparison, Compiler, compare};
use surface::public::{Public, Signature, What};
use surface::walk::World;

/// The features of tokio that are compared: those of all explored exercises.
const FEATURES: [&str; 6] = ["macros", "rt", "rt-multi-thread", "sync", "test-util", "time"];

/// A compiler that knows one crate, and in the place of std what explored code sees.
fn compiler(built: &Built, name: &str, library: &str) -> Compiler {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("surface").join(library);
    let mut crates = vec![(name.to_owned(), built.library(library))];
    if library != name && name != "std" {
        crates.push(("std".to_owned(), built.library("interleave")));
    }
    Compiler { crates, dependencies: built.dependencies.clone(), scratch }
}

/// # Panics
/// If an item lacks without a reason.
fn assert_complete(comparison: &Comparison, exceptions: &str, at_least: usize) {
    let complaints = Exceptions::read(exceptions).complaints(comparison);
    let (asked, missing) = (comparison.asked.len(), comparison.missing.len());
    println!("{asked} items, of which {missing} lack");
    assert!(asked >= at_least, "of {at_least} items only {asked} are found");
    assert!(complaints.is_empty(), "of {asked} items some lack:\n{complaints}");
}

#[test]
fn tokio() {
    let (built, workspace) = (Built::new(), Workspace::new());
    let mut world = World::default();
    world.add("tokio", workspace.source("tokio"), workspace.features("tokio", &FEATURES));
    // They have nothing public in them: variants of metrics that are not stable, and a private `thread_local!`.
    assert_eq!(world.skipped(), set(["tokio: cfg_metrics_variant!", "tokio: tokio_thread_local!"]));
    let (original, stand_in) = (compiler(&built, "tokio", "tokio"), compiler(&built, "tokio", "tokio_standin"));
    let comparison = compare(world.public("tokio"), &original, &stand_in);
    assert_complete(&comparison, include_str!("../tokio.toml"), 800);
}

#[test]
fn crossbeam() {
    let (built, workspace) = (Built::new(), Workspace::new());
    let mut world = World::default();
    for part in ["", "-channel", "-deque", "-epoch", "-queue", "-utils"] {
        let package = format!("crossbeam{part}");
        let features = workspace.features(&package, &["default"]);
        world.add(&package.replace('-', "_"), workspace.source(&package), features);
    }
    let skipped = ["crossbeam_epoch: const_fn!", "crossbeam_utils: impl_arithmetic!", "crossbeam_utils: impl_atomic!"];
    assert_eq!(world.skipped(), set(skipped));
    let mut items = world.public("crossbeam");
    // The second of these macros gives the cells of numbers and of truth values more methods.
    items.extend(["add", "sub", "and", "nand", "or", "xor", "max", "min"].map(|operation| Public {
        path: format!("crossbeam::atomic::AtomicCell::fetch_{operation}"),
        what: What::Method(Signature { arguments: 2, is_unsafe: false, is_awaited: false }, 1),
    }));
    let original = compiler(&built, "crossbeam", "crossbeam");
    let stand_in = compiler(&built, "crossbeam", "interleave_crossbeam");
    assert_complete(&compare(items, &original, &stand_in), include_str!("../crossbeam.toml"), 400);
}

#[test]
fn std() {
    let built = Built::new();
    let mut original = compiler(&built, "std", "interleave");
    let stand_in = compiler(&built, "std", "interleave");
    original.crates.clear();
    original.scratch = original.scratch.with_file_name("std");
    let items = documented::kept(include_str!("../std.txt"));
    assert_complete(&compare(items, &original, &stand_in), include_str!("../std.toml"), 1800);
}

#[test]
fn what_lacks_is_told() {
    let built = Built::new();
    let mut original = compiler(&built, "std", "interleave");
    let mut stand_in = compiler(&built, "std", "interleave");
    original.crates.clear();
    original.scratch = original.scratch.with_file_name("lacks-original");
    stand_in.scratch = stand_in.scratch.with_file_name("lacks");
    let list = "\
use std::fs::File
use std::sync::Mutex
use std::sync::Nowhere
fn std::panic::set_hook 1
fn std::sync::Mutex::lock 1 of 1
fn std::sync::Mutex::lock 2 of 1
unsafe std::sync::atomic::AtomicBool::from_ptr 1 of 0
impl std::process::Stdio of 0: ::core::convert::From<::std::fs::File>
";
    assert_eq!(documented::list(&documented::kept(list)), list);
    let comparison = compare(documented::kept(list), &original, &stand_in);
    let unknown: Vec<String> = comparison.unknown.iter().map(ToString::to_string).collect();
    assert_eq!(unknown, ["std::sync::Nowhere", "std::sync::Mutex::lock"], "one is nowhere, one takes one argument");
    let complaints = Exceptions::read("\"std::fs\" = \"\"\n\"std::sync::Mutex\" = \"\"\n").complaints(&comparison);
    let subjects: Vec<&str> = complaints.lines().map(|line| line.split(" (").next().unwrap_or_default()).collect();
    let expected = [
        "std::panic::set_hook",
        "std::sync::atomic::AtomicBool::from_ptr",
        "std::process::Stdio: ::core::convert::From<::std::fs::File>",
        "std::sync::Nowhere",
    ];
    assert_eq!(subjects, expected);
}

#[test]
fn what_is_awaited_is_no_plain_function() {
    let built = Built::new();
    let mut tokio = compiler(&built, "tokio", "tokio");
    tokio.scratch = tokio.scratch.with_file_name("awaited");
    let signature = Signature { arguments: 1, is_unsafe: false, is_awaited: true };
    let items = ["lock", "try_lock"]
        .map(|name| Public { path: format!("tokio::sync::Mutex::{name}"), what: What::Method(signature.clone(), 1) });
    let [awaited, plain] = items.clone();
    let comparison = compare(items.into(), &tokio, &tokio);
    assert_eq!((comparison.asked, comparison.unknown), (vec![awaited], vec![plain]));
}

/// What is explored with tokio is what is compared.
#[test]
fn the_features_are_those_of_the_exercises() {
    let mut features = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("tests")).expect("there are exercises") {
        let folder = entry.expect("there are exercises").path();
        let text = |file| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let checks: toml::Table = text("checks.toml").parse().expect("a table");
        let allowed = checks.get("submission").and_then(|submission| submission.get("crates")?.as_array());
        let allows_tokio = allowed.is_some_and(|names| names.iter().any(|name| name.as_str() == Some("tokio")));
        if !folder.join("schedules.rs").is_file() || !allows_tokio {
            continue;
        }
        let manifest: toml::Table = text("Cargo.toml").parse().expect("a table");
        let listed =
            ["dependencies", "dev-dependencies"].map(|table| manifest.get(table)?.get("tokio")?.get("features"));
        let listed = listed.into_iter().flatten().filter_map(toml::Value::as_array).flatten();
        features.extend(listed.filter_map(toml::Value::as_str).map(str::to_owned));
    }
    assert_eq!(features, set(FEATURES));
}

fn set<const COUNT: usize>(of: [&str; COUNT]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}
