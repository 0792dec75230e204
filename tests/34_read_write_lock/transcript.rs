//! Three readers and a writer, one step at a time. Each thread writes its own lines; between two steps all come to rest.

use harness::{actor, quiesce};
use std::fmt::Write as _;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use subject::{RwLock, WriteGuard};

/// The lines so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn line(&self, name: &str, what: &str) {
        writeln!(self.0.lock().expect("no thread panics"), "{name}: {what}").expect("a String takes any text");
    }
}

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
    let log = Log::default();
    let lock = Arc::new(RwLock::new(0));

    let reader = |name: &'static str| {
        let (log, lock) = (log.clone(), Arc::clone(&lock));
        thread(name, move |stay| {
            log.line(name, "asks");
            let guard = lock.read().expect("the lock is not poisoned");
            log.line(name, &format!("reads {}", *guard));
            stay();
            log.line(name, "leaves");
            drop(guard);
        })
    };
    let writer = |name: &'static str| {
        let (log, lock) = (log.clone(), Arc::clone(&lock));
        thread(name, move |stay| {
            log.line(name, "asks");
            let mut guard = lock.write().expect("the lock is not poisoned");
            *guard += 1;
            log.line(name, &format!("writes {}", *guard));
            stay();
            log.line(name, "downgrades");
            let guard = WriteGuard::downgrade(guard);
            stay();
            log.line(name, &format!("still reads {}", *guard));
            log.line(name, "leaves");
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
    log.0.lock().expect("no thread panics").clone()
}
