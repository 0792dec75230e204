//! What only an explorer can say of the stand-ins: which outcomes there are at all, and what ends in a deadlock.

use interleave::engine::{FailureKind, Limits, Phase, Plan, explore, schedule};
use interleave::sync::atomic::{AtomicU32, Ordering};
use interleave::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock, mpsc};
use interleave::thread;
use interleave::time::{Duration, Instant};
use interleave::tracked::Tracked;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

fn plan() -> Plan {
    Plan::usual(200, 200_000, Limits::default())
}

/// How an exploration of `body` fails.
pub(super) fn failure(body: impl Fn() + 'static) -> Option<FailureKind> {
    explore(&plan(), body).found.map(|found| found.failure.kind)
}

/// All that `body` can return.
pub(super) fn outcomes<R: Ord + 'static>(body: impl Fn() -> R + 'static) -> BTreeSet<R> {
    let seen = Rc::new(RefCell::new(BTreeSet::new()));
    let inside = Rc::clone(&seen);
    let exploration = explore(&plan(), move || {
        let outcome = body();
        inside.borrow_mut().insert(outcome);
    });
    assert!(exploration.found.is_none(), "{:?}", exploration.found);
    seen.take()
}

#[test]
fn reading_again_behind_a_writer_can_deadlock() {
    let kind = failure(|| {
        let lock = Arc::new(RwLock::new(0));
        let theirs = Arc::clone(&lock);
        let first = lock.read().unwrap();
        let writer = thread::spawn(move || *theirs.write().unwrap() += 1);
        let second = lock.read().unwrap();
        drop((first, second));
        writer.join().unwrap();
    });
    assert_eq!(kind, Some(FailureKind::Deadlock));
}

#[test]
fn reading_again_without_a_writer_does_not() {
    let sums = outcomes(|| {
        let lock = RwLock::new(1);
        let (first, second) = (lock.read().unwrap(), lock.read().unwrap());
        *first + *second
    });
    assert_eq!(sums, BTreeSet::from([2]));
}

#[test]
fn writing_while_reading_deadlocks() {
    let upgrade = failure(|| {
        let lock = RwLock::new(0);
        let value = lock.read().unwrap();
        *lock.write().unwrap() = *value;
    });
    assert_eq!(upgrade, Some(FailureKind::Deadlock));
}

#[test]
fn a_reader_may_or_may_not_pass_a_waiting_writer() {
    let passed = outcomes(|| {
        let lock = Arc::new(RwLock::new(()));
        let theirs = Arc::clone(&lock);
        let held = lock.read().unwrap();
        let writer = thread::spawn(move || drop(theirs.write()));
        let theirs = Arc::clone(&lock);
        let reader = thread::spawn(move || theirs.try_read().is_ok());
        let passed = reader.join().unwrap();
        drop(held);
        writer.join().unwrap();
        passed
    });
    assert_eq!(passed, BTreeSet::from([false, true]));
}

