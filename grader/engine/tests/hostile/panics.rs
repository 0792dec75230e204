//! Panics, whether somebody looks at them or not, each with its place.

use crate::grading::{fails_with, findings, grade, place, seen};
use verdict::Kind;

#[test]
fn a_panic_is_reported_with_its_place() {
    let finding = fails_with("panics", Kind::Panic);
    assert!(seen(&finding).contains("no answer today"), "{finding:#?}");
    assert_eq!(place(&finding), ("panics.rs", 4));
}

#[test]
fn a_panic_that_nobody_looks_at_is_reported_with_its_place() {
    let finding = fails_with("swallows_a_panic", Kind::Panic);
    assert!(seen(&finding).contains("thread 'worker' panicked: swallowed"), "{finding:#?}");
    assert_eq!(place(&finding), ("swallows_a_panic.rs", 4));
}

#[test]
fn a_panic_with_a_value_that_is_no_text_is_a_panic() {
    let finding = fails_with("panics_with_a_value", Kind::Panic);
    assert_eq!(place(&finding), ("panics_with_a_value.rs", 4));
}

#[test]
fn a_hook_cannot_hide_a_panic() {
    for name in ["sets_the_hook", "takes_the_hook"] {
        let report = grade(name);
        for finding in findings(&report) {
            assert!(finding.expected.as_deref().unwrap_or_default().contains("panic hook"), "{finding:#?}");
        }
    }
}
