//! Honest programs, in which nothing is found; and all that is kept of references and variants.

use super::*;
use crate::exercise::catalog;
use crate::home::workspace::Workspace;
use crate::submission::variant::{Variant, variants};

#[test]
fn honest_programs_break_no_rule() {
    let table = format!("const TABLE: [u8; 3000] = [{}];", "1,".repeat(3000));
    let arms = format!("fn f(x: u32) -> u32 {{ match x {{ {} _ => 0 }} }}", "1 | 2 => 3, ".repeat(300));
    for text in [
        table.as_str(),
        &arms,
        "mod fs { pub fn write() {} } fn f() { crate::fs::write(); self::fs::write(); }",
        "mod fs { pub fn write() {} } fn f() { fs::write(); }",
        "mod net { pub mod process { pub fn exit() {} } } use net::process; fn f() { process::exit() }",
        "mod env { pub struct Env; impl Env { pub fn include(&self) {} } } use env::Env; fn f() { Env.include() }",
        "use std::io; use std::io::prelude::*; fn f(r: &mut impl io::Read) -> io::Result<u8> { let mut b = [0]; r.read(&mut b)?; Ok(b[0]) }",
        "use std::collections::*; use std::sync::atomic::*; fn f(_: HashMap<u8, AtomicU8>) {}",
        "macro_rules! max { ($a:expr, $($rest:expr),+) => { $a.max(max!($($rest),+)) }; ($a:expr) => { $a } } fn f() -> u8 { max!(1, 2) }",
        "macro_rules! id { ($($name:ident),*) => { $(#[derive(Clone)] pub struct $name(u64); impl $name { pub fn new() -> Self { $name(1) } })* } } id!(A, B);",
        "macro_rules! counters { ($($name:ident),*) => { $(static $name: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);)* } } counters!(ONE, TWO);",
        "macro_rules! ops { ($($op:ident),*) => { $(pub fn $op(a: &std::sync::atomic::AtomicU64) -> u64 { a.$op(1, std::sync::atomic::Ordering::SeqCst) })* } } ops!(fetch_add, fetch_sub);",
        "macro_rules! atomics { ($($t:ident),*) => { $(pub type $t = std::sync::atomic::$t;)* } } atomics!(AtomicU8, AtomicBool);",
        "#[cfg(test)] mod tests { use std::fs; #[test] fn f() { fs::write(\"a\", include_str!(\"lib.rs\")).unwrap(); } }",
        "#[cfg(not(test))] fn f() {} fn g() -> bool { cfg!(test) }",
        "#[cfg(test)] use std::process; #[cfg(test)] const N: usize = size_of::<u8>(); #[cfg(test)] static S: &str = env!(\"X\");",
        "pub mod core { pub struct Queue; } pub use self::core::Queue; fn f(_: core::Queue) {}",
        "fn f(path: &str, env: u8, link: u8, used: bool) { println!(\"{path} {env} {}\", link); assert!(used, \"path = {}\", path); }",
        "use std::fmt; use std::sync::{self, Arc, Mutex}; fn f(_: sync::MutexGuard<'_, u8>, _: Arc<Mutex<fmt::Error>>) {}",
        "fn f() -> impl Sized + use<> { 1 } fn r#match(r#type: u8) -> u8 { r#type }",
        "extern crate self as me; extern \"C\" fn callback(x: i32) -> i32 { x } fn f() { let _: extern \"C\" fn(i32) -> i32 = callback; }",
        "use std::thread::{self, park as wait, Builder as Maker}; fn f() { wait(); let _ = Maker::new(); thread::yield_now(); }",
        "mod a { pub struct RwLock; } mod b { use std::sync::*; pub type M = Mutex<u8>; } use a::RwLock; fn f(_: RwLock, _: b::M) {}",
        "fn f() { debug_assert!(true); let v = vec![std::mem::take(&mut 1); 3]; assert_eq!(v.len(), 3, \"{}\", file!()); }",
        "#[doc = concat!(\"a\", \"b\")] #[derive(Debug, Clone)] #[repr(align(64))] #[must_use = \"include_str\"] pub struct S;",
        "/// `#[path = \"x\"] mod y;` and include_str!(\"x\")\nconst A: &str = \"std::fs::write include!(x) env!(y)\"; // #[cfg(debug_assertions)]",
    ] {
        let found = lines_found("std::sync::RwLock", &[], text);
        assert_eq!(found, [], "{}", &text[..text.len().min(300)]);
    }
}

#[test]
fn no_reference_and_no_variant_breaks_a_rule_that_it_is_not_there_to_break() {
    let workspace = Workspace::at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    let exercises = catalog::all(&workspace).unwrap();
    let mut judged = 0;
    for exercise in &exercises {
        let config = &exercise.config;
        let mut texts =
            vec![("the reference".to_owned(), Source::reference(exercise).map(|source| source.root).unwrap())];
        let folder = tempfile::tempdir().unwrap();
        let all = [Origin::Accepted, Origin::Rejected].map(|origin| variants(exercise, origin).unwrap());
        let is_for_rules = |each: &Variant| each.caught_by().is_some_and(|(check, _)| check == Check::SourceRules);
        for (number, each) in all.iter().flatten().filter(|each| !is_for_rules(each)).enumerate() {
            let path = folder.path().join(format!("{number}.rs"));
            std::fs::write(&path, each.text(&workspace).unwrap()).unwrap();
            texts.push((each.shown(), path));
        }
        for (name, path) in texts {
            let files = Files::read(&Source::file(Origin::Submitted, &path).unwrap()).unwrap();
            let demands = Demands { forbid: &config.forbid, allowed: &config.submission, of: 10 };
            let judgement = check(&files, &|path| path.display().to_string(), demands, &|_| {}).unwrap();
            assert_eq!(judgement.report.findings, [], "{} {name}", exercise.folder);
            assert!(judgement.is_closed && judgement.unread.is_empty(), "{} {name}", exercise.folder);
            judged += 1;
        }
    }
    assert!(judged > exercises.len(), "there are variants");
}
