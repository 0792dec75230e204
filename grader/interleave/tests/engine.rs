//! The engine finds what is planted, and nothing else.

use interleave::engine::{Exploration, FailureKind, Limits, Phase, Plan, explore};
use interleave::sync::{Arc, Condvar, Mutex};
use interleave::thread;

fn plan() -> Plan {
    Plan::usual(500, 400_000, Limits::default())
}

fn kind(exploration: &Exploration) -> Option<FailureKind> {
    exploration.found.as_ref().map(|found| found.failure.kind)
}

#[test]
fn two_locks_in_opposite_orders_deadlock() {
    let exploration = explore(&plan(), || {
        let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
        let theirs = Arc::clone(&locks);
        let other = thread::spawn(move || {
            let _second = theirs.1.lock().unwrap();
            let _first = theirs.0.lock().unwrap();
        });
        let first = locks.0.lock().unwrap();
        let second = locks.1.lock().unwrap();
        drop((first, second));
        other.join().unwrap();
    });
    assert_eq!(kind(&exploration), Some(FailureKind::Deadlock));
    let found = exploration.found.unwrap();
    assert_eq!(found.preemptions, 1, "{found:#?}");
    assert_eq!(found.failure.stuck.len(), 2);
}

#[test]
fn a_condition_checked_outside_of_its_mutex_loses_the_wakeup() {
    let exploration = explore(&plan(), || {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let waiter = thread::spawn(move || {
            let ready = *theirs.0.lock().unwrap();
            if !ready {
                let guard = theirs.0.lock().unwrap();
                drop(theirs.1.wait(guard).unwrap());
            }
        });
        *shared.0.lock().unwrap() = true;
        shared.1.notify_one();
        waiter.join().unwrap();
    });
    assert_eq!(kind(&exploration), Some(FailureKind::LostWakeup), "{exploration:#?}");
}

#[test]
fn a_correct_hand_over_is_exhausted() {
    let exploration = explore(&plan(), || {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&shared);
        let waiter = thread::spawn(move || {
            let mut guard = theirs.0.lock().unwrap();
            while !*guard {
                guard = theirs.1.wait(guard).unwrap();
            }
        });
        *shared.0.lock().unwrap() = true;
        shared.1.notify_one();
        waiter.join().unwrap();
    });
    assert_eq!(kind(&exploration), None, "{exploration:#?}");
    let bounded: Vec<_> = exploration
        .covered
        .iter()
        .filter(|coverage| matches!(coverage.phase, Phase::Bounded { .. }))
        .map(|coverage| (coverage.schedules, coverage.exhausted))
        .collect();
    assert!(bounded.iter().all(|(_, exhausted)| *exhausted), "{bounded:?}");
}

#[test]
fn an_unpark_does_not_end_a_join() {
    let exploration = explore(&plan(), || {
        let parked = thread::spawn(|| {
            thread::park();
            1
        });
        let other = parked.thread().clone();
        thread::spawn(move || other.unpark());
        assert_eq!(parked.join().unwrap(), 1);
    });
    assert_eq!(kind(&exploration), None, "{exploration:#?}");
}
