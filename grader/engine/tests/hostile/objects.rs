//! What a submission's object code must not hold, with the source rules looking on: whatever the source looks like, this is found in what
//! the compiler has made of it, and nothing is run.

use crate::grading::{GRADER, lab, made};
use engine::grading::Extent;
use engine::submission::Source;
use verdict::{Check, Origin, Outcome, Verdict};

const LAB: &str = "pub fn work() -> u32 { 42 } pub fn rest() -> u32 { 7 }\n";

/// What was found in the object code of a submission with this text.
fn found(text: &str) -> Vec<String> {
    let (_folder, path) = made("lib.rs", format!("{LAB}{text}").as_bytes());
    let source = Source::file(Origin::Submitted, &path).unwrap();
    let mut exercise = lab(60);
    exercise.config.submission.allow.retain(|each| each != "extern");
    // It can read files, so with its rule it would not even be compiled.
    exercise.config.submission.allow.push("global_asm".to_owned());
    let report = GRADER.grade(&exercise, &source, Extent::Checks(&[Check::Behaviour]), &|_| {}).unwrap();
    let all = report.checks.iter().flat_map(|check| &check.findings);
    let found: Vec<String> =
        all.filter(|finding| finding.subject == "object code").map(|finding| finding.message.clone()).collect();
    if !found.is_empty() {
        assert_eq!(report.verdict, Verdict::Rejected, "{text}: {report:#?}");
        let behaviour = report.checks.iter().find(|check| check.check == Check::Behaviour);
        assert!(behaviour.is_none_or(|check| matches!(check.outcome, Outcome::NotRun(_))), "{text}: {report:#?}");
    }
    found
}

#[test]
fn what_goes_past_rust_is_found_in_the_object_code() {
    for (text, expected) in [
        (
            "extern \"C\" fn f() {} #[used] #[unsafe(link_section = \".init_array\")] static C: extern \"C\" fn() = f;",
            ".init_array",
        ),
        (
            "extern \"C\" fn f() {} #[used] #[unsafe(link_section = \".fini_array.5\")] static C: extern \"C\" fn() = f;",
            ".fini_array.5",
        ),
        (
            "macro_rules! m { ($($t:tt)*) => { $($t)* } } m! { #[used] #[unsafe(link_section = \".preinit_array\")] \
             static C: extern \"C\" fn() = { extern \"C\" fn f() {} f }; }",
            ".preinit_array",
        ),
        ("#[used] #[unsafe(link_section = \"hidden_tests\")] static C: u64 = 1;", "`hidden_tests`"),
        ("#[unsafe(no_mangle)] pub extern \"C\" fn malloc(_: usize) -> *mut u8 { std::ptr::null_mut() }", "`malloc`"),
        (
            "#[unsafe(export_name = \"pthread_mutex_lock\")] pub extern \"C\" fn f() -> i32 { 0 }",
            "`pthread_mutex_lock`",
        ),
        (
            "unsafe extern \"C\" { fn kill(a: i32, b: i32) -> i32; } pub fn f() -> i32 { unsafe { kill(1, 0) } }",
            "`kill`",
        ),
        (
            "unsafe extern \"C\" { #[link_name = \"syscall\"] fn add(a: i64, ...) -> i64; } pub fn f() -> i64 { unsafe { add(39) } }",
            "`syscall`",
        ),
        ("std::arch::global_asm!(\".globl getpid\", \"getpid: ret\");", "`getpid`"),
        ("std::arch::global_asm!(\".section .ctors,\\\"aw\\\"\", \".quad 0\");", ".ctors"),
    ] {
        let found = found(text);
        assert!(found.iter().any(|message| message.contains(expected)), "{text}: {found:#?}");
    }
}

#[test]
fn ordinary_code_is_not() {
    for text in [
        "pub fn f(n: u128, m: u128) -> u128 { n / m + (n as f64).sqrt().sin().powf(1.5) as u128 }",
        "thread_local! { static N: std::cell::Cell<u8> = const { std::cell::Cell::new(1) }; } pub fn f() -> u8 { N.get() }",
        "pub fn f(a: &mut [u8], b: &[u8]) { a.copy_from_slice(b); a.fill(0); a.sort(); }",
        "pub fn f() -> Result<(), Box<dyn std::error::Error>> { Err(\"x\".into()) }",
        "pub static N: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new()); pub fn f() { N.lock().unwrap().clear() }",
        "pub fn f() { let _ = std::panic::catch_unwind(|| panic!(\"x\")); std::thread::spawn(|| {}).join().unwrap(); }",
        "pub async fn f() -> u8 { std::future::ready(1).await } pub fn g() -> usize { f as *const () as usize }",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}
