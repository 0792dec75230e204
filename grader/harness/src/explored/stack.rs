//! Reads a backtrace: which function of the submission a scenario has called, and where in the submission the step is.
//!
//! Frames are told apart by their files. Names of functions come in several forms, depending on how the compiler has
//! described them; what is made of them is for people only.

use probe::explored::Place;
use std::path::Path;

/// What a backtrace says about a step.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stack {
    /// The function of the submission that the scenario has called, in short; empty if there is none.
    pub(super) call: String,
    /// The line of the scenario that called it; 0 if unknown.
    pub(super) call_line: u32,
    /// The place in the submission; `None` if the step is the scenario's own, even if the submission has called it.
    pub(super) innermost: Option<Place>,
    /// Where that function was called from, if the submission did that, too.
    pub(super) caller: Option<Place>,
}

/// The name of the submission's crate, as hidden tests know it.
const SUBJECT: &str = "subject::";

impl Stack {
    /// Reads the text of a backtrace: a line `12: path::of::function`, then `at file:line:column`, for each frame.
    /// `subject` is the root file of the submission, `scenarios` that of the scenarios.
    pub(super) fn of(text: &str, subject: &str, scenarios: &str) -> Stack {
        let mut stack = Stack::default();
        let mut function = "";
        let (mut waits_for_caller, mut own, mut told) = (false, false, false);
        for line in text.lines().map(str::trim) {
            if let Some((number, name)) = line.split_once(": ")
                && number.parse::<u32>().is_ok()
            {
                function = name;
            } else if let Some(place) = line.strip_prefix("at ").and_then(place) {
                if told {
                    break;
                }
                if place.file != scenarios && is_subject(&place.file, subject) {
                    // A thread of the submission's own begins with a closure: what that calls says more.
                    let name = short(function);
                    if stack.call.is_empty() || !name.is_empty() && !is_closure(function) {
                        stack.call = name;
                    }
                    waits_for_caller = true;
                    if !own && stack.innermost.is_none() {
                        stack.innermost = Some(place);
                    } else if !own {
                        stack.caller.get_or_insert(place);
                    }
                } else if place.file == scenarios {
                    own |= stack.innermost.is_none();
                    // What the scenario has called may have been called by the submission: the inner call is the story.
                    told = waits_for_caller;
                    if told {
                        stack.call_line = place.line;
                    }
                }
            }
        }
        stack
    }
}

/// Whether a file belongs to the submission with this root file.
pub(super) fn is_subject(file: &str, root: &str) -> bool {
    file == root || Path::new(root).parent().is_some_and(|folder| Path::new(file).starts_with(folder))
}

fn place(text: &str) -> Option<Place> {
    let (rest, column) = text.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
}

/// `subject::RwLock<T>::write::{{closure}}` → `RwLock::write`; `<subject::Guard<T> as core::ops::drop::Drop>::drop` →
/// `drop of Guard`; `{closure#2}<subject::gather::{closure#0}, …>` → `gather`; `put<i32>` → `put`.
fn short(function: &str) -> String {
    let is_path = function.trim_start_matches(['<', '&']).starts_with(SUBJECT);
    if !is_path && let Some((_, inside)) = function.split_once(SUBJECT) {
        // A closure or an instance of a generic function, named after what it belongs to.
        let path = inside.split(['{', '<', '>', ',']).next().unwrap_or_default();
        return last_two(path);
    }
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
    last_two(path.strip_prefix(SUBJECT).unwrap_or(&path))
}

/// Whether a function is a closure.
fn is_closure(function: &str) -> bool {
    let last = function.rsplit("::").next().unwrap_or(function);
    function.starts_with("{closure") || last.starts_with("{closure#") || last == "{{closure}}"
}

/// The last two names of a path that are names.
fn last_two(path: &str) -> String {
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty() && !part.starts_with('{')).collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short() {
        for (function, name) in [
            ("subject::RwLock<T>::write", "RwLock::write"),
            ("subject::RwLock<T>::write::{{closure}}", "RwLock::write"),
            ("subject::inner::gather", "inner::gather"),
            ("<subject::ReadGuard<T> as core::ops::drop::Drop>::drop", "drop of ReadGuard"),
            ("<subject::Gather<F> as core::future::future::Future>::poll", "Gather::poll"),
            ("{closure#2}<subject::gather::{closure#0}::{async_block_env#0}<checks::Sleeper<i32>>, i32>", "gather"),
            ("put<i32>", "put"),
            ("<subject::RwLock<alloc::vec::Vec<u8>>>::write", "RwLock::write"),
            ("<subject::RwLock<u8>>::write::{closure#0}", "RwLock::write"),
            ("<subject::ReadGuard<u8> as core::ops::drop::Drop>::drop", "drop of ReadGuard"),
            ("subject::inner::put::<i32>", "inner::put"),
            ("subject::gather::<checks::Sleeper<i32>>::{closure#0}", "gather"),
            ("write", "write"),
        ] {
            assert_eq!(short(function), name, "{function}");
        }
    }

    #[test]
    fn the_outermost_function_of_the_submission_is_the_call() {
        let text = "   0: interleave::engine::execution::record
             at /k/interleave/src/engine/execution.rs:5:9
   1: subject::RwLock<T>::state
             at /w/src/inner.rs:36:9
   2: subject::RwLock<T>::write
             at /w/src/lib.rs:95:20
   3: checks::schedules::story::{{closure}}
             at /w/tests/schedules.rs:17:50
   4: core::ops::function::FnOnce::call_once
             at /rustc/x/library/core/src/ops/function.rs:250:5
";
        let stack = Stack::of(text, "/w/src/lib.rs", "/w/tests/schedules.rs");
        assert_eq!((stack.call.as_str(), stack.call_line), ("RwLock::write", 17));
        assert_eq!(stack.innermost.map(|place| place.line), Some(36));
        assert_eq!(stack.caller.map(|place| place.line), Some(95));
    }

    #[test]
    fn a_thread_that_begins_with_a_closure_is_named_after_what_that_calls() {
        for closure in
            ["subject::Pool::start::{{closure}}", "<subject::Pool>::start::{closure#0}", "{closure#0}<subject::Job>"]
        {
            let text = format!(
                "   0: <subject::Pool>::serve\n   at /w/src/lib.rs:5:9\n   1: {closure}\n   at /w/src/lib.rs:7:9\n"
            );
            assert_eq!(Stack::of(&text, "/w/src/lib.rs", "/w/tests/schedules.rs").call, "Pool::serve", "{closure}");
        }
    }

    #[test]
    fn what_the_submission_calls_back_is_the_scenario_s_own() {
        let text = "   0: lock<u32>
             at /w/tests/schedules.rs:99:9
   1: {closure#0}
             at /w/src/lib.rs:40:20
   2: {closure#1}<subject::gather::{closure#0}>
             at /w/src/lib.rs:44:20
   3: story
             at /w/tests/schedules.rs:17:50
";
        let stack = Stack::of(text, "/w/src/lib.rs", "/w/tests/schedules.rs");
        assert_eq!((stack.call.as_str(), stack.call_line, stack.innermost), ("gather", 17, None));
    }
}
