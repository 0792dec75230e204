//! What compiles is what was read: submissions that read other files, or are no plain files themselves, and what of that comes to light.

use crate::escapes::grader_of;
use crate::grading::{GRADER, check, grade_file, lab, made};
use engine::grading::Extent;
use engine::run::confine::Tier;
use engine::submission::{Source, submitted};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use verdict::{Check, Finding, Kind, Origin, Outcome, Report, Verdict};

/// What stands in a file that is not the submission's.
const SECRET: &str = "s3cret_0f_the_hidden_tests";

/// Compiles to the API of the lab.
const LAB: &str = "pub fn work() -> u32 { 42 } pub fn rest() -> u32 { 7 }\n";

/// Grades a submission beside which a foreign file lies; `FOREIGN` in its text is the path of that.
fn grade_beside_a_secret(text: &str) -> Report {
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = elsewhere.path().join("hidden.rs");
    std::fs::write(&foreign, format!("{SECRET}();")).unwrap();
    let text = format!("{LAB}{text}").replace("FOREIGN", &foreign.display().to_string());
    let (_folder, path) = made("lib.rs", text.as_bytes());
    let report = grade_file(&path, None);
    assert!(!format!("{report:?}").contains(SECRET), "{text}: the foreign file is in the report: {report:#?}");
    report
}

/// The findings of the source rules on a submission that was rejected for them, and not compiled.
fn not_compiled(report: &Report) -> &[Finding] {
    assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
    for each in report.checks.iter().filter(|each| each.check != Check::SourceRules) {
        assert!(matches!(each.outcome, Outcome::NotRun(_)) && each.findings.is_empty(), "{each:#?}");
    }
    let rules = check(report, Check::SourceRules);
    assert!(rules.outcome == Outcome::Failed && rules.score.points == 0, "{rules:#?}");
    assert!(rules.findings.iter().all(|finding| finding.kind == Kind::Forbidden), "{rules:#?}");
    &rules.findings
}

#[test]
fn what_reads_another_file_is_not_compiled_and_tells_nothing() {
    for (subject, text) in [
        ("path", "#[r#path = \"FOREIGN\"] mod stolen; pub use stolen::*;"),
        (
            "include_str",
            "use std::include_str as inc; const T: &str = inc!(\"FOREIGN\"); const _: () = panic!(\"{}\", T);",
        ),
        ("include_str", "compile_error!(std::include_str!(\"FOREIGN\"));"),
        (
            "include_str",
            "#[deprecated = include_str!(\"FOREIGN\")] pub fn old() {} #[deny(deprecated)] fn f() { old() }",
        ),
        ("include", "include!(\"FOREIGN\");"),
        ("include", "macro_rules! m { ($a:ident) => { $a!(\"FOREIGN\"); } } m!(include);"),
        ("mod in a macro", "macro_rules! m { ($a:ident) => { #[$a = \"FOREIGN\"] mod x; } } m!(path);"),
        // A text of which no token can be read.
        ("include_str", "const _: () = panic!(\"{}\", include_str!(\"FOREIGN\")); fn f( {"),
    ] {
        let report = grade_beside_a_secret(text);
        let findings = not_compiled(&report);
        assert!(findings.iter().any(|finding| finding.subject == subject), "{text}: {findings:#?}");
    }
}

#[test]
fn a_compiler_that_would_wait_for_its_own_words_is_not_started() {
    let report = grade_beside_a_secret("use std::include_str as inc;\nconst _: &str = inc!(\"/proc/self/fd/2\");");
    let place = not_compiled(&report)[0].location.as_ref().unwrap().line;
    assert_eq!(place, 2);
}

/// A lab whose rules let everything pass: then it is the list of what the compiler read that must hold.
fn without_rules() -> engine::exercise::catalog::Exercise {
    let mut exercise = lab(60);
    let lifted = ["include", "include_str", "include_bytes", "path", "a whole crate", "mod in a macro", "core"];
    exercise.config.submission.allow.extend(lifted.map(str::to_owned));
    exercise.config.submission.allow.retain(|each| each != "option_env");
    exercise
}

#[test]
fn what_the_compiler_read_beside_the_submission_is_found_without_any_rule() {
    // Where the compiler is confined there is no foreign file.
    let grader = grader_of(Tier::D);
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = elsewhere.path().join("hidden file.rs");
    std::fs::write(&foreign, format!("pub fn {SECRET}() {{}} \"\"")).unwrap();
    for text in [
        // It compiles.
        "const _: &str = include_str!(\"FOREIGN\");",
        // It does not, in each phase of the compiler.
        "const T: &str = include_str!(\"FOREIGN\"); const _: () = panic!(\"{}\", T);",
        "compile_error!(include_str!(\"FOREIGN\"));",
        "const _: &str = include_str!(\"FOREIGN\"); use nowhere::X;",
        "const _: &str = include_str!(\"FOREIGN\"); mod missing;",
        "const _: &str = include_str!(\"FOREIGN\"); fn f() { no_macro!() }",
        "const _: u8 = include_str!(\"FOREIGN\");",
        "include!(\"FOREIGN\");",
        "#[path = \"FOREIGN\"] mod x;",
    ] {
        let text = format!("{LAB}{text}").replace("FOREIGN", &foreign.display().to_string());
        let (_folder, path) = made("lib.rs", text.as_bytes());
        let source = Source::file(Origin::Submitted, &path).unwrap();
        for only in [Extent::All, Extent::Checks(&[Check::Behaviour]), Extent::Checks(&[Check::Timing])] {
            let report = grader.grade(&without_rules(), &source, only, &|_| {}).unwrap();
            assert!(!format!("{report:?}").contains(SECRET), "{text}: {report:#?}");
            let findings = not_compiled(&report);
            assert!(findings.iter().any(|each| each.message.starts_with(foreign.to_str().unwrap())), "{findings:#?}");
        }
    }
}

