//! The non-blocking kernels of GoBench.

use super::bug::{Bug, Version, bug};
use super::go::{Channel, WaitGroup};
use super::platform::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::platform::sync::{Arc, Mutex};
use super::platform::thread;
use super::platform::time::Duration;
use super::platform::tracked::Tracked;
use Ordering::SeqCst;
use interleave::engine::FailureKind::{Panic, Race};

corpus! {
    "GoKer";
    moby_18412: bug("moby#18412, order violation", Panic);
    etcd_8194: bug("etcd#8194, data race", Race);
    kubernetes_81091: bug("kubernetes#81091, data race", Race);
    grpc_1687: bug("grpc#1687, misuse of a channel", Panic);
    istio_8967: bug("istio#8967, misuse of a channel", Panic);
    serving_3068: bug("serving#3068, misuse of a channel", Panic);
    cockroach_35501: bug("cockroach#35501, anonymous function", Panic);
    cockroach_4407: bug("cockroach#4407, wait group", Panic);
    kubernetes_13058: bug("kubernetes#13058, wait group", Panic);
    serving_4908: bug("serving#4908, testing library", Panic);
}

/// The output of a container is used by a thread that was started before there is one.
pub(crate) fn moby_18412(version: Version) {
    let output = Mutex::new(None);
    thread::scope(|scope| {
        if version.is_mended() {
            *output.lock().unwrap() = Some(1);
        }
        scope.spawn(|| output.lock().unwrap().expect("the container has an output"));
        *output.lock().unwrap() = Some(1);
    });
}

/// A test changes how often leases are looked at, while the thread that looks at them runs.
pub(crate) fn etcd_8194(version: Version) {
    let rate = Tracked::new(10);
    thread::scope(|scope| {
        let lessor = scope.spawn(|| assert!(rate.get() > 0));
        if version.is_mended() {
            lessor.join().unwrap();
        }
        rate.set(20);
    });
}

/// A counter is written under a lock and read without it.
pub(crate) fn kubernetes_81091(version: Version) {
    let (calls, lock) = (Tracked::new(0), Mutex::new(()));
    thread::scope(|scope| {
        scope.spawn(|| {
            let _lock = lock.lock().unwrap();
            calls.set(calls.get() + 1);
        });
        let _lock = version.is_mended().then(|| lock.lock().unwrap());
        assert!(calls.get() <= 1);
    });
}

/// Whether the stream is closed is asked first, and then it is written to: it was closed in between.
pub(crate) fn grpc_1687(version: Version) {
    let writes = Channel::new(1);
    let closed = Mutex::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = closed.lock().unwrap();
            if *held {
                return;
            }
            if !version.is_mended() {
                drop(held);
            }
            writes.send(1);
        });
        scope.spawn(|| {
            *closed.lock().unwrap() = true;
            writes.close();
        });
    });
}

/// Who stops a source closes its channel and forgets it; the source's thread looks for the channel when it gets there.
pub(crate) fn istio_8967(version: Version) {
    let done = Mutex::new(Some(Arc::new(Channel::<()>::new(0))));
    thread::scope(|scope| {
        scope.spawn(|| {
            let channel = done.lock().unwrap().clone().expect("the source has a channel");
            assert_eq!(channel.recv(), None);
        });
        let mut done = done.lock().unwrap();
        if let Some(channel) = done.as_ref() {
            channel.close();
        }
        if !version.is_mended() {
            *done = None;
        }
    });
}

/// Reports are still sent when the one who collects them has closed the channel, being told to stop.
pub(crate) fn serving_3068(version: Version) {
    let reports = Channel::new(4);
    thread::scope(|scope| {
        let reporter = scope.spawn(|| {
            for report in 0..3 {
                reports.send(report);
                thread::sleep(Duration::from_millis(1));
            }
        });
        reports.recv();
        if version.is_mended() {
            reporter.join().unwrap();
        }
        reports.close();
    });
}

/// Threads started in a loop share the loop's variable, which has moved on when they look at it.
pub(crate) fn cockroach_35501(version: Version) {
    let index = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(Mutex::new([false; 3]));
    let mut threads = Vec::new();
    for own in 0..3 {
        index.store(own, SeqCst);
        let (index, seen) = (Arc::clone(&index), Arc::clone(&seen));
        threads.push(thread::spawn(move || {
            let index = if version.is_mended() { own } else { index.load(SeqCst) };
            seen.lock().unwrap()[index] = true;
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*seen.lock().unwrap(), [true; 3]);
}

/// A task is added to a group that is waited for already: the waiter goes on while the task runs.
pub(crate) fn cockroach_4407(version: Version) {
    let tasks = WaitGroup::default();
    let drained = AtomicBool::new(false);
    let draining = Mutex::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = draining.lock().unwrap();
            if *held {
                return;
            }
            if version.is_mended() {
                tasks.add(1);
                drop(held);
            } else {
                drop(held);
                tasks.add(1);
            }
            assert!(!drained.load(SeqCst), "a task runs although all have been waited for");
            tasks.done();
        });
        *draining.lock().unwrap() = true;
        tasks.wait();
        drained.store(true, SeqCst);
    });
}

/// An event is counted when it comes, and added to what is expected a moment later.
pub(crate) fn kubernetes_13058(version: Version) {
    let events = WaitGroup::default();
    thread::scope(|scope| {
        if version.is_mended() {
            events.add(1);
        }
        scope.spawn(|| events.done());
        if !version.is_mended() {
            events.add(1);
        }
        events.wait();
    });
}

/// A thread that the test has not waited for writes to the log of the test, which is over.
pub(crate) fn serving_4908(version: Version) {
    let over = Arc::new(AtomicBool::new(false));
    let test = Arc::clone(&over);
    let logger = thread::spawn(move || assert!(!test.load(SeqCst), "a log entry of a test that is over"));
    if version.is_mended() {
        logger.join().unwrap();
    }
    over.store(true, SeqCst);
}
