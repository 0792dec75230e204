//! Progress while a grading runs: one line on the standard error, erased when the report comes. Without a terminal only
//! the long steps are mentioned, a line each.

use crate::screen::Screen;
use std::cell::Cell;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use verdict::{Event, Outcome};

/// The progress of one grading.
pub(crate) struct Live<'a> {
    screen: &'a Screen,
    exercise: &'a str,
    /// Counts of the check that runs. One lock: facts end on several threads.
    counts: Mutex<Cell<Counts>>,
    said: AtomicBool,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    done: usize,
    failed: usize,
    of: usize,
}

impl<'a> Live<'a> {
    /// Progress of the grading of `exercise`.
    pub(crate) fn new(screen: &'a Screen, exercise: &'a str) -> Live<'a> {
        Live { screen, exercise, counts: Mutex::default(), said: AtomicBool::new(false) }
    }

    /// Takes note of one step.
    pub(crate) fn watch(&self, event: Event) {
        match event {
            Event::Preparing { what } => {
                // Off a terminal, the first such line is enough.
                if self.screen.live {
                    self.show(&what);
                } else if !self.said.swap(true, Ordering::Relaxed) {
                    self.screen.remark(&format!("{}: {what}", self.exercise));
                }
            }
            Event::Compiling { what } => self.show(&format!("compiling {what}")),
            Event::Started { check, items } => {
                self.count(|counts| *counts = Counts { of: items, ..Counts::default() });
                self.show(&format!("{check}"));
            }
            Event::Item { check, outcome, .. } => {
                let counts = self.count(|counts| {
                    counts.done += 1;
                    counts.failed += usize::from(outcome == Outcome::Failed);
                });
                let failed = if counts.failed > 0 { format!(", {} failed", counts.failed) } else { String::new() };
                self.show(&format!("{check} {} of {}{failed}", counts.done, counts.of));
            }
            Event::Again { .. } | Event::Ended(_) | Event::Report(_) => {}
        }
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) -> Counts {
        let cell = self.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut counts = cell.get();
        change(&mut counts);
        cell.set(counts);
        counts
    }

    fn show(&self, what: &str) {
        if self.screen.live {
            let line: String = format!("{}: {what}", self.exercise).chars().take(self.screen.width - 2).collect();
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K{line}…");
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        if self.screen.live {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}
