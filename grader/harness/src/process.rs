//! What a test asks about its own process: memory, descriptors, threads.
//!
//! Run by the grader, the process has no `/proc`, and the grader answers; under `cargo test` the same is read from `/proc/self`.
//! A `#[peer]` of a graded test has neither: what is asked there panics.

use crate::line::ask;
use probe::ask::{Answer, Question};
pub use probe::descriptors::Descriptor;
use probe::shares::Shares;
use probe::threads::Reading;

/// The text of `/proc/self/status`: sizes (`VmPeak`, `VmRSS`), limits, switches.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn status() -> String {
    text(Question::Status)
}

/// The text of `/proc/self/statm`: sizes in pages.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn statm() -> String {
    text(Question::Statm)
}

/// The text of `/proc/self/maps`: one line for each mapping.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn maps() -> String {
    text(Question::Maps)
}

/// The text of `/proc/self/smaps_rollup`, sizes counted page by page; `None` where the kernel does not keep it.
pub fn rollup() -> Option<String> {
    match ask(Question::Rollup) {
        Ok(Answer::Text(text)) => Some(text),
        _ => None,
    }
}

/// The open descriptors of this process, and what each leads to.
///
/// # Panics
/// If the grader, or without one `/proc`, does not tell.
pub fn descriptors() -> Vec<Descriptor> {
    match ask(Question::Descriptors) {
        Ok(Answer::Descriptors(descriptors)) => descriptors,
        other => refused(other),
    }
}

/// Where each thread of this process stands.
pub(crate) fn threads() -> Reading {
    match ask(Question::Threads) {
        Ok(Answer::Threads(reading)) => reading,
        other => refused(other),
    }
}

/// How much of the cores the threads of this process had.
pub(crate) fn shares() -> Shares {
    match ask(Question::Shares) {
        Ok(Answer::Shares(shares)) => shares,
        other => refused(other),
    }
}

fn text(question: Question) -> String {
    match ask(question) {
        Ok(Answer::Text(text)) => text,
        other => refused(other),
    }
}

fn refused(answer: std::io::Result<Answer>) -> ! {
    panic!("nobody tells this process about itself: {answer:?}")
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_about_itself() {
        assert!(status().contains("VmPeak:"));
        assert_eq!(statm().split_whitespace().count(), 7);
        assert!(maps().contains("[stack]"));
        assert!(rollup().is_none_or(|text| text.contains("Rss:")));
        assert!(descriptors().iter().any(|each| each.number == 2));
        assert!(!threads().threads.is_empty() && shares().since(Shares::default()) != Shares::default());
    }
}
