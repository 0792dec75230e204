//! How fast items get through, and how deep a buffer may be: the work is next to nothing, so that the hand-over is measured.

use harness::workload;
use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use subject::run;
use tokio::sync::Semaphore;

/// Two sources and two consumers, many items that are ready at once, room for 64.
#[workload(cpu)]
fn ready_items_through_a_small_buffer(n: u64) -> u64 {
    const ITEMS: u64 = 1000;
    let sum = Arc::new(AtomicU64::new(0));
    let source = |mut numbers: std::ops::Range<u64>| move || future::ready(numbers.next());
    let theirs = Arc::clone(&sum);
    let work = move |number: Arc<u64>| {
        theirs.fetch_add(*number, Ordering::Relaxed);
        future::ready(Ok::<(), ()>(()))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has room for a runtime");
    let sources = vec![source(0..n * ITEMS), source(n * ITEMS..2 * n * ITEMS)];
    let result = runtime.block_on(run(sources, 2, 64, work));
    result.map_or(0, |_| sum.load(Ordering::Relaxed))
}

/// A buffer is filled with 10000 records of 256 bytes while its consumer is busy with the first, then emptied.
#[workload(cpu)]
fn a_deep_buffer_is_filled_and_emptied(n: u64) -> u64 {
    const RECORDS: u64 = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has room for a runtime");
    let mut sum = 0u64;
    for _ in 0..n {
        let (filled, mixed) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
        let (tell, mut numbers) = (Arc::clone(&filled), 0..=RECORDS);
        let source = move || {
            let number = numbers.next();
            if number == Some(RECORDS) {
                tell.add_permits(1);
            }
            future::ready(number.map(|number| [number; 32]))
        };
        let theirs = Arc::clone(&mixed);
        let work = move |record: Arc<[u64; 32]>| {
            let (filled, mixed) = (Arc::clone(&filled), Arc::clone(&theirs));
            async move {
                if record[0] == 0 {
                    filled.acquire().await.expect("nobody closes it").forget();
                }
                let so_far = mixed.load(Ordering::Relaxed);
                mixed.store(so_far.wrapping_mul(31).wrapping_add(record[31]), Ordering::Relaxed);
                Ok::<(), ()>(())
            }
        };
        let result = runtime.block_on(run(vec![source], 1, RECORDS as usize, work));
        sum = sum.wrapping_add(result.map_or(0, |_| mixed.load(Ordering::Relaxed)));
    }
    sum
}
