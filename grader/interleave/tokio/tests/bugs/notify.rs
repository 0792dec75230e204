//! `Notify`, rung before anybody listens.

use super::{assert_fine, assert_found};
use interleave::engine::FailureKind;
use interleave::{executor, sync, thread};
use std::sync::Arc;
use tokio_standin::sync::Notify;

/// A flag and a `Notify` that rings for all who wait. The one who waits looks first, or listens first.
fn looks_and_listens(listens_first: bool) {
    let shared = Arc::new((sync::Mutex::new(false), Notify::new()));
    let theirs = Arc::clone(&shared);
    let setter = thread::spawn(move || {
        *theirs.0.lock().unwrap() = true;
        theirs.1.notify_waiters();
    });
    executor::block_on(async {
        let early = listens_first.then(|| shared.1.notified());
        if !*shared.0.lock().unwrap() {
            match early {
                Some(early) => early.await,
                None => shared.1.notified().await,
            }
        }
    });
    setter.join().unwrap();
}

#[test]
fn a_ring_for_all_between_the_look_and_the_listening_is_lost() {
    assert_found(&[FailureKind::LostWakeup, FailureKind::Deadlock], || looks_and_listens(false));
}

#[test]
fn a_ring_for_all_after_the_listening_is_not_lost() {
    assert_fine(|| looks_and_listens(true));
}
