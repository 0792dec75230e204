//! A word that one part of a grading gives to the others: something is there, or it will never be.

use std::sync::OnceLock;

/// What may be waited for.
#[derive(Debug, Default)]
pub(crate) struct Awaited(OnceLock<bool>);

impl Awaited {
    /// Waits. Whether what was promised is there.
    pub(crate) fn comes(&self) -> bool {
        *self.0.wait()
    }

    /// The promise to say so: whoever gives it up without a word has said no.
    pub(crate) fn promise(&self) -> Promise<'_> {
        Promise(&self.0)
    }
}

/// Kept, or broken when dropped.
#[derive(Debug)]
pub(crate) struct Promise<'a>(&'a OnceLock<bool>);

impl Promise<'_> {
    /// It is there.
    pub(crate) fn keep(&self) {
        // Said before: nothing changes.
        let _ = self.0.set(true);
    }
}

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        // Set already if it was kept.
        let _ = self.0.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_is_dropped_is_broken_and_one_that_is_kept_stays_kept() {
        let (kept, broken) = (Awaited::default(), Awaited::default());
        std::thread::scope(|scope| {
            let waits = [&kept, &broken].map(|awaited| scope.spawn(|| awaited.comes()));
            kept.promise().keep();
            drop(broken.promise());
            assert_eq!(waits.map(|wait| wait.join().unwrap()), [true, false]);
        });
    }
}