#[test]
fn a_free_lock_goes_to_either_side() {
    let orders = outcomes(|| {
        let lock = Arc::new(RwLock::new(()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let held = lock.write().unwrap();
        let (theirs, their_log) = (Arc::clone(&lock), Arc::clone(&log));
        let writer = thread::spawn(move || {
            let _held = theirs.write().unwrap();
            their_log.lock().unwrap().push("writer");
        });
        let (theirs, their_log) = (Arc::clone(&lock), Arc::clone(&log));
        let reader = thread::spawn(move || {
            let _held = theirs.read().unwrap();
            their_log.lock().unwrap().push("reader");
        });
        drop(held);
        writer.join().unwrap();
        reader.join().unwrap();
        log.lock().unwrap().clone()
    });
    assert_eq!(orders, BTreeSet::from([vec!["reader", "writer"], vec!["writer", "reader"]]));
}

#[test]
fn readers_overlap() {
    let most = outcomes(|| {
        let lock = Arc::new(RwLock::new(()));
        let inside = Arc::new(AtomicU32::new(0));
        let read = |lock: &RwLock<()>, inside: &AtomicU32| {
            let _held = lock.read().unwrap();
            let others = inside.fetch_add(1, Ordering::SeqCst);
            inside.fetch_sub(1, Ordering::SeqCst);
            others
        };
        let (their_lock, their_inside) = (Arc::clone(&lock), Arc::clone(&inside));
        let other = thread::spawn(move || read(&their_lock, &their_inside));
        read(&lock, &inside).max(other.join().unwrap())
    });
    assert_eq!(most, BTreeSet::from([0, 1]));
}

#[test]
fn every_thread_may_lead_a_barrier() {
    let leaders = outcomes(|| {
        let barrier = Arc::new(Barrier::new(2));
        let theirs = Arc::clone(&barrier);
        let other = thread::spawn(move || theirs.wait().is_leader());
        (barrier.wait().is_leader(), other.join().unwrap())
    });
    assert_eq!(leaders, BTreeSet::from([(false, true), (true, false)]));
}

#[test]
fn a_barrier_to_which_nobody_comes_deadlocks() {
    assert_eq!(failure(|| _ = Barrier::new(2).wait()), Some(FailureKind::Deadlock));
}

#[test]
fn initialisation_that_needs_itself_deadlocks() {
    static LAZY: LazyLock<u32> = LazyLock::new(|| *LAZY + 1);
    let once = failure(|| {
        let once = Once::new();
        once.call_once(|| once.call_once(|| ()));
    });
    assert_eq!(once, Some(FailureKind::Deadlock));
    assert_eq!(failure(|| _ = *LAZY), Some(FailureKind::Deadlock));
    let nobody = failure(|| _ = OnceLock::<u32>::new().wait());
    assert_eq!(nobody, Some(FailureKind::Deadlock));
}

#[test]
fn a_static_is_not_what_an_abandoned_execution_left() {
    static LOCK: RwLock<u32> = RwLock::new(0);
    static MUTEX: Mutex<u32> = Mutex::new(0);
    static ONCE: Once = Once::new();
    static BARRIER: Barrier = Barrier::new(2);
    let kind = failure(|| {
        let _held = (LOCK.write().unwrap(), MUTEX.lock().unwrap());
        ONCE.call_once(|| _ = BARRIER.wait());
    });
    assert_eq!(kind, Some(FailureKind::Deadlock));
    // The next program finds the locks free, the closure not running, and nobody at the barrier.
    let leaders = outcomes(|| {
        drop((LOCK.write().unwrap(), MUTEX.lock().unwrap()));
        ONCE.call_once(|| ());
        let other = thread::spawn(|| BARRIER.wait().is_leader());
        u32::from(BARRIER.wait().is_leader()) + u32::from(other.join().unwrap())
    });
    assert_eq!(leaders, BTreeSet::from([1]));
}

#[test]
fn a_sender_that_is_kept_keeps_the_receiver_waiting() {
    let kind = failure(|| {
        let (sender, receiver) = mpsc::channel();
        let theirs = sender.clone();
        thread::spawn(move || theirs.send(1).unwrap());
        assert_eq!(receiver.iter().sum::<u32>(), 1);
        drop(sender);
    });
    assert_eq!(kind, Some(FailureKind::Deadlock));
}

#[test]
fn two_who_hand_over_to_each_other_deadlock() {
    let bounded = |bound| {
        failure(move || {
            let (to_them, from_me) = mpsc::sync_channel(bound);
            let (to_me, from_them) = mpsc::sync_channel(bound);
            let other = thread::spawn(move || {
                to_me.send(1).unwrap();
                from_me.recv().unwrap()
            });
            to_them.send(2).unwrap();
            assert_eq!(from_them.recv().unwrap() + other.join().unwrap(), 3);
        })
    };
    assert_eq!((bounded(0), bounded(1)), (Some(FailureKind::Deadlock), None));
}

#[test]
fn messages_of_two_senders_come_in_any_order() {
    let orders = outcomes(|| {
        let (sender, receiver) = mpsc::channel();
        let theirs = sender.clone();
        thread::spawn(move || theirs.send(1).unwrap());
        sender.send(2).unwrap();
        drop(sender);
        Vec::from_iter(receiver)
    });
    assert_eq!(orders, BTreeSet::from([vec![1, 2], vec![2, 1]]));
}

#[test]
fn an_empty_channel_and_an_ended_one_can_be_told_apart() {
    let ends = outcomes(|| {
        let (sender, receiver) = mpsc::channel::<u32>();
        let other = thread::spawn(move || drop(sender));
        let seen = format!("{:?}", receiver.try_recv().unwrap_err());
        other.join().unwrap();
        seen
    });
    assert_eq!(ends, BTreeSet::from(["Disconnected".to_owned(), "Empty".to_owned()]));
}

#[test]
fn waits_last_as_long_as_they_say() {
    let seconds = Duration::from_secs;
    let times = outcomes(move || {
        let start = Instant::now();
        let (sender, receiver) = mpsc::channel();
        let other = thread::spawn(move || {
            thread::sleep(seconds(3));
            _ = sender.send(());
            thread::park_timeout(Duration::MAX);
        });
        let early = receiver.recv_timeout(seconds(2)).is_err();
        let after_early = start.elapsed();
        let late = receiver.recv_timeout(seconds(2)).is_ok();
        let after_late = start.elapsed();
        other.thread().unpark();
        other.join().unwrap();
        (early, after_early, late, after_late)
    });
    assert_eq!(times, BTreeSet::from([(true, seconds(2), true, seconds(3))]));
}

/// Whether a value that one thread writes and another reads is raced for, if they meet as `meet` says: it gets what each does
/// with the value, the writer's first.
pub(super) fn races(meet: impl Fn(Box<dyn FnOnce() + Send>, Box<dyn FnOnce() + Send>) + 'static) -> bool {
    let kind = failure(move || {
        let value = Arc::new(Tracked::new(0));
        let theirs = Arc::clone(&value);
        meet(Box::new(move || value.write(|value| *value = 1)), Box::new(move || _ = theirs.read(|value| *value)));
    });
    assert!(matches!(kind, None | Some(FailureKind::Race)), "{kind:?}");
    kind.is_some()
}

#[test]
fn a_message_orders() {
    assert!(!races(|write, read| {
        let (sender, receiver) = mpsc::channel();
        let other = thread::spawn(move || {
            write();
            sender.send(()).unwrap();
        });
        receiver.recv().unwrap();
        read();
        other.join().unwrap();
    }));
}

#[test]
fn only_taking_a_message_orders_the_other_way() {
    let with_bound = |bound| {
        races(move |write, read| {
            let (sender, receiver) = mpsc::sync_channel(bound);
            let other = thread::spawn(move || {
                write();
                receiver.recv().unwrap();
            });
            sender.send(()).unwrap();
            read();
            other.join().unwrap();
        })
    };
    assert_eq!((with_bound(0), with_bound(1)), (false, true));
}

#[test]
fn a_barrier_orders() {
    assert!(!races(|write, read| {
        let barrier = Arc::new(Barrier::new(2));
        let theirs = Arc::clone(&barrier);
        let other = thread::spawn(move || {
            write();
            theirs.wait();
        });
        barrier.wait();
        read();
        other.join().unwrap();
    }));
}

#[test]
fn initialisation_orders() {
    assert!(!races(|write, read| {
        let lock = Arc::new(OnceLock::new());
        let theirs = Arc::clone(&lock);
        let other = thread::spawn(move || {
            write();
            theirs.set(()).unwrap();
        });
        while lock.get().is_none() {
            thread::yield_now();
        }
        read();
        other.join().unwrap();
    }));
}

#[test]
fn readers_of_a_lock_are_not_ordered() {
    let with = |exclusive: bool| {
        races(move |write, read| {
            let lock = Arc::new(RwLock::new(()));
            let theirs = Arc::clone(&lock);
            let other = thread::spawn(move || {
                let _held = theirs.read().unwrap();
                write();
            });
            if exclusive {
                let _held = lock.write().unwrap();
                read();
            } else {
                let _held = lock.read().unwrap();
                read();
            }
            other.join().unwrap();
        })
    };
    assert_eq!((with(true), with(false)), (false, true));
}

#[test]
fn who_yields_may_go_on_at_once() {
    let seen = outcomes(|| {
        let number = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&number);
        let adder = thread::spawn(move || {
            *theirs.lock().unwrap() += 1;
            thread::yield_now();
            *theirs.lock().unwrap() += 1;
        });
        let seen = *number.lock().unwrap();
        adder.join().unwrap();
        seen
    });
    assert_eq!(seen, BTreeSet::from([0, 1, 2]));
}

/// How `body` fails if somebody may be late.
fn late(body: impl Fn() + 'static) -> Option<FailureKind> {
    let phases = vec![Phase::Late { seed: 1, schedules: 300, most: 2 }];
    let found = explore(&Plan { phases, steps: 300_000, limits: Limits::default() }, body).found?;
    assert!(found.reproduced, "{found:#?}");
    assert!(schedule::to_text(&found.schedule).contains('l'), "{found:#?}");
    Some(found.failure.kind)
}

#[test]
fn sleeping_until_another_thread_is_done_is_no_way_to_wait_for_it() {
    let body = || {
        let done = Arc::new(Mutex::new(false));
        let theirs = Arc::clone(&done);
        let worker = thread::spawn(move || *theirs.lock().unwrap() = true);
        thread::sleep(Duration::from_millis(10));
        assert!(*done.lock().unwrap());
        worker.join().unwrap();
    };
    assert_eq!((failure(body), late(body)), (None, Some(FailureKind::Panic)));
}

#[test]
fn a_waiter_that_is_woken_may_find_that_its_time_is_up() {
    let body = |clock_first: bool| {
        move || {
            let shared = Arc::new((Mutex::new(0), Condvar::new()));
            let (timed, plain) = (Arc::clone(&shared), Arc::clone(&shared));
            let timed = thread::spawn(move || {
                let deadline = Instant::now() + Duration::from_millis(10);
                let mut items = timed.0.lock().unwrap();
                loop {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if *items > 0 && !(clock_first && left.is_zero()) {
                        *items -= 1;
                        return true;
                    }
                    if left.is_zero() {
                        return false;
                    }
                    items = timed.1.wait_timeout(items, left).unwrap().0;
                }
            });
            let plain = thread::spawn(move || {
                let mut items = plain.1.wait_while(plain.0.lock().unwrap(), |items| *items == 0).unwrap();
                *items -= 1;
            });
            *shared.0.lock().unwrap() += 1;
            shared.1.notify_one();
            // The one item is for the timed getter if it takes it; else there is one more.
            if timed.join().unwrap() {
                *shared.0.lock().unwrap() += 1;
                shared.1.notify_one();
            }
            plain.join().unwrap();
        }
    };
    assert_eq!((failure(body(true)), late(body(true))), (None, Some(FailureKind::LostWakeup)));
    assert_eq!((failure(body(false)), late(body(false))), (None, None));
}
