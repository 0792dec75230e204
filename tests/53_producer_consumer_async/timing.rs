//! How fast items get through: the work is next to nothing, so that the hand-over is what is measured.

use harness::workload;
use std::future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use subject::run;

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
