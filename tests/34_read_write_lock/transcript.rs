//! Three readers and a writer, one step at a time. Each thread writes its own lines; between two steps all come to rest.

use harness::{Log, actor, quiesce};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use subject::{RwLock, WriteGuard};

/// Starts a thread that plays `part` and goes on when it is told to. It has come to rest when this returns.
fn thread(name: &'static str, part: impl FnOnce(&dyn Fn()) + Send + 'static) -> Sender<()> {
    let (go_on, told) = channel();
    actor(name, move || {
        part(&|| {
            let _ = told.recv();
        })
    });
    quiesce();
    go_on
}

fn go_on(sender: &Sender<()>) {
    // An error means that the thread has run ahead; the lines show it.
    let _ = sender.send(());
    quiesce();
}

#[harness::transcript]
fn transcript() -> String {
    let log = Log::new();
    let lock = Arc::new(RwLock::new(0));

    let reader = |name: &'static str| {
        let (log, lock) = (log.clone(), Arc::clone(&lock));
        thread(name, move |stay| {
            log.line(format_args!("{name}: asks"));
            let guard = lock.read().expect("the lock is not poisoned");
            log.line(format_args!("{name}: reads {}", *guard));
            stay();
            log.line(format_args!("{name}: leaves"));
            drop(guard);
        })
    };
    let writer = |name: &'static str| {
        let (log, lock) = (log.clone(), Arc::clone(&lock));
        thread(name, move |stay| {
            log.line(format_args!("{name}: asks"));
            let mut guard = lock.write().expect("the lock is not poisoned");
            *guard += 1;
            log.line(format_args!("{name}: writes {}", *guard));
            stay();
            log.line(format_args!("{name}: downgrades"));
            let guard = WriteGuard::downgrade(guard);
            stay();
            log.line(format_args!("{name}: still reads {}", *guard));
            log.line(format_args!("{name}: leaves"));
            drop(guard);
        })
    };

    let first = reader("reader 1");
    let second = reader("reader 2");
    let writer = writer("writer");
    let third = reader("reader 3");
    for step in [&first, &second, &writer, &writer, &third] {
        go_on(step);
    }
    log.text()
}
