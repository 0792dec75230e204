//! The program that the grader makes of hidden tests: one process runs one entry.
//!
//! Nothing about the process tells which: it has no arguments, and its thread always has the same name. The grader says it over the
//! line.

use crate::{graded, line, page};
use probe::entries::{self, Entry};
use probe::wire::{self, Order};
use std::panic;
use std::process::ExitCode;
use std::sync::OnceLock;

/// The name of the thread that runs a test in a graded process.
pub(crate) const THREAD: &str = "fact";

static ORDER: OnceLock<Order> = OnceLock::new();

/// What the grader has ordered.
#[cfg(feature = "explore")]
pub(crate) fn order() -> Option<&'static Order> {
    ORDER.get()
}

/// The program that the grader's generated root is: `harness::graded_main!();`.
///
/// The linker marks both ends of the section that holds the entries.
#[macro_export]
macro_rules! graded_main {
    () => {
        #[used]
        #[unsafe(link_section = "hidden_tests")]
        static NONE: $crate::run::Entry = $crate::run::Entry { number: 0, kind: $crate::run::NONE, run: || () };

        fn main() -> ::std::process::ExitCode {
            unsafe extern "C" {
                static __start_hidden_tests: $crate::run::Entry;
                static __stop_hidden_tests: $crate::run::Entry;
            }
            // SAFETY: the linker puts both at the ends of one array.
            let entries = unsafe {
                let (from, to) = (&raw const __start_hidden_tests, &raw const __stop_hidden_tests);
                ::std::slice::from_raw_parts(from, to.offset_from_unsigned(from))
            };
            $crate::run::main(entries)
        }
    };
}

/// Runs what this process was started for.
pub fn main(entries: &[Entry]) -> ExitCode {
    let find = |kind: u64, number: u64| {
        let mut found = entries.iter().filter(|entry| entry.kind == kind && entry.number == number);
        // Two would mean that somebody else has put one there.
        found.next().filter(|_| found.next().is_none()).map(|entry| entry.run)
    };
    if let Some(number) = page::part() {
        let Some(run) = find(entries::PEER, number) else {
            return complain("this program has no such peer");
        };
        return match std::thread::Builder::new().name(THREAD.into()).spawn(run).map(|thread| thread.join()) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            _ => ExitCode::from(101),
        };
    }
    let Some(order) = line::incoming().and_then(|mut incoming| wire::read_order(&mut incoming).ok()) else {
        return complain("hidden tests are started by the grader: `cargo grader check`");
    };
    let order = ORDER.get_or_init(|| order);
    let Some(run) = find(entries::TEST, order.entry) else {
        return complain("this program has no such test");
    };
    panic::set_hook(Box::new(graded::note_panic));
    run();
    // Not reached: each kind of test says its last word and rests.
    complain("a hidden test ended without a word")
}

fn complain(what: &str) -> ExitCode {
    eprintln!("{what}");
    ExitCode::FAILURE
}
