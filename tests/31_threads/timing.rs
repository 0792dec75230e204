//! How long it takes when items differ, and what an item costs when it is next to no work.

use harness::workload;
use std::hint::black_box;
use std::thread::sleep;
use std::time::Duration;
use subject::parallel_map;

/// Eight workers, 64 items that wait as for a network; the first eight take fifteen times as long as the others.
///
/// They wait instead of working so that the balance shows on any number of cores: whoever deals the items out in advance has all of
/// the long ones in one worker's share.
#[workload]
fn a_few_items_take_much_longer(n: u64) -> u64 {
    let mut sum = 0;
    for _ in 0..n {
        let waited = parallel_map((0..64).collect(), 8, |item| {
            sleep(Duration::from_micros(if item < 8 { 3000 } else { 200 }));
            item
        });
        sum += waited.iter().enumerate().map(|(place, item)| place as u64 * item).sum::<u64>();
    }
    sum
}

/// One worker and 20 000 items with next to no work in them.
///
/// One, because two would measure how the system hands a lock from thread to thread: on a busy machine anything comes out.
#[workload]
fn many_small_items(n: u64) -> u64 {
    let mut sum = 0_u64;
    for round in 0..n {
        let results = parallel_map((0..20_000).collect(), 1, |item: u64| black_box(item ^ round).wrapping_mul(31));
        sum = results.iter().fold(sum, |sum, result| sum.rotate_left(1) ^ result);
    }
    sum
}
