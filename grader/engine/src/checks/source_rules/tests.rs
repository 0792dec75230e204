//! What the rules find in small sources, and what they leave alone.

use super::*;
use crate::submission::Source;
use verdict::Origin;

mod hidden;
mod honest;

/// Judges the files of a folder, of which the root is `lib.rs`.
fn judged_in(folder: &Path, forbid: &[Forbid], allow: &[&str]) -> Judged {
    let allowed = Allowed { allow: allow.iter().map(ToString::to_string).collect(), ..Allowed::default() };
    let source = Source::file(Origin::Learner, &folder.join("lib.rs")).unwrap();
    let files = Files::read(&source).unwrap();
    check(&files, &|path| path.display().to_string(), Demands { forbid, allowed: &allowed, of: 10 }, &|_| {}).unwrap()
}

fn judged(forbid: &str, allow: &[&str], text: &str) -> Judged {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("lib.rs"), text).unwrap();
    let forbid = Forbid { path: Some(forbid.into()), method: None, r#macro: None, reason: "because".into() };
    judged_in(folder.path(), &[forbid], allow)
}

fn lines_found(forbid: &str, allow: &[&str], text: &str) -> Vec<(String, u32)> {
    let judged = judged(forbid, allow, text);
    assert!(judged.unread.is_empty(), "not read: {text}");
    assert_eq!(judged.report.findings.is_empty(), judged.report.outcome == Outcome::Passed);
    judged.report.findings.into_iter().map(|f| (f.subject, f.location.unwrap().line)).collect()
}

#[test]
fn a_forbidden_type_is_found_however_it_is_named() {
    for text in [
        "use std::sync::RwLock;",
        "use std::sync::{Mutex, RwLock as L};",
        "use std::sync; fn f(_: sync::RwLock<u8>) {}",
        "use std::sync::{self as s}; type L = s::RwLock<u8>;",
        "use std as s; type L = s::sync::RwLock<u8>;",
        "use std::sync::*; type L = RwLock<u8>;",
        "use std::*; type L = sync::RwLock<u8>;",
        "type L = ::std::sync::RwLock<u8>;",
        "use ::std::sync::RwLock;",
        "mod a { pub use std::sync as b; } use a::b; type L = crate::a::b::RwLock<u8>; use std::sync as b2; type M = b2::RwLock<u8>;",
        "macro_rules! m { () => { std::sync::RwLock::new(1) } }",
        "fn f() { vec![std::sync::RwLock::new(1)]; }",
        "fn f() { let _ = <std::sync::RwLock<u8>>::new(1); }",
        "use std::sync::RwLockReadGuard as _; use std::sync::RwLock as _;",
        "extern crate std as s; type L = s::sync::RwLock<u8>;",
    ] {
        let found = lines_found("std::sync::RwLock", &[], text);
        assert!(found.iter().any(|(subject, line)| subject == "std::sync::RwLock" && *line == 1), "{text}: {found:?}");
    }
}

#[test]
fn a_type_of_that_name_of_ones_own_is_no_fault() {
    for text in [
        "pub struct RwLock<T>(T); use std::sync::*; fn f(_: RwLock<u8>) {}",
        "use std::sync::Mutex; pub struct RwLock<T>(Mutex<T>); impl<T> RwLock<T> { fn sleep() {} }",
        "#[cfg(test)] mod tests { use std::sync::RwLock; }",
        "/// std::sync::RwLock\n// std::sync::RwLock\nconst S: &str = \"std::sync::RwLock\";",
        "use std::sync::RwLockReadGuard;",
    ] {
        assert_eq!(lines_found("std::sync::RwLock", &[], text), [], "{text}");
    }
}

#[test]
fn a_crates_name_alone_is_not_the_crate() {
    for text in [
        "fn f(core: u8) -> u8 { let alloc = core; println!(\"{}\", alloc); alloc }",
        "mod core { pub fn f() {} } use core::f; fn g() { core::f(); f() }",
    ] {
        assert_eq!(lines_found("x", &[], text), [], "{text}");
    }
    let hidden = "mod core { pub use ::core::*; } type L = core::sync::atomic::AtomicBool;";
    assert_eq!(lines_found("x", &[], hidden), [("core".to_owned(), 1), ("a whole crate".to_owned(), 1)]);
}

