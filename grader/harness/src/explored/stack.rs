//! Reads a backtrace: which function of the submission a scenario has called, and where in the submission the step is.

use probe::explored::Place;

/// What a backtrace says about a step.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stack {
    /// The outermost function of the submission, in short; empty if there is none.
    pub(super) call: String,
    /// The line of the scenario that called it.
    pub(super) call_line: u32,
    /// The innermost place in the submission.
    pub(super) innermost: Option<Place>,
}

/// The crate of the submission, as hidden tests know it.
const SUBJECT: &str = "subject";

/// The module of the scenarios.
const SCENARIOS: &str = "checks::schedules";

/// Reads the text of a backtrace: a line `12: path::of::function`, then `at file:line:column`, for each frame.
pub(super) fn of(text: &str) -> Stack {
    let mut stack = Stack::default();
    let mut function = "";
    let mut waits_for_caller = false;
    for line in text.lines().map(str::trim) {
        if let Some((number, name)) = line.split_once(": ")
            && number.parse::<u32>().is_ok()
        {
            function = name;
            if is_of(function, SUBJECT) {
                stack.call = short(function);
                waits_for_caller = true;
            }
        } else if let Some(place) = line.strip_prefix("at ").and_then(place) {
            if is_of(function, SUBJECT) {
                stack.innermost.get_or_insert(place);
            } else if is_of(function, SCENARIOS) && waits_for_caller {
                stack.call_line = place.line;
                waits_for_caller = false;
            }
        }
    }
    stack
}

/// Whether a function belongs to a crate or module: `subject::f`, `<subject::T as Drop>::drop`.
fn is_of(function: &str, path: &str) -> bool {
    let start = function.trim_start_matches(['<', '&']);
    start.strip_prefix(path).is_some_and(|rest| rest.starts_with("::"))
}

fn place(text: &str) -> Option<Place> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
}

/// `subject::RwLock<T>::write::{{closure}}` → `RwLock::write`; `<subject::Guard<T> as core::ops::drop::Drop>::drop` →
/// `drop of Guard`.
fn short(function: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0;
    for character in function.strip_prefix('<').unwrap_or(function).chars() {
        match character {
            '<' => depth += 1,
            '>' if depth > 0 => depth -= 1,
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
    if let Some((own, rest)) = plain.split_once(" as ") {
        let own = last(own.trim_end_matches("::"));
        let method = last(rest.trim_end_matches('>'));
        return if method == "drop" { format!("drop of {own}") } else { format!("{own}::{method}") };
    }
    let path = plain.replace(">::", "::").replace("::::", "::");
    let path = path.strip_prefix(SUBJECT).unwrap_or(&path).trim_start_matches("::");
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty() && !part.starts_with("{{")).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short() {
        assert_eq!(short("subject::RwLock<T>::write"), "RwLock::write");
        assert_eq!(short("subject::RwLock<T>::write::{{closure}}"), "RwLock::write");
        assert_eq!(short("subject::inner::gather"), "inner::gather");
        assert_eq!(short("<subject::ReadGuard<T> as core::ops::drop::Drop>::drop"), "drop of ReadGuard");
        assert_eq!(short("<subject::Gather<F> as core::future::future::Future>::poll"), "Gather::poll");
    }

    #[test]
    fn the_outermost_function_of_the_submission_is_the_call() {
        let text = "   0: interleave::engine::execution::record
             at /k/interleave/src/engine/execution.rs:5:9
   1: subject::RwLock<T>::state
             at /w/src/lib.rs:36:9
   2: subject::RwLock<T>::write
             at /w/src/lib.rs:95:20
   3: checks::schedules::story::{{closure}}
             at /w/tests/schedules.rs:17:50
   4: core::ops::function::FnOnce::call_once
             at /rustc/x/library/core/src/ops/function.rs:250:5
";
        let stack = of(text);
        assert_eq!((stack.call.as_str(), stack.call_line), ("RwLock::write", 17));
        assert_eq!(stack.innermost.map(|place| place.line), Some(36));
    }
}
