//! Order and room: what comes out, and who waits for an item or for a place.

use super::threads::{Get, bounded, count, full_queue, getter, joiner, put_result, putter, returned, waits};
use harness::{expect, expect_eq, fact};
use std::panic::catch_unwind;
use subject::Queue;

/// Items come out in the order in which they got in.
///
/// Next: take from the end that you do not put to.
#[fact]
fn items_come_out_in_the_order_they_got_in() {
    let queue = bounded(8);
    for round in 0..3 {
        for number in 0..5 {
            expect_eq!(put_result(queue.put(10 * round + number)), "Ok", "put, while there is room");
        }
        let items: Vec<Get> = (0..5).map(|_| queue.get()).collect();
        let expected: Vec<Get> = (0..5).map(|number| Ok(10 * round + number)).collect();
        expect_eq!(items, expected, "five items, in the order in which get returned them");
    }
}

/// A put waits while the queue is full, and gets in when an item is taken.
///
/// Next: full means that `capacity` items lie in the queue, neither one less nor one more.
#[fact(negated)]
fn a_put_waits_while_the_queue_is_full() {
    let queue = full_queue(2);
    let putter = putter("putter", &queue, 2);
    waits(&putter, "put, while a queue with room for two holds two");
    expect_eq!(queue.len(), 2, "the length of a queue with room for two, while a put waits");
    expect_eq!(queue.get(), Ok(0), "what get returns");
    expect_eq!(put_result(returned(putter, "put, after an item was taken")), "Ok", "what the put that waited returned");
    expect_eq!([queue.get(), queue.get()], [Ok(1), Ok(2)], "what get returns then");
}

/// A get waits while the queue is empty, and takes the item that is put.
///
/// Next: who puts has somebody to wake.
#[fact]
fn a_get_waits_while_the_queue_is_empty() {
    let queue = bounded(1);
    let getter = getter("getter", &queue);
    waits(&getter, "get, while the queue is empty");
    expect_eq!(put_result(queue.put(7)), "Ok", "put, while there is room");
    expect_eq!(returned(getter, "get, after an item was put"), Ok(7), "what the get that waited returned");
    expect!(queue.is_empty(), "the queue, after its one item was taken", "empty", format!("{} items", queue.len()));
}

/// Of several threads that wait to put, each item that is taken lets one in.
///
/// Next: to be woken is not to have room: look again, and wait again.
#[fact]
fn each_item_taken_lets_one_put_in() {
    let queue = full_queue(1);
    let putters = ["putter 1", "putter 2", "putter 3"].map(|name| putter(name, &queue, 1));
    for taken in 1..=3 {
        expect!(queue.get().is_ok(), "get, while the queue holds an item", "Ok", "an error");
        expect_eq!(count(&putters), taken, "how many of three waiting puts got in, by the number of items taken");
        expect_eq!(queue.len(), 1, "the length of a queue with room for one");
    }
}

/// Of several threads that wait to get, each item that is put lets one go on.
///
/// Next: to be woken is not to have an item: look again, and wait again.
#[fact]
fn each_item_put_lets_one_get_go_on() {
    let queue = bounded(3);
    let getters = ["getter 1", "getter 2", "getter 3"].map(|name| getter(name, &queue));
    for put in 1..=3 {
        expect_eq!(put_result(queue.put(7)), "Ok", "put, while there is room");
        expect_eq!(count(&getters), put, "how many of three waiting gets went on, by the number of items put");
    }
    for getter in getters {
        expect_eq!(getter.finish(), Ok(7), "what a get that waited returned");
    }
}

/// A put in an unbounded queue never waits.
///
/// Next: no bound is not a bound of 0, nor of 1000.
#[fact(negated)]
fn an_unbounded_queue_always_has_room() {
    let queue = Queue::unbounded();
    for number in 0..50_000 {
        expect_eq!(put_result(queue.try_put(number)), "Ok", "try_put, in an unbounded queue");
    }
    expect_eq!(queue.len(), 50_000, "the length after 50000 puts");
    expect!(!queue.is_full(), "is_full, of an unbounded queue", "false", "true");
    expect_eq!(queue.get(), Ok(0), "what get returns");
}

/// A bound of 0 is refused with a panic.
///
/// Next: `assert!`.
#[fact(panics)]
fn a_bound_of_zero_is_refused() {
    expect!(catch_unwind(|| Queue::<u32>::bounded(0)).is_err(), "Queue::bounded(0)", "a panic", "a queue");
}

/// Threads that wait are blocked: they use no processor time and do not look again every so often.
///
/// Next: wait on a condition variable, without a time-out, until somebody notifies it.
#[fact]
fn waiting_costs_nothing() {
    let (full, empty) = (full_queue(1), bounded(1));
    let (putter, getter, joiner) = (putter("putter", &full, 7), getter("getter", &empty), joiner("joiner", &full));
    // `quiesce` has refused whatever spins or polls; the rest is whether it could be woken.
    let standings = [("put", putter.standing()), ("get", getter.standing()), ("join", joiner.standing())];
    for (call, standing) in standings {
        expect!(
            standing.waits_for_a_sibling(),
            format!("a thread that has to wait in {call}"),
            "it waits for another thread to wake it",
            format!("it {}", standing.describe())
        );
    }
}
