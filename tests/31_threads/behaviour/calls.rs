//! Calls that wait at a gate, and what calls leave behind: dropped values, a panic, no threads.

use harness::{Gate, actor, catch_panic, expect_eq, quiesce, threads_alive};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::parallel_map;

/// The payload of the panic that `action` ends with.
pub(super) fn panic_of<R>(about: &str, action: impl FnOnce() -> R) -> Box<dyn std::any::Any + Send> {
    match catch_panic(action) {
        Ok(_) => harness::unmet(about, "a panic", "it returned"),
        Err(payload) => payload,
    }
}

pub(super) fn only_the_test_is_left(before: usize, about: &str) {
    quiesce();
    expect_eq!(threads_alive(), before, format!("the number of threads, {about}"));
}

/// A caller and its `parallel_map`, in which the calls for some items block.
pub(super) struct Blocked {
    pub(super) caller: harness::Actor<Vec<usize>>,
    pub(super) gate: Gate,
    pub(super) begun: Arc<AtomicUsize>,
    pub(super) ended: Arc<AtomicUsize>,
}

/// Maps the numbers below `items`; the calls for those in `blocking` wait at a gate. All has come to rest when this returns.
pub(super) fn blocked(items: usize, workers: usize, blocking: &'static [usize]) -> Blocked {
    let (gate, begun, ended) = (Gate::new(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let theirs = (gate.clone(), Arc::clone(&begun), Arc::clone(&ended));
    let caller = actor("caller", move || {
        let (gate, begun, ended) = theirs;
        parallel_map((0..items).collect(), workers, |item| {
            begun.fetch_add(1, SeqCst);
            if blocking.contains(&item) {
                gate.pass();
            }
            ended.fetch_add(1, SeqCst);
            item
        })
    });
    quiesce();
    Blocked { caller, gate, begun, ended }
}

impl Blocked {
    /// Opens the gate for all, and waits for the results, which must be the items themselves.
    pub(super) fn finish(self, items: usize) {
        self.gate.admit(items);
        let expected: Vec<usize> = (0..items).collect();
        expect_eq!(
            self.caller.finish(),
            expected,
            "the results, when f returns its item and some calls took their time"
        );
    }
}
