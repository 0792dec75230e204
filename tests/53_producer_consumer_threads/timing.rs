//! How fast items get through: the work is next to nothing, so that the hand-over is what is measured.

use harness::workload;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use subject::run;

/// Two sources and two consumers, many small items, room for 64.
#[workload]
fn small_items_through_a_small_buffer(n: u64) -> u64 {
    const ITEMS: u64 = 1000;
    let sum = AtomicU64::new(0);
    let sources = vec![0..n * ITEMS, n * ITEMS..2 * n * ITEMS];
    let result = run(sources, 2, 64, |item: &u64| {
        sum.fetch_add(*item, Ordering::Relaxed);
        Ok::<(), ()>(())
    });
    result.map_or(0, |_| sum.into_inner())
}

/// A buffer is filled with 6000 records of 256 bytes while its consumer is busy with the first, then emptied.
#[workload]
fn a_deep_buffer_is_filled_and_emptied(n: u64) -> u64 {
    const RECORDS: u64 = 6000;
    let mut sum = 0;
    for round in 0..n {
        let (full, filled) = (Mutex::new(false), Condvar::new());
        let last = AtomicU64::new(0);
        let source = (0..=RECORDS).map(|number| {
            if number == RECORDS {
                *full.lock().unwrap() = true;
                filled.notify_all();
            }
            [number; 32]
        });
        let result = run(vec![source], 1, RECORDS as usize, |record: &[u64; 32]| {
            if record[0] == 0 {
                let _full = filled.wait_while(full.lock().unwrap(), |full| !*full).unwrap();
            }
            last.store(last.load(Ordering::Relaxed).wrapping_mul(31).wrapping_add(record[31]), Ordering::Relaxed);
            Ok::<(), ()>(())
        });
        sum = result.map_or(0, |_| u64::wrapping_add(sum, last.into_inner().rotate_left(round as u32 % 64)));
    }
    sum
}