#[test]
fn rules_that_hold_everywhere_hold() {
    for (subject, text) in [
        ("std::process", "fn f() { std::process::exit(0) }"),
        ("std::process", "use std::process::Command;"),
        ("include_str", "const S: &str = include_str!(\"/etc/passwd\");"),
        ("include_str", "fn f() { println!(\"{}\", include_str!(\"x\")); }"),
        ("path", "#[path = \"/etc/passwd\"] mod x;"),
        ("path", "#[cfg_attr(all(), path = \"/etc/passwd\")] mod x;"),
        ("no_mangle", "#[unsafe(no_mangle)] pub fn f() {}"),
        ("extern", "unsafe extern \"C\" { fn getpid() -> i32; }"),
        ("core", "use core::sync::atomic::AtomicBool;"),
        ("alloc", "extern crate alloc; fn f(_: alloc::sync::Arc<u8>) {}"),
        ("std::mem::size_of", "const N: usize = size_of::<u8>();"),
        ("std::mem::size_of", "const N: usize = std::mem::size_of::<u8>();"),
        ("std::mem::size_of", "fn f() { assert_eq!(size_of::<u8>(), 1) }"),
        ("std::mem::size_of_val", "fn f() -> usize { size_of_val(&1) }"),
        ("std::mem::size_of_val", "fn f() { println!(\"{}\", size_of_val(&1)); }"),
        ("std::mem::align_of", "use std::mem; fn f() -> usize { mem::align_of::<u8>() }"),
        ("std::mem::align_of_val", "fn f() -> Option<usize> { Some(&1).map(std::mem::align_of_val::<i32>) }"),
        ("std::alloc", "use std::alloc::Layout;"),
        ("std::panic::Location", "use std::panic; fn f() { panic::Location::caller(); }"),
        ("std::backtrace", "use std::backtrace::Backtrace;"),
        ("std::any::type_name", "use std::any::*; fn f() -> &'static str { type_name::<u8>() }"),
        ("std::panic::set_hook", "use std::panic; fn f() { panic::set_hook(Box::new(|_| {})) }"),
    ] {
        let found = lines_found("std::sync::RwLock", &[], text);
        assert!(found.iter().any(|(each, _)| each == subject), "{text}: {found:?}");
    }
}

#[test]
fn a_name_like_one_of_the_preludes_is_no_fault() {
    for text in [
        "fn size_of(_: u8) -> u8 { 0 } fn f() -> u8 { size_of(1) }",
        "mod a { pub fn size_of_val(_: &u8) {} } use a::size_of_val; fn f() { size_of_val(&1) }",
        "struct S { size_of: u8 } impl S { fn align_of(&self) -> u8 { self.size_of } }",
        "fn f(size_of: u8) -> u8 { let align_of = size_of; println!(\"{}\", align_of); align_of }",
        "use std::mem; fn f(a: &mut u8) -> u8 { mem::take(a) }",
    ] {
        assert_eq!(lines_found("x", &[], text), [], "{text}");
    }
}

#[test]
fn an_exercise_can_lift_a_rule_in_part() {
    let text = "use std::os::unix::net::UnixStream;";
    assert_eq!(lines_found("x", &["std::os::unix::net"], text), []);
    let text = "use std::os::fd::OwnedFd;";
    assert_eq!(lines_found("x", &["std::os::unix::net"], text).len(), 1);
}

#[test]
fn every_file_of_the_crate_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("a")).unwrap();
    std::fs::write(folder.path().join("lib.rs"), "mod a;").unwrap();
    std::fs::write(folder.path().join("a.rs"), "mod b;").unwrap();
    std::fs::write(folder.path().join("a/b.rs"), "\nuse std::fs;").unwrap();
    let report = judged_in(folder.path(), &[], &[]).report;
    assert_eq!(report.evidence, Evidence::Source { files: 3, rules: EVERYWHERE.len() });
    let place = report.findings[0].location.clone().unwrap();
    assert!(place.file.ends_with("a/b.rs") && place.line == 2, "{place:?}");
}