#[test]
fn the_environment_of_the_compiler_is_not_the_submissions_own() {
    let (_folder, path) = made(
        "lib.rs",
        format!("{LAB}macro_rules! m {{ () => {{ option_env!(\"HOME\") }} }} pub const H: Option<&str> = m!();")
            .as_bytes(),
    );
    let mut exercise = lab(60);
    exercise.config.submission.allow.retain(|each| each != "option_env");
    let source = Source::file(Origin::Submitted, &path).unwrap();
    let report = GRADER.grade(&exercise, &source, Extent::All, &|_| {}).unwrap();
    assert_eq!(not_compiled(&report)[0].subject, "option_env");
}

#[test]
fn a_submission_is_plain_files() {
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let link = |path: &Path| symlink("/etc/passwd", path).unwrap();
    let folder = |path: &Path| std::fs::create_dir(path).unwrap();
    let zero = |path: &Path| symlink("/dev/zero", path).unwrap();
    for (what, make) in [
        ("a fifo", &fifo as &dyn Fn(&Path)),
        ("a symbolic link", &link),
        ("a folder", &folder),
        ("a symbolic link", &zero),
    ] {
        let (beside, path) = made("lib.rs", format!("{LAB}mod part;").as_bytes());
        make(&beside.path().join("part.rs"));
        let report = grade_file(&path, None);
        let finding = &not_compiled(&report)[0];
        assert!(finding.message.contains(&format!("part.rs is {what}, not a file")), "{finding:#?}");
        assert_eq!(finding.location.as_ref().unwrap().line, 2);
    }
    for (what, make) in [("a fifo", &fifo as &dyn Fn(&Path)), ("a symbolic link", &link)] {
        let beside = tempfile::tempdir().unwrap();
        make(&beside.path().join("lib.rs"));
        let source = submitted(&GRADER.workspace, &beside.path().join("lib.rs")).unwrap();
        let report = GRADER.grade(&lab(60), &source, Extent::All, &|_| {}).unwrap();
        assert!(not_compiled(&report)[0].message.contains(&format!("lib.rs is {what}")), "{report:#?}");
    }
}

#[test]
fn a_folder_of_sources_that_is_a_link_is_not_graded() {
    let (beside, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(elsewhere.path().join("lib.rs"), LAB).unwrap();
    symlink(elsewhere.path(), beside.path().join("src")).unwrap();
    let trouble = submitted(&GRADER.workspace, beside.path()).unwrap_err().to_string();
    assert!(trouble.contains("src is a symbolic link"), "{trouble}");
}

#[test]
fn half_a_gigabyte_of_comments_is_not_read() {
    let (_folder, path) = made("lib.rs", LAB.as_bytes());
    // It takes no room: what was never written is read as zeros.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(500 << 20).unwrap();
    let report = grade_file(&path, None);
    assert!(not_compiled(&report)[0].message.contains("is longer than 1024 KiB"), "{report:#?}");
}

#[test]
fn what_the_parser_cannot_follow_is_rejected_even_if_it_compiles() {
    let table = "1,".repeat(3000);
    // A long list is not deep.
    let honest = format!("{LAB}#[allow(dead_code)] const TABLE: [u8; 3000] = [{table}];");
    let (_folder, path) = made("lib.rs", honest.as_bytes());
    let quick = [Check::SourceRules, Check::Build, Check::Behaviour];
    assert_eq!(grade_file(&path, Some(&quick)).verdict, Verdict::Accepted);
    let deep = format!("{LAB}pub const SUM: u64 = 1{};", " + 1".repeat(2500));
    let (_folder, path) = made("lib.rs", deep.as_bytes());
    for only in [&quick[..], &quick[..1]] {
        let report = grade_file(&path, Some(only));
        assert_eq!(report.verdict, Verdict::Rejected, "{report:#?}");
        let finding = &check(&report, Check::SourceRules).findings[0];
        assert_eq!((finding.subject.as_str(), finding.location.as_ref().unwrap().line), ("unread", 2));
        assert!(finding.message.contains("nests deeper than 4000 levels"), "{finding:#?}");
    }
}

#[test]
fn what_the_compiler_says_is_about_the_users_own_file() {
    let (folder, path) = made("lib.rs", b"mod part;\npub fn work() -> u32 { part::f() }\npub fn rest() -> u32 { 7 }\n");
    std::fs::write(folder.path().join("part.rs"), "pub fn f() -> u32 {\n    \"42\"\n}\n").unwrap();
    let report = grade_file(&path, Some(&[Check::Build]));
    let finding = &check(&report, Check::Build).findings[0];
    let place = finding.location.as_ref().unwrap();
    let part = folder.path().canonicalize().unwrap().join("part.rs").display().to_string();
    assert_eq!((place.file.as_str(), place.line), (part.as_str(), 2), "{finding:#?}");
    let detail = finding.detail.as_deref().unwrap();
    assert!(detail.contains(&format!("--> {part}:2:5")) && detail.contains("\"42\""), "{detail}");
    // A panic says the same place.
    std::fs::write(folder.path().join("part.rs"), "pub fn f() -> u32 {\n    panic!(\"here\")\n}\n").unwrap();
    let report = grade_file(&path, Some(&[Check::Behaviour]));
    let place = check(&report, Check::Behaviour).findings[0].location.as_ref().unwrap();
    assert_eq!((place.file.as_str(), place.line), (part.as_str(), 2), "{report:#?}");
}
