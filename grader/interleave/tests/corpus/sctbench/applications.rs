//! The programs "CB", "Inspect" and "Misc" of SCTBench, most of them cut down from applications and libraries.

use super::super::bug::Version;
use super::super::platform::hint;
use super::super::platform::sync::atomic::Ordering::SeqCst;
use super::super::platform::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize};
use super::super::platform::sync::{Arc, Condvar, Mutex};
use super::super::platform::thread;
use std::collections::VecDeque;

/// A download notes how far it has come before it has written that far; when it is interrupted, what it resumes from is a
/// lie.
pub(crate) fn aget(version: Version) {
    let (noted, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for block in 1..=3 {
                if version.is_mended() {
                    written.store(block, SeqCst);
                    noted.store(block, SeqCst);
                } else {
                    noted.store(block, SeqCst);
                    written.store(block, SeqCst);
                }
            }
        });
        // The signal handler that saves the state.
        let resume_from = noted.load(SeqCst);
        assert!(written.load(SeqCst) >= resume_from);
    });
}

/// The main thread disposes of the queue when all is compressed, though the compressors have not yet left it.
pub(crate) fn pbzip2(version: Version) {
    let queue = Arc::new(Mutex::new(Some(VecDeque::from([1, 2]))));
    let compressed = Arc::new(AtomicI32::new(0));
    let compressors: Vec<_> = (0..2)
        .map(|_| {
            let (queue, compressed) = (Arc::clone(&queue), Arc::clone(&compressed));
            thread::spawn(move || {
                while let Some(_block) = queue.lock().unwrap().as_mut().expect("the queue is there").pop_front() {
                    compressed.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    if version.is_mended() {
        for compressor in compressors {
            compressor.join().unwrap();
        }
    }
    while compressed.load(SeqCst) < 2 {
        hint::spin_loop();
    }
    *queue.lock().unwrap() = None;
}

/// Appending a buffer to another asks for its length, then for its content; it is cut in between.
pub(crate) fn stringbuffer(version: Version) {
    let (text, other) = (Mutex::new(String::new()), Mutex::new("abc".to_owned()));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut text = text.lock().unwrap();
            let held = version.is_mended().then(|| other.lock().unwrap());
            match held {
                Some(other) => text.push_str(&other),
                None => {
                    let length = other.lock().unwrap().len();
                    text.push_str(&other.lock().unwrap()[..length]);
                }
            }
        });
        scope.spawn(|| other.lock().unwrap().truncate(1));
    });
}

/// Producers and consumers wait on one condition variable, and each wakes one: it may be one of its own kind.
pub(crate) fn bounded_buffer(version: Version) {
    let (buffer, changed) = (Mutex::new(VecDeque::new()), Condvar::new());
    let tell = || match version {
        Version::Broken => changed.notify_one(),
        Version::Mended => changed.notify_all(),
    };
    thread::scope(|scope| {
        for producer in 0..2 {
            let (buffer, changed, tell) = (&buffer, &changed, &tell);
            scope.spawn(move || {
                for _ in 0..2 {
                    let mut buffer = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.len() == 1).unwrap();
                    buffer.push_back(producer);
                    tell();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let mut buffer = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.is_empty()).unwrap();
                    buffer.pop_front().unwrap();
                    tell();
                }
            });
        }
    });
}

/// Two threads that register themselves read how many there are, and write one more.
pub(crate) fn ctrace(version: Version) {
    let registered = AtomicI32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| match version {
                Version::Broken => registered.store(registered.load(SeqCst) + 1, SeqCst),
                Version::Mended => drop(registered.fetch_add(1, SeqCst)),
            });
        }
    });
    assert_eq!(registered.load(SeqCst), 2);
}

/// Vyukov's stack without locks, where a popped element comes back under a popper that looks away: it takes three threads
/// and five switches at the right places.
pub(crate) fn safestack(version: Version) {
    const NONE: i32 = -1;
    let head = AtomicI32::new(0);
    let next = [1, 2, NONE].map(AtomicI32::new);
    let count = AtomicI32::new(3);
    let used = [const { AtomicBool::new(false) }; 3];
    let lock = Mutex::new(());
    let pop = || {
        while count.load(SeqCst) > 1 {
            let first = head.load(SeqCst);
            let second = next[first as usize].swap(NONE, SeqCst);
            if second >= 0 {
                if head.compare_exchange(first, second, SeqCst, SeqCst).is_ok() {
                    count.fetch_sub(1, SeqCst);
                    return Some(first as usize);
                }
                next[first as usize].swap(second, SeqCst);
            }
            hint::spin_loop();
        }
        None
    };
    let push = |element: usize| {
        loop {
            let first = head.load(SeqCst);
            next[element].store(first, SeqCst);
            if head.compare_exchange(first, element as i32, SeqCst, SeqCst).is_ok() {
                break;
            }
        }
        count.fetch_add(1, SeqCst);
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let locked = version.is_mended().then(|| lock.lock().unwrap());
                    let element = pop();
                    drop(locked);
                    let Some(element) = element else { continue };
                    assert!(!used[element].swap(true, SeqCst), "two threads have popped {element}");
                    used[element].store(false, SeqCst);
                    let _locked = version.is_mended().then(|| lock.lock().unwrap());
                    push(element);
                }
            });
        }
    });
}
