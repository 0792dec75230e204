//! Files that cannot be built, and one with warnings, which can.

use crate::grading::{check, detail, grade_file, hostile, made, seen};
use std::path::Path;
use verdict::{Check, Outcome, Report, Verdict};

/// Both ways: on its own, and with all checks (the source rules read the file, too).
fn is_unbuildable(path: &Path) -> Report {
    let report = grade_file(path, None);
    assert_eq!(report.verdict, Verdict::Unbuildable, "{}: {report:#?}", path.display());
    let build = check(&report, Check::Build);
    assert!(!build.findings.is_empty(), "{report:#?}");
    let not_run = |each: Check| matches!(check(&report, each).outcome, Outcome::NotRun(_));
    assert!(not_run(Check::Behaviour) && not_run(Check::Transcript) && not_run(Check::Timing), "{report:#?}");
    report
}

#[test]
fn what_does_not_compile_is_unbuildable() {
    for (name, code) in [
        ("refuses_to_compile", "error"),
        ("misses_a_module", "E0583"),
        ("feeds_its_macro", "error"),
        ("has_a_giant_constant", ""),
        ("denies_its_warnings", "dead_code"),
        ("forbids_what_it_does", "unsafe_code"),
    ] {
        let report = is_unbuildable(&hostile(name));
        let findings = &check(&report, Check::Build).findings;
        assert!(code.is_empty() || findings.iter().any(|finding| finding.subject == code), "{report:#?}");
    }
}

#[test]
fn a_constant_without_end_is_unbuildable() {
    is_unbuildable(&hostile("evaluates_for_ever"));
}

#[test]
fn a_macro_that_eats_all_memory_is_unbuildable() {
    is_unbuildable(&hostile("doubles_its_macro"));
}

#[test]
fn an_empty_file_lacks_the_api() {
    let (_folder, path) = made("lib.rs", b"");
    let report = is_unbuildable(&path);
    let missing = seen(&check(&report, Check::Build).findings[0]);
    assert!(missing.contains("work") && missing.contains("rest"), "{missing}");
}

#[test]
fn another_signature_is_said_to_be_another_signature() {
    let report = is_unbuildable(&hostile("lacks_the_api"));
    let missing = seen(&check(&report, Check::Build).findings[0]);
    assert!(missing.contains("work"), "{missing}");
}

#[test]
fn what_is_not_text_is_unbuildable() {
    let (_folder, path) = made("lib.rs", b"pub fn work() -> u32 { 42 } // \xff\xfe\n");
    is_unbuildable(&path);
}

#[test]
fn a_megabyte_of_garbage_is_unbuildable() {
    let (_folder, path) = made("lib.rs", "%&! } fn \u{e4} ( \"".repeat(3 << 14).as_bytes());
    let report = is_unbuildable(&path);
    let length: usize = check(&report, Check::Build).findings.iter().map(|finding| detail(finding).len()).sum();
    assert!(length < 100_000, "{length} bytes of the garbage are in the report");
}

#[test]
fn nesting_without_end_is_unbuildable() {
    for (open, close) in [("(", ")"), ("[", "]"), ("!", ""), ("-", ""), ("&", ""), ("if x {} else ", ""), ("1+", "")] {
        let times = 70_000;
        let text = format!("pub fn work() -> u32 {{ {}x{} }}", open.repeat(times), close.repeat(times));
        let (_folder, path) = made("lib.rs", text.as_bytes());
        is_unbuildable(&path);
    }
}

#[test]
fn warnings_do_not_matter() {
    let report = grade_file(&hostile("warns"), Some(&[Check::SourceRules, Check::Build, Check::Behaviour]));
    assert_eq!(report.verdict, Verdict::Accepted, "{report:#?}");
}
