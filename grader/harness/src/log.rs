//! What happens in a test, in the order in which it happens.

use crate::explorable::sync::{Arc, Mutex, MutexGuard};
use std::fmt::Display;

/// A list that every part of a test adds to. Clones are the same list.
#[derive(Debug)]
pub struct Log<T = String>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    /// An empty list.
    pub fn new() -> Self {
        Log(Arc::new(Mutex::new(Vec::new())))
    }

    /// Adds an entry.
    #[track_caller]
    pub fn add(&self, entry: T) {
        self.entries().push(entry);
    }

    /// All entries so far.
    #[track_caller]
    pub fn read(&self) -> Vec<T>
    where
        T: Clone,
    {
        self.entries().clone()
    }

    /// All entries since the last that were taken.
    #[track_caller]
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.entries())
    }

    #[track_caller]
    fn entries(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().expect("nobody panics while it writes")
    }
}

impl Log {
    /// Adds a line.
    #[track_caller]
    pub fn line(&self, line: impl Display) {
        self.add(line.to_string());
    }

    /// All lines so far as one text, each with its end.
    #[track_caller]
    pub fn text(&self) -> String {
        self.entries().iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Log(Arc::clone(&self.0))
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Log::new()
    }
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn lines_become_a_text() {
        let log = Log::new();
        assert_eq!(log.text(), "");
        log.line("spam");
        log.clone().line(format_args!("{} eggs", 2));
        assert_eq!(log.read(), ["spam", "2 eggs"]);
        assert_eq!(log.text(), "spam\n2 eggs\n");
        assert_eq!(log.take(), ["spam", "2 eggs"]);
        assert_eq!(log.text(), "");
    }
}
