//! Build: the submission compiles, and the hidden tests compile against it.

use crate::compile::compiler::{Compiled, Diagnostic, RanAway};
use crate::submission::{Files, Source};
use crate::syntax::api;
use std::path::Path;
use verdict::{Check, CheckReport, Evidence, Finding, Kind, Location, Outcome, Score};

/// No more errors than this are shown: the first ones cause the others.
const MOST: usize = 5;

/// No more of the compiler's words on one error are shown, in bytes: a line of source can be as long as a book.
const MOST_WORDS: usize = 16 << 10;

/// The report on a build that went well.
pub fn passed(of: u32, compiler: &str, millis: u64) -> CheckReport {
    CheckReport {
        check: Check::Build,
        outcome: Outcome::Passed,
        score: Score { points: of, of },
        evidence: Evidence::Compiled { compiler: compiler.to_owned() },
        items: Vec::new(),
        findings: Vec::new(),
        millis,
    }
}

/// The report on a submission that does not compile by itself.
pub fn failed(of: u32, compiled: &Compiled, source: &Source, shown: &str, millis: u64) -> CheckReport {
    let mut findings: Vec<Finding> =
        compiled.errors().take(MOST).map(|error| of_diagnostic(error, source, shown)).collect();
    let more = compiled.errors().count().saturating_sub(MOST);
    if let (Some(last), true) = (findings.last_mut(), more > 0) {
        last.next_step = Some(format!("there are {more} more errors; mend these first"));
    }
    let ran_away = compiled.ran_away.map(|ran_away| match ran_away {
        RanAway::Time => "the compiler took more than 30 s of processor time and was stopped",
        RanAway::Memory => "the compiler ran out of memory",
    });
    findings.extend(ran_away.map(|what| plain(what, "an endless `const` or macro, or an expression too deep?")));
    report(of, findings, millis)
}

/// The report on a submission that compiles, but against which the hidden tests do not.
pub(crate) fn wrong_api(of: u32, compiled: &Compiled, files: &Files, reference: &Path, millis: u64) -> CheckReport {
    let missing: Vec<String> = match (api::of_text(files.root(), files.folder()), api::of(reference)) {
        (Ok(have), Ok(wanted)) => wanted.difference(&have).cloned().collect(),
        _ => Vec::new(),
    };
    let next = "bring the public names, signatures and bounds back to what the brief lists";
    let mut findings: Vec<Finding> = Vec::new();
    if !missing.is_empty() {
        let lines: Vec<String> = missing.iter().map(|item| format!("  {item}")).collect();
        let message = "the public API is not the one that the brief lists";
        findings.push(Finding {
            seen: Some(format!("these are missing, or have another form:\n{}", lines.join("\n"))),
            ..plain(message, next)
        });
    }
    if findings.is_empty() {
        // The source looks right, the types are not. The compiler's sentence says which; its excerpt is hidden code.
        findings = compiled
            .errors()
            .take(MOST)
            .map(|error| {
                plain(&format!("code that follows the brief does not compile with yours: {}", error.message), next)
            })
            .collect();
    }
    report(of, findings, millis)
}

fn report(of: u32, findings: Vec<Finding>, millis: u64) -> CheckReport {
    CheckReport { outcome: Outcome::Failed, findings, millis, ..CheckReport::not_run(Check::Build, of, String::new()) }
}

fn plain(message: &str, next_step: &str) -> Finding {
    Finding {
        check: Check::Build,
        kind: Kind::CompileError,
        subject: "api".into(),
        message: message.to_owned(),
        expected: None,
        seen: None,
        location: None,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: Some(next_step.to_owned()),
    }
}

fn of_diagnostic(error: &Diagnostic, source: &Source, shown: &str) -> Finding {
    let absolute = source.root.display().to_string();
    let folder = source.root.parent().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
    let shown_folder =
        Path::new(shown).parent().map(|folder| folder.join("").display().to_string()).unwrap_or_default();
    let shorten = |text: &str| text.replace(&absolute, shown).replace(&folder, &shown_folder);
    let location = error.places().first().map(|span| Location {
        file: shorten(&span.file_name),
        line: span.line_start,
        column: Some(span.column_start),
    });
    let subject = if error.code().is_empty() { "error" } else { error.code() };
    let next_step = (error.code() == "unsafe_code")
        .then(|| "this exercise is solved without `unsafe`; it is refused by the grader's compiler flags".to_owned());
    Finding {
        location,
        subject: subject.to_owned(),
        detail: error.rendered.as_deref().map(|text| shorten(cut(text.trim_end()))),
        next_step,
        ..plain(cut(&error.message), "")
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST_WORDS)]
}
