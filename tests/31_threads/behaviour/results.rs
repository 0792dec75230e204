//! `parallel_map`: each item's result at its place, and no workers.

use super::calls::panic_of;
use harness::{expect_eq, fact};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::parallel_map;

/// Each item is handed to `f` once, and its result is at its place.
///
/// Next: an item's index must travel with it to the result.
#[fact]
fn every_item_has_its_result_at_its_place() {
    for workers in [1, 2, 3, 8] {
        let calls = AtomicUsize::new(0);
        let results = parallel_map((0..1000).collect(), workers, |item: u64| {
            calls.fetch_add(1, SeqCst);
            item * item
        });
        let expected: Vec<u64> = (0..1000).map(|item| item * item).collect();
        let wrong = results.iter().zip(&expected).position(|(seen, expected)| seen != expected);
        expect_eq!(wrong, None, format!("the first wrong one of 1000 results, with {workers} workers"));
        expect_eq!(results.len(), 1000, format!("the number of results of 1000 items, with {workers} workers"));
        expect_eq!(calls.into_inner(), 1000, format!("how often f is called for 1000 items, with {workers} workers"));
    }
}

/// One worker takes the items in the order of the list.
///
/// Next: take them from the front.
#[fact(negated)]
fn one_worker_takes_the_items_in_order() {
    let order = Mutex::new(Vec::new());
    parallel_map((0..10).collect(), 1, |item: u32| order.lock().unwrap().push(item));
    expect_eq!(order.into_inner().unwrap(), (0..10).collect::<Vec<_>>(), "the order of the calls, with one worker");
}

/// `parallel_map` with no workers panics before it calls `f`, whether there are items or not.
///
/// Next: check it first.
#[fact(panics)]
fn no_workers_is_a_panic() {
    for items in [Vec::new(), vec![1, 2]] {
        let calls = AtomicUsize::new(0);
        let about = format!("parallel_map with {} items and 0 workers", items.len());
        panic_of(&about, || parallel_map(items, 0, |_| calls.fetch_add(1, SeqCst)));
        expect_eq!(calls.into_inner(), 0, "how often f is called by no workers");
    }
}
