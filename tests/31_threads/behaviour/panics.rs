//! `parallel_map` with calls that panic: what goes on in the caller, and what becomes of everything else.

use super::calls::{only_the_test_is_left, panic_of};
use harness::{DropCount, Gate, actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::panic::panic_any;
use std::sync::{Barrier, Mutex};
use subject::parallel_map;

/// A panic of `f` goes on in the caller, with its payload, when all calls have ended.
///
/// Next: a scope by itself says "a scoped thread panicked" and loses the payload; what does `join` return?
#[fact(panics)]
fn a_panic_goes_on_when_all_calls_have_ended() {
    let gate = Gate::new();
    let theirs = gate.clone();
    let before = threads_alive();
    let caller = actor("caller", move || {
        parallel_map(vec![0, 1, 2], 2, |item| match item {
            0 => theirs.pass(),
            1 => panic_any(1001_u64),
            _ => (),
        })
    });
    quiesce();
    expect!(
        !caller.has_finished(),
        "parallel_map, when one call has panicked and another one has not ended",
        "it waits",
        "it has come back"
    );
    gate.admit(1);
    match caller.join() {
        Ok(_) => harness::unmet("parallel_map, when f panicked", "the panic goes on in the caller", "it returned"),
        Err(payload) => {
            let seen = payload.downcast_ref::<u64>();
            expect_eq!(seen, Some(&1001), "the payload, if it is the u64 that f panicked with");
        }
    }
    only_the_test_is_left(before, "after a panic has gone on in the caller");
}

/// After a panic all other items are handed to `f` as well, even by a single worker whose every second call panics.
///
/// Next: a panic ends a call, not a worker: catch it right around the call.
#[fact(panics)]
fn a_panic_costs_no_other_item_its_call() {
    for workers in [1, 3] {
        let called = Mutex::new(Vec::new());
        panic_of("parallel_map, when f panicked", || {
            parallel_map((0..12).collect(), workers, |item: usize| {
                called.lock().unwrap().push(item);
                if item.is_multiple_of(2) {
                    panic_any(item);
                }
            })
        });
        let mut called = called.into_inner().unwrap();
        called.sort_unstable();
        let about =
            format!("the items that f was called with, of 0 to 11, with {workers} workers, when the even ones panic");
        expect_eq!(called, (0..12).collect::<Vec<_>>(), about);
    }
}

/// A panic costs no worker: as many calls overlap after it as before.
///
/// Next: a panic ends a call, not a worker: catch it right around the call.
#[fact(panics, negated)]
fn a_panic_costs_no_worker() {
    let meeting = Barrier::new(3);
    let payload = panic_of("parallel_map, when f panicked", || {
        // Three calls at a time meet, and each three of them leave three workers for the next.
        parallel_map((0..6).collect(), 3, |item: u8| {
            meeting.wait();
            if item < 3 {
                panic_any(item);
            }
        })
    });
    expect!(payload.is::<u8>(), "the payload, when items panic with themselves", "the item, a u8", "something else");
}

/// Of several panics that of the first item in the list goes on, even if it was the last to be raised.
///
/// Next: keep each panic at its item's place, as a result like any other, and look for the first one in the end.
#[fact(panics)]
fn the_first_panic_in_the_list_goes_on() {
    let later = Gate::new();
    let payload = panic_of("parallel_map, when f panicked", || {
        parallel_map((0..4).collect(), 2, |item: usize| match item {
            0 => (),
            1 => {
                later.pass();
                panic_any(1_usize);
            }
            2 => panic_any(2_usize),
            _ => {
                later.admit(1);
                panic_any(3_usize);
            }
        })
    });
    let about = "the payload, when the items 1, 2 and 3 panicked with their numbers, and item 1 after item 3";
    expect_eq!(payload.downcast_ref::<usize>(), Some(&1), about);
}

/// Items and results are dropped once each, also when a panic goes on and nobody gets the results.
///
/// Next: `f` owns its item. Who owns the results when there is nothing to return them in?
#[fact(panics)]
fn items_and_results_are_dropped_once() {
    let (items, results) = (DropCount::new(), DropCount::new());
    for panicking in [None, Some(2)] {
        items.reset();
        results.reset();
        let all: Vec<_> = (0..6).map(|number| items.mark(number)).collect();
        let map = || {
            parallel_map(all, 2, |number| {
                if Some(*number) == panicking {
                    panic_any(*number);
                }
                results.token()
            })
        };
        let what = if panicking.is_some() { "when one call panicked" } else { "when no call panicked" };
        let returned = if panicking.is_some() {
            panic_of("parallel_map, when f panicked", map);
            0
        } else {
            let returned = map();
            expect_eq!(results.get(), 0, "how many results are dropped before the caller drops them");
            returned.len()
        };
        expect_eq!(returned, if panicking.is_some() { 0 } else { 6 }, "the number of results of 6 items");
        expect_eq!(items.get(), 6, format!("how many of 6 items are dropped {what}"));
        let expected = if panicking.is_some() { 5 } else { 6 };
        expect_eq!(results.get(), expected, format!("how many results are dropped in the end, {what}"));
    }
}
