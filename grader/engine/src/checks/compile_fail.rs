//! Compile-fail: the compiler refuses misuse of the submission's types, and accepts proper use.
//!
//! Judged by error code and line, never by wording or private names. All cases are compiled as modules of one crate
//! (one call of the compiler instead of one each); since an error of an early phase can hide those of a later one, every
//! case that does not come out as demanded is compiled again alone before it is judged.

use crate::compile::compiler::Diagnostic;
use crate::exercise::manifest::Case;
use crate::trouble::{Trouble, write};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;
use verdict::{Check, CheckReport, Event, Evidence, Finding, Item, Kind, Outcome};

/// Compiles one generated root file and returns the errors.
pub type Compile<'a> = dyn Fn(&Path, &Path) -> Result<Vec<Diagnostic>, Trouble> + 'a;

/// Judges all cases. `compile(root, folder)` compiles a root file to nothing but diagnostics.
///
/// # Errors
/// If the compiler cannot be run.
pub fn check(
    cases: &[Case],
    folder: &Path,
    compile: &Compile<'_>,
    of: u32,
    watch: &(dyn Fn(Event) + Sync),
) -> Result<CheckReport, Trouble> {
    let begun = Instant::now();
    watch(Event::Started { check: Check::CompileFail, items: cases.len() });
    let together = diagnose(&cases.iter().collect::<Vec<_>>(), &folder.join("all"), compile)?;
    let (mut items, mut findings) = (Vec::new(), Vec::new());
    for (index, case) in cases.iter().enumerate() {
        let mut fault = judge(case, &together);
        if fault.is_some() {
            fault = judge(case, &diagnose(&[case], &folder.join(index.to_string()), compile)?);
        }
        let outcome = if fault.is_some() { Outcome::Failed } else { Outcome::Passed };
        let finding = fault.map(|fault| finding(case, fault));
        watch(Event::Item {
            check: Check::CompileFail,
            name: case.name.clone(),
            outcome: outcome.clone(),
            finding: finding.clone().map(Box::new),
        });
        items.push(Item { name: case.name.clone(), statement: case.statement.clone(), outcome, millis: 0 });
        findings.extend(finding);
    }
    let refused = cases.iter().filter(|case| !case.refused.is_empty()).count();
    let evidence = Evidence::Cases { refused, accepted: cases.len() - refused };
    let millis = begun.elapsed().as_millis() as u64;
    Ok(CheckReport::from_items(Check::CompileFail, of, evidence, items, findings, millis))
}

fn diagnose(cases: &[&Case], folder: &Path, compile: &Compile<'_>) -> Result<Vec<Diagnostic>, Trouble> {
    let mut text = String::from("#![allow(warnings)]\n");
    for (index, case) in cases.iter().enumerate() {
        let _ = writeln!(text, "#[path = {:?}]\nmod case_{index};", case.path.display().to_string());
    }
    let root = folder.join("cases.rs");
    write(&root, &text)?;
    compile(&root, folder)
}

/// What is wrong with how a case came out.
enum Fault {
    /// The compiler accepts what it must refuse.
    Accepted,
    /// The compiler refuses something else, or for another reason.
    Otherwise(String),
}

fn judge(case: &Case, errors: &[Diagnostic]) -> Option<Fault> {
    let file = case.path.display().to_string();
    let own: Vec<&Diagnostic> =
        errors.iter().filter(|error| error.spans.iter().any(|span| span.file_name == file)).collect();
    let at = |error: &Diagnostic, line: u32| {
        error.places().iter().any(|span| span.file_name == file && (span.line_start..=span.line_end).contains(&line))
    };
    let wanted = |error: &Diagnostic| case.refused.iter().any(|(line, code)| error.code() == code && at(error, *line));
    if let Some(other) = own.iter().find(|error| !wanted(error)) {
        let code = other.code.as_ref().map_or(String::new(), |code| format!(" ({})", code.code));
        return Some(Fault::Otherwise(format!("{}{code}", other.message)));
    }
    let missing =
        case.refused.iter().any(|(line, code)| !own.iter().any(|error| error.code() == code && at(error, *line)));
    missing.then_some(Fault::Accepted)
}

fn finding(case: &Case, fault: Fault) -> Finding {
    let must_compile = case.refused.is_empty();
    let codes = case.refused.iter().map(|(_, code)| code.as_str()).collect::<Vec<_>>().join(", ");
    let expected = if must_compile { "it compiles".into() } else { format!("the compiler refuses it ({codes})") };
    let (seen, next_step) = match fault {
        Fault::Accepted => (
            "it compiles".to_owned(),
            "which trait, lifetime or field of your type would make the compiler say no?".to_owned(),
        ),
        Fault::Otherwise(message) => (
            format!("the compiler says: {message}"),
            format!("`rustc --explain {}` tells what the code means", if must_compile { "CODE" } else { &codes }),
        ),
    };
    let next_step =
        if must_compile { "look at the bounds and trait implementations of your types".to_owned() } else { next_step };
    Finding {
        check: Check::CompileFail,
        kind: Kind::WrongTypes,
        subject: case.name.clone(),
        message: case.statement.clone(),
        expected: Some(expected),
        seen: Some(seen),
        location: None,
        detail: None,
        threads: Vec::new(),
        interleaving: None,
        next_step: Some(next_step),
    }
}
