//! The contender of threads: what it creates, that it joins them, and how they wait.

use super::places::{noting, used};
use harness::{actor, expect, expect_eq, fact, open_descriptors, quiesce, threads_alive};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use subject::{Contender, Threads};

/// `create` is one new thread, which does the work once; the partner is another thread, the same one for all round
/// trips.
///
/// Next: `spawn` in `create`; for the partner, a thread that lives and two channels.
#[fact]
fn a_created_thread_is_a_thread_of_its_own() {
    let (places, work) = noting();
    let (created, partner) = used(&mut Threads::new(work), &places);
    let mut threads: Vec<_> = created.iter().chain([&partner]).map(|place| place.thread).collect();
    threads.push(std::thread::current().id());
    let count = |thread| threads.iter().filter(|other| **other == thread).count();
    let own = threads.iter().all(|thread| count(*thread) == 1);
    expect!(own, "the threads of 5 creations, their partner, and the caller", "all different", format!("{threads:?}"));
}

/// Sets a flag when its thread ends, after a while: whoever does not wait for that end goes on too early.
struct AtTheEnd(RefCell<Option<Arc<AtomicBool>>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        // Not for anything to happen meanwhile: a thread that is joined may take as long as it likes.
        std::thread::sleep(Duration::from_millis(30));
        if let Some(flag) = self.0.take() {
            flag.store(true, Ordering::SeqCst);
        }
    }
}

thread_local! {
    static END: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

fn flagging() -> (Arc<AtomicBool>, impl Fn() + Send + Sync + 'static) {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    (flag, move || END.with(|end| *end.0.borrow_mut() = Some(Arc::clone(&theirs))))
}

/// When `create` returns, the thread has been joined: its own destructors have run, too.
///
/// Next: a message from a thread, or the end of a scope, comes before the thread's end; `JoinHandle::join` after it.
#[fact]
fn a_created_thread_is_joined() {
    let (ended, work) = flagging();
    let mut threads = Threads::new(work);
    for _ in 0..3 {
        ended.store(false, Ordering::SeqCst);
        threads.create().expect("the system has room for a thread");
        expect!(ended.load(Ordering::SeqCst), "the thread, when create returns", "it has ended", "it still runs");
    }
}

/// When the drop of `Threads` returns, the partner has been joined; no thread and no descriptor is left.
///
/// Next: first let the partner see that nobody can ask any more, then join it.
#[fact]
fn dropped_threads_are_joined() {
    let before = (threads_alive(), open_descriptors());
    let (ended, work) = flagging();
    let mut threads = Threads::new(work);
    threads.round_trip().expect("the partner answers");
    threads.round_trip().expect("the partner answers");
    expect!(!ended.load(Ordering::SeqCst), "the partner between two round trips", "it lives", "it has ended");
    drop(threads);
    expect!(ended.load(Ordering::SeqCst), "the partner, when Threads was dropped", "it has ended", "it still runs");
    drop(Threads::new(|| {}));
    // A thread that was joined may be on the system's list for a moment.
    quiesce();
    expect_eq!((threads_alive(), open_descriptors()), before, "threads and descriptors after the drop of Threads");
}

/// `create` waits while the new thread works, `round_trip` while the partner does, and the partner between round trips:
/// none uses CPU time.
///
/// Next: a blocking `recv`, on both sides.
#[fact]
fn threads_wait_for_each_other_without_polling() {
    let (begun, begins) = mpsc::channel();
    let (permit, permits) = mpsc::channel();
    let permits = Mutex::new(permits);
    let work = move || {
        let _ = begun.send(());
        let _ = permits.lock().expect("nobody panics").recv();
    };
    let (finished, finishes) = (Arc::new(AtomicUsize::new(0)), |count: &AtomicUsize| count.load(Ordering::SeqCst));
    let theirs = Arc::clone(&finished);
    let caller = actor("caller", move || {
        let mut threads = Threads::new(work);
        threads.create().expect("the system has room for a thread");
        theirs.fetch_add(1, Ordering::SeqCst);
        for _ in 0..2 {
            threads.round_trip().expect("the partner answers");
            theirs.fetch_add(1, Ordering::SeqCst);
        }
        // The partner has nothing to do until the caller has been joined.
        threads
    });
    for (count, about) in ["create", "the first round_trip", "the second round_trip"].into_iter().enumerate() {
        quiesce();
        expect!(begins.try_recv().is_ok(), format!("the work of {about}"), "it has begun", "it has not");
        expect_eq!(finishes(&finished), count, format!("calls that have returned while the work of {about} goes on"));
        permit.send(()).expect("the work waits for it");
    }
    let threads = caller.finish();
    expect_eq!(finishes(&finished), 3, "calls that have returned in the end");
    quiesce();
    drop(threads);
}
