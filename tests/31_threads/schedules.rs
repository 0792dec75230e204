//! Stories of two or three workers that share a few items, and of jobs that wait for each other, each told along every schedule.

use harness::{catch_panic, expect, expect_eq, scenario, unmet};
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Barrier, Mutex};
use subject::{Job, parallel_map, run_all};

// ---- parallel_map

/// However two workers take turns, each of three items is handed out exactly once, and its result is at its place.
///
/// Next: to see which item is the next one and to take it is one step, not two.
#[scenario]
fn two_workers_share_three_items() {
    every_item_once(3, 2);
}

/// However three workers take turns, each of two items is handed out exactly once, and the third worker ends without one.
///
/// Next: to see that something is left and to take it is one step, not two.
#[scenario]
fn three_workers_share_two_items() {
    every_item_once(2, 3);
}

fn every_item_once(items: usize, workers: usize) {
    let times: Vec<AtomicUsize> = (0..items).map(|_| AtomicUsize::new(0)).collect();
    let results = parallel_map((0..items).collect(), workers, |item| {
        times[item].fetch_add(1, SeqCst);
        item * 10
    });
    let times: Vec<usize> = times.into_iter().map(AtomicUsize::into_inner).collect();
    expect_eq!(times, vec![1; items], "how often f was called with each item");
    let expected: Vec<usize> = (0..items).map(|item| item * 10).collect();
    expect_eq!(results, expected, "the results, when f multiplies by 10");
}

/// Two workers stay two: items that wait for each other meet, to the last pair.
///
/// Next: a worker ends when no item is left, and for no other reason.
#[scenario(negated)]
fn items_meet_in_pairs() {
    let meeting = Barrier::new(2);
    let results = parallel_map((0..4).collect(), 2, |item: usize| {
        meeting.wait();
        item
    });
    expect_eq!(results, [0, 1, 2, 3], "the results, when f returns its item");
}

/// The panic that goes on is that of the first item in the list, whichever comes first in time.
///
/// Next: whether a panic is the first one can change between a look and a write; keep them all, and look in the end.
#[scenario(panics)]
fn the_first_panic_in_the_list_goes_on() {
    let called = AtomicUsize::new(0);
    let outcome = catch_panic(|| {
        parallel_map(vec![0, 1, 2], 2, |item: usize| {
            called.fetch_add(1, SeqCst);
            if item > 0 {
                panic_any(item);
            }
        })
    });
    let Err(payload) = outcome else { unmet("parallel_map, when f panicked", "the panic goes on", "it returned") };
    expect_eq!(payload.downcast_ref::<usize>(), Some(&1), "the payload, when the items 1 and 2 panic with themselves");
    expect_eq!(called.into_inner(), 3, "how often f was called with three items");
}

// ---- run_all

/// Three jobs meet, and end in any order: each has its result at its place.
///
/// Next: who ends last, and how does the caller come to know? A join knows by itself.
#[scenario(negated)]
fn three_jobs_meet_and_end_in_any_order() {
    let meeting = Barrier::new(3);
    let job = |number: usize| {
        let meeting = &meeting;
        Job::new(format!("job {number}"), move || {
            meeting.wait();
            number
        })
    };
    let results = run_all((0..3).map(job).collect());
    expect_eq!(results, [Ok(0), Ok(1), Ok(2)], "the results of three jobs that meet");
}

/// A job may wait for one that is started after it and that panics: both have their results.
///
/// Next: a panicking job ends like any other. What does it leave behind that the others need?
#[scenario(panics)]
fn a_job_outlives_another_ones_panic() {
    let (sender, receiver) = channel::<()>();
    let receiver = Mutex::new(receiver);
    let results = run_all(vec![
        Job::new("waiting", || receiver.lock().unwrap().recv().is_err()),
        Job::new("panicking", move || {
            // Dropped by the panic: that is what the other one waits for.
            let _sender = sender;
            panic!("on purpose")
        }),
    ]);
    expect_eq!(results[0], Ok(true), "the result of the job that waited for the panic of the other one");
    let message = results[1].as_ref().err().and_then(|panic| panic.message.as_deref());
    expect!(message == Some("on purpose"), "the message of the panic", "on purpose", format!("{message:?}"));
}
