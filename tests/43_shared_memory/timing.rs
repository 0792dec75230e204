//! What a lock that nobody else wants costs, and an add without one, against the reference.

use harness::workload;
use std::hint::black_box;
use subject::SharedValue;

fn counter() -> SharedValue {
    SharedValue::new(0).expect("the system has room for a little memory")
}

/// One thread takes the lock, sets the value and releases the lock, again and again.
#[workload(cpu)]
fn nobody_else_wants_the_lock(n: u64) -> u64 {
    let counter = counter();
    for round in 0..n * 100 {
        let mut guard = counter.lock().expect("nobody has died");
        let value = guard.get();
        guard.set(value.wrapping_mul(31).wrapping_add(round as i64));
    }
    counter.load() as u64
}

/// One thread adds without the lock, again and again.
#[workload(cpu)]
fn adding_without_the_lock(n: u64) -> u64 {
    let counter = counter();
    let mut checksum = 0i64;
    for round in 0..n * 100 {
        checksum ^= counter.fetch_add(black_box(round as i64));
    }
    checksum as u64
}
