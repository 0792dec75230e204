//! Starvation, counted in hand-overs: time says nothing about fairness, being passed over does.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A waiter that may be passed over so often and no more.
///
/// The scenario says when the waiter begins to wait ([`waits`](Patience::waits)), when it is served, and, wherever somebody
/// else is served, that it was passed over.
#[derive(Debug)]
pub struct Patience {
    who: &'static str,
    most: usize,
    /// How often it has been passed over since it began to wait; `IDLE` while it does not. Real atomics: under exploration
    /// this is no step of the program.
    passed_over: AtomicUsize,
}

const IDLE: usize = usize::MAX;

impl Patience {
    /// The waiter's name, and how many others may be served while it waits.
    pub const fn new(who: &'static str, most: usize) -> Self {
        Patience { who, most, passed_over: AtomicUsize::new(IDLE) }
    }

    /// From here on it waits.
    pub fn waits(&self) {
        self.passed_over.store(0, Ordering::SeqCst);
    }

    /// It is served.
    pub fn is_served(&self) {
        self.passed_over.store(IDLE, Ordering::SeqCst);
    }

    /// Somebody else is served. Counts only while the waiter waits.
    ///
    /// # Panics
    /// As starvation, if it has been passed over too often.
    #[track_caller]
    pub fn somebody_else_is_served(&self) {
        if self.passed_over.load(Ordering::SeqCst) == IDLE {
            return;
        }
        let times = self.passed_over.fetch_add(1, Ordering::SeqCst) + 1;
        if times > self.most {
            let demanded = match self.most {
                0 => "nobody is served before it".to_owned(),
                1 => "at most one other is served before it".to_owned(),
                most => format!("at most {most} others are served before it"),
            };
            crate::starved(format!("'{}', which waits", self.who), demanded, format!("{times} were"));
        }
    }
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_after_so_many_others() {
        let patience = Patience::new("writer", 2);
        patience.somebody_else_is_served();
        patience.waits();
        patience.somebody_else_is_served();
        patience.is_served();
        patience.waits();
        patience.somebody_else_is_served();
        patience.somebody_else_is_served();
        let third = std::panic::catch_unwind(|| patience.somebody_else_is_served());
        let payload = third.unwrap_err();
        let text = payload.downcast_ref::<String>().unwrap();
        assert!(text.contains("'writer'") && text.contains("3 were"), "{text}");
    }
}
