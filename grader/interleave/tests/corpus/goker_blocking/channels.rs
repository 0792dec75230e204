//! Channels alone: a message that nobody takes, or that nobody sends.

use super::super::bug::Version;
use super::super::go::Channel;
use super::super::platform::sync::atomic::AtomicBool;
use super::super::platform::sync::atomic::Ordering::SeqCst;
use super::super::platform::sync::mpsc::{self, TryRecvError};
use super::super::platform::sync::{Arc, Mutex};
use super::super::platform::thread;
use super::super::platform::time::Duration;

/// A watcher sends to a server that no longer listens, its time being up.
pub(crate) fn kubernetes_38669(version: Version) {
    let capacity = if version.is_mended() { 3 } else { 1 };
    let results = Arc::new(Channel::new(capacity));
    let watcher = Arc::clone(&results);
    thread::spawn(move || {
        for event in 0..3 {
            watcher.send(event);
            thread::sleep(Duration::from_millis(2));
        }
    });
    results.recv_timeout(Duration::from_millis(1));
}

/// Whoever asks has given up; the answer is for nobody, and nobody takes it.
pub(crate) fn kubernetes_5316(version: Version) {
    let answer = Arc::new(Channel::new(usize::from(version.is_mended())));
    let theirs = Arc::clone(&answer);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(1));
        theirs.send(42);
    });
    answer.recv_timeout(Duration::from_millis(1));
}

/// A check that has failed asks whether the store drains, to know whether that is worth a line in the log; asked like this, it
/// waits until the store does, and the store waits for the check.
pub(crate) fn cockroach_25456(version: Version) {
    let (drain, draining) = mpsc::channel::<()>();
    let key = AtomicBool::new(true);
    let key = &key;
    thread::scope(|scope| {
        scope.spawn(|| key.store(false, SeqCst));
        let check = scope.spawn(move || {
            if key.load(SeqCst) {
                return;
            }
            let drains = match version {
                Version::Broken => draining.recv().is_err(),
                Version::Mended => draining.try_recv() == Err(TryRecvError::Disconnected),
            };
            assert!(!drains);
        });
        check.join().unwrap();
        drop(drain);
    });
}

/// Two loops each send the other a message before they look for their own.
pub(crate) fn cockroach_2448(version: Version) {
    let capacity = usize::from(version.is_mended());
    let (to_store, store) = mpsc::sync_channel(capacity);
    let (to_raft, raft) = mpsc::sync_channel(capacity);
    thread::scope(|scope| {
        scope.spawn(move || {
            to_raft.send("propose").unwrap();
            store.recv().unwrap();
        });
        scope.spawn(move || {
            to_store.send("event").unwrap();
            raft.recv().unwrap();
        });
    });
}

/// A node is asked for its status when its loop has ended: the question is never taken, though its channel lives on.
pub(crate) fn etcd_6857(version: Version) {
    let (ask, asked) = mpsc::sync_channel::<()>(0);
    let (stop, stopped) = mpsc::channel::<()>();
    let asked = Arc::new(Mutex::new(Some(asked)));
    let node = Arc::clone(&asked);
    thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.try_recv().is_err() {
                let node = node.lock().unwrap();
                if node.as_ref().unwrap().recv_timeout(Duration::from_millis(1)).is_ok() {
                    continue;
                }
            }
            if version.is_mended() {
                *node.lock().unwrap() = None;
            }
        });
        scope.spawn(move || _ = ask.send(()));
        stop.send(()).unwrap();
    });
}

/// Who closes a connection waits for its dispatcher to end; the dispatcher, when it meets an error, closes the connection.
pub(crate) fn syncthing_5795(version: Version) {
    let dispatcher_has_ended = Channel::<()>::new(0);
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| failed.store(true, SeqCst));
        scope.spawn(|| {
            if failed.load(SeqCst) && !version.is_mended() {
                dispatcher_has_ended.recv();
            }
            dispatcher_has_ended.close();
        });
    });
}

/// A transaction starts a thread that waits for its context to be cancelled, and one way out of the transaction does not cancel it.
pub(crate) fn cockroach_13197(version: Version) {
    let done = Arc::new(Channel::<()>::new(0));
    let theirs = Arc::clone(&done);
    thread::spawn(move || theirs.recv());
    let committed = false;
    if committed || version.is_mended() {
        done.close();
    }
}
