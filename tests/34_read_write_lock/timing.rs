//! How long threads take that mostly read.

use harness::workload;
use std::hint::black_box;
use subject::RwLock;

/// Four threads share one lock; each reads it 200 times for every time it writes, and does a little work inside.
///
/// Writes are rare so that no design is slow for being fair: what is measured is the price of getting in and out.
#[workload]
fn readers_and_writers(n: u64) -> u64 {
    let lock = RwLock::new([1u64; 512]);
    let take_part = || {
        for _ in 0..20 * n {
            for _ in 0..200 {
                let guard = lock.read().expect("no writer panics");
                black_box(guard.iter().fold(0, |mixed: u64, number| (mixed ^ number).wrapping_mul(31).rotate_left(5)));
            }
            lock.write().expect("no writer panics").iter_mut().for_each(|number| *number += 1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(take_part);
        }
    });
    lock.into_inner().expect("no writer panics").iter().sum()
}
