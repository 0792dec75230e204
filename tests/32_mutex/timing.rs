//! How long it takes to get in and out.

use harness::workload;
use std::hint::black_box;
use std::time::Duration;
use subject::Lock;

/// One thread takes the lock again and again, and nobody else wants it.
#[workload(cpu)]
fn nobody_else_wants_it(n: u64) -> u64 {
    let lock = Lock::new(0u64);
    for _ in 0..1000 * n {
        *black_box(&lock).lock().expect("nobody panics") += 1;
    }
    lock.into_inner().expect("nobody panics")
}

/// Thirty-two threads want the lock, and whoever has it is held up inside for a moment.
///
/// So nearly all of them are parked nearly always, and whoever is woken in vain has the time to park again. It is processor time
/// that is compared: a release that wakes one of them costs one change of threads; a release that wakes all of them, thirty.
#[workload(cpu)]
fn a_crowd_wants_it(n: u64) -> u64 {
    let lock = Lock::new(0u64);
    let take_part = || {
        for _ in 0..n {
            let mut value = lock.lock().expect("nobody panics");
            std::thread::sleep(Duration::from_micros(100));
            *value += 1;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(take_part);
        }
    });
    lock.into_inner().expect("nobody panics")
}
