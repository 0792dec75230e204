//! Looking takes no lock: a thread that stands still in the middle of `get` is in nobody's way.

use super::stopping;
use super::threads::on_a_new_thread;
use harness::{actor, expect_eq, fact};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use subject::ThreadLocal;

/// A thread that has stopped for ever in the middle of `get` holds up nobody: others look, and come with their first value.
///
/// Next: whatever `get` needs must belong to the calling thread alone, or never change.
#[fact]
fn looking_takes_no_lock() {
    let (local, looks) = (Arc::new(ThreadLocal::new()), Arc::new(AtomicUsize::new(0)));
    local.get_or(|| 0);
    let (theirs, counted) = (Arc::clone(&local), Arc::clone(&looks));
    let looking = actor("looking", move || {
        theirs.get_or(|| 1);
        stopping::this_thread_may_be_stopped();
        let mut wrong = 0;
        while counted.fetch_add(1, SeqCst) < usize::MAX / 2 {
            wrong += usize::from(theirs.get() != Some(&1));
        }
        wrong
    });
    for number in 2..42 {
        // It gets somewhere before it is stopped again.
        let before = looks.load(SeqCst);
        while looks.load(SeqCst) < before + 2 {
            thread::yield_now();
        }
        let stopped = stopping::stop();
        expect_eq!(local.get(), Some(&0), "get, while another thread has stopped in the middle of it");
        for part in 0..2 {
            let seen = on_a_new_thread(|| (local.get().copied(), *local.get_or(|| number * 2 + part)));
            let about = "get, then get_or, on a new thread, while another one has stopped in the middle of get";
            expect_eq!(seen, (None, number * 2 + part), about);
        }
        drop(stopped);
    }
    looks.store(usize::MAX / 2, SeqCst);
    expect_eq!(looking.finish(), 0, "how often get was wrong on a thread that was stopped again and again");
}
