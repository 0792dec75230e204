//! `Gil::new` and `with`: one holder at a time, and a line for everybody else.

use super::threads::{enter, must_end, new, open, pass};
use harness::{Actor, Log, actor, expect, expect_eq, fact};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use subject::{Gil, Python};

/// `with` returns what its closure returns.
///
/// Next: call the closure with a token, keep its result, release the GIL, return the result.
#[fact(negated)]
fn with_returns_what_its_closure_returns() {
    let gil = Gil::new(5);
    expect_eq!(gil.with(|_py| String::from("spam")), "spam", "the result of with(|py| …)");
}

/// A `Gil` with an interval of 0 is refused with a panic.
///
/// Next: check the interval in `Gil::new`, before anything waits for a tick that can never come.
#[fact(panics)]
fn an_interval_of_zero_is_refused() {
    let outcome = catch_unwind(|| drop(Gil::new(0)));
    expect!(outcome.is_err(), "Gil::new(0)", "a panic", "it returned");
}

/// The token has no size.
///
/// Next: keep only a `PhantomData` in `Python`; what `tick` needs to know can live in a thread-local while the GIL is held.
#[fact]
fn the_token_has_no_size() {
    expect_eq!(size_of::<Python<'static>>(), 0, "the size of a Python<'_> in bytes");
}

/// While one thread is inside `with`, another one waits until it has left.
///
/// Next: `with` has to block before it calls its closure whenever another thread is inside.
#[fact]
fn a_second_thread_waits_until_the_holder_has_left() {
    let gil = new(3);
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let second = enter("second", &gil, |_py| ());
    expect!(!second.has_finished(), "a thread that calls with while another holds the GIL", "it waits", "it got in");
    open(&go);
    must_end(&second, "a thread that waited for the GIL, after the holder left");
    must_end(&holder, "the thread that held the GIL, after its closure returned");
}

/// Threads get the GIL in the order in which they came for it.
///
/// Next: keep the waiting threads in a line (a queue, or numbered tickets) and always serve the one at its head.
#[fact]
fn waiting_threads_are_served_in_the_order_of_their_arrival() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let names = ["first", "second", "third", "fourth", "fifth"];
    let waiters = names.map(|name| {
        let log = log.clone();
        enter(name, &gil, move |_py| log.line(name))
    });
    open(&go);
    must_end(&holder, "the thread that held the GIL");
    for waiter in &waiters {
        must_end(waiter, "a thread that waits in line for the GIL");
    }
    expect_eq!(log.read(), names, "the order in which five threads, that came one after another, got the GIL");
}

/// When the holder leaves, one of the waiting threads gets in, not all of them.
///
/// Next: a thread that wakes up has to look again whether it is its turn, and go back to sleep if not: `while`, not `if`.
#[fact]
fn when_the_holder_leaves_only_one_waiting_thread_gets_in() {
    let gil = new(3);
    let (go, gate) = channel();
    let (leave, inside) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let first = enter("first", &gil, move |_py| pass(&inside));
    let second = enter("second", &gil, |_py| ());
    open(&go);
    must_end(&holder, "the thread that held the GIL");
    let about = "the second of two waiting threads, while the first is inside with";
    expect!(!second.has_finished(), about, "it waits on", "it got in as well");
    expect_eq!(
        gil.stats().acquisitions,
        2,
        "acquisitions after the holder left, while the first waiting thread is inside"
    );
    open(&leave);
    must_end(&first, "the first waiting thread");
    must_end(&second, "the second waiting thread, after the first has left");
}

/// A thread that leaves `with` and comes straight back stands behind those who were waiting.
///
/// Next: a free GIL with a waiting thread is not free: it belongs to the head of the line, even before that thread has
/// woken up.
#[fact]
fn a_thread_that_comes_straight_back_stands_behind_those_who_wait() {
    let gil = new(3);
    for _ in 0..20 {
        let entered = Arc::new(AtomicBool::new(false));
        let waiter = gil.with(|_py| {
            let entered = Arc::clone(&entered);
            enter("waiter", &gil, move |_py| entered.store(true, Ordering::SeqCst))
        });
        let was_first = gil.with(|_py| entered.load(Ordering::SeqCst));
        expect!(
            was_first,
            "a thread leaves with, in which another one waited, and calls with again at once",
            "the waiting thread has had the GIL before",
            "the thread that came back overtook it"
        );
        must_end(&waiter, "the thread that waited");
    }
}

/// Two `Gil`s have nothing to do with each other: holding one keeps nobody out of the other.
///
/// Next: everything a thread waits for belongs to one `Gil`; look for a `static` that they share.
#[fact]
fn two_gils_do_not_wait_for_each_other() {
    let (one, other) = (new(3), new(3));
    let (go, gate) = channel();
    let holder = enter("holder", &one, move |_py| pass(&gate));
    let free = enter("free", &other, |py| py.tick());
    must_end(&free, "a thread that calls with on a Gil nobody holds, while another Gil is held");
    expect_eq!(one.stats().acquisitions, 1, "acquisitions of the Gil that is held");
    expect_eq!(other.stats().acquisitions, 1, "acquisitions of the other Gil");
    open(&go);
    must_end(&holder, "the holder of the first Gil");
}

/// Under load there is never a second holder, everybody gets through, and the numbers add up.
///
/// Next: look at every place where the GIL changes hands: is it one step for all the others, and is the next one woken?
#[fact]
fn under_load_there_is_one_holder_and_the_numbers_add_up() {
    const THREADS: usize = 8;
    let (gil, holders, overlaps) = (new(2), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..THREADS)
        .map(|n| {
            let (gil, holders, overlaps) = (Arc::clone(&gil), Arc::clone(&holders), Arc::clone(&overlaps));
            actor(&format!("thread {n}"), move || {
                for round in 0..30 {
                    gil.with(|py| {
                        for _ in 0..(n + round) % 7 {
                            if holders.fetch_add(1, Ordering::SeqCst) > 0 {
                                overlaps.fetch_add(1, Ordering::SeqCst);
                            }
                            holders.fetch_sub(1, Ordering::SeqCst);
                            py.tick();
                        }
                    });
                }
            })
        })
        .collect();
    threads.into_iter().for_each(Actor::finish);
    expect_eq!(overlaps.load(Ordering::SeqCst), 0, "moments at which two threads were inside with");
    let stats = gil.stats();
    let expected = (THREADS * 30) as u64 + stats.forced_switches;
    expect_eq!(stats.acquisitions, expected, "acquisitions: 8 threads × 30 calls of with, and one per forced switch");
}
