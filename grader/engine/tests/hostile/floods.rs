//! Too much output, too much memory, too many threads.

use crate::grading::{detail, fails_with, findings, grade, seen};
use verdict::Kind;

#[test]
fn a_flood_on_either_stream_is_cut_off() {
    for name in ["floods_stdout", "floods_stderr"] {
        let finding = fails_with(name, Kind::OutputLimit);
        assert!(detail(&finding).len() < 10_000, "the flood is in the report");
    }
}

#[test]
fn memory_has_a_limit() {
    let finding = fails_with("hoards_memory", Kind::MemoryLimit);
    assert!(finding.expected.as_deref().unwrap_or_default().contains("256 MiB"), "{finding:#?}");
}

#[test]
fn one_huge_allocation_is_refused() {
    assert!(seen(&fails_with("wants_too_much", Kind::MemoryLimit)).contains(&(1u64 << 40).to_string()));
}

#[test]
fn the_limit_on_memory_cannot_be_lifted() {
    fails_with("raises_its_limit", Kind::MemoryLimit);
}

#[test]
fn ten_thousand_threads_are_too_many() {
    // What gives out first depends on the system: the address space for a stack, or the memory to name the thread.
    let report = grade("starts_ten_thousand_threads");
    findings(&report);
}
