//! `allow_threads`: who holds the GIL before, meanwhile and after.

use super::threads::{GIL, Visitor, Worker, go_on, must_be_free, must_be_held_here, pause};
use harness::{actor, expect_eq, fact, quiesce};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use subject::{Gil, GilCell};

/// `allow_threads` returns what its closure returns, and runs the closure on the same thread.
///
/// Next: the closure is called here and now; only the lock is somebody else's meanwhile.
#[fact(negated)]
fn the_closure_runs_here_and_its_result_is_returned() {
    let here = std::thread::current().id();
    let there = GIL.with(|py| py.allow_threads(|| (std::thread::current().id(), Rc::new(7))));
    expect_eq!(there, (here, Rc::new(7)), "the thread on which the closure ran, and what it returned besides");
}

/// The thread does not hold the GIL inside `allow_threads`, and holds it before and after.
///
/// Next: change who the holder is, not only who may wait.
#[fact]
fn the_gil_is_not_held_inside_and_held_after() {
    GIL.with(|py| {
        expect_eq!(GIL.is_held_here(), true, "is_held_here() before allow_threads");
        let inside = py.allow_threads(|| GIL.is_held_here());
        expect_eq!(inside, false, "is_held_here() inside of allow_threads");
        must_be_held_here("after allow_threads").go_on.send(()).expect("the visitor waits");
    });
    quiesce();
    must_be_free("after with");
}

/// Another thread gets the GIL while the closure runs.
///
/// Next: let go before the closure is called, not after it.
#[fact]
fn another_thread_gets_the_gil_meanwhile() {
    let worker = Worker::start("worker", 1);
    must_be_free("while 'worker' is in allow_threads");
    worker.come_back();
    worker.must_be(true, "and nobody else holds the GIL");
    worker.leave();
    must_be_free("after everybody has left");
}

/// A thread that waits for the GIL gets it as soon as the holder lets go.
///
/// Next: whoever makes the GIL free must wake somebody that waits for it.
#[fact]
fn a_thread_that_waits_is_let_in_at_once() {
    let (sender, told) = channel();
    let holder = actor("holder", move || {
        GIL.with(|py| {
            pause(&told);
            py.allow_threads(move || pause(&told));
        });
    });
    quiesce();
    let visitor = Visitor::start("visitor");
    visitor.must_wait("while 'holder' has the GIL");
    go_on(&sender);
    visitor.must_have_the_gil("when 'holder' has called allow_threads");
    visitor.leave();
    go_on(&sender);
    holder.finish();
}

/// A thread that comes back waits until the GIL is free, blocked, and then goes on.
///
/// Next: coming back is the same as coming: wait while anybody holds it.
#[fact]
fn coming_back_waits_for_the_gil() {
    let worker = Worker::start("worker", 1);
    let visitor = Visitor::start("visitor");
    worker.come_back();
    worker.must_be(false, "while 'visitor' holds the GIL");
    visitor.leave();
    worker.must_be(true, "and 'visitor' has left");
    worker.leave();
    must_be_free("after everybody has left");
}

/// Several threads let go at the same time, and all of them come back, one at a time.
///
/// Next: each that leaves the GIL wakes one more.
#[fact]
fn several_threads_come_back_one_at_a_time() {
    let workers = ["worker 1", "worker 2", "worker 3"].map(|name| Worker::start(name, 1));
    let visitor = Visitor::start("visitor");
    workers.iter().for_each(Worker::come_back);
    visitor.leave();
    let mut away: Vec<Worker> = workers.into_iter().collect();
    while !away.is_empty() {
        let back: Vec<usize> = (0..away.len()).filter(|at| away[*at].is_back.load(Ordering::SeqCst) == 1).collect();
        expect_eq!(back.len(), 1, format!("how many of {} threads that came back hold the GIL", away.len()));
        away.remove(back[0]).leave();
    }
    must_be_free("after everybody has left");
}

/// Inside several calls of `with`, `allow_threads` lets go of all of them.
///
/// Next: a thread that holds the GIL twice has it until both are given back. Look at `depth`.
#[fact]
fn a_nested_hold_is_let_go_entirely() {
    let worker = Worker::start("worker", 3);
    must_be_free("while 'worker', three calls of with deep, is in allow_threads");
    worker.come_back();
    worker.must_be(true, "and nobody else holds the GIL");
    worker.leave();
    must_be_free("after everybody has left");
}

/// After `allow_threads` the GIL is held as deeply as before: it is free when the outermost `with` ends, not earlier.
///
/// Next: remember the depth while the GIL is somebody else's, and put it back.
#[fact]
fn a_nested_hold_is_as_deep_as_before() {
    let visitor = GIL.with(|_outer| {
        GIL.with(|inner| {
            inner.allow_threads(|| must_be_free("while this thread, two calls of with deep, is in allow_threads"));
            expect_eq!(GIL.is_held_here(), true, "is_held_here() after allow_threads, in the inner with");
        });
        must_be_held_here("after allow_threads, when the inner with has ended")
    });
    quiesce();
    visitor.must_have_the_gil("after the outer with has ended");
    visitor.leave();
}

/// The closure may take the GIL itself, and let go of it again in there.
///
/// Next: inside the closure this thread is like any other that does not hold the GIL.
#[fact]
fn the_closure_may_take_the_gil_itself() {
    let cell = GilCell::new(1);
    GIL.with(|outer| {
        outer.allow_threads(|| {
            GIL.with(|inner| {
                cell.set(inner, 2);
                inner.allow_threads(|| must_be_free("while this thread is in an allow_threads within another one"));
                expect_eq!(GIL.is_held_here(), true, "is_held_here() after the inner allow_threads");
            });
            expect_eq!(GIL.is_held_here(), false, "is_held_here() after a with inside of allow_threads");
            must_be_free("after a with inside of allow_threads");
        });
        expect_eq!(cell.get(outer), 2, "what was set inside of the closure");
        must_be_held_here("after the outer allow_threads").go_on.send(()).expect("the visitor waits");
    });
    quiesce();
}

/// Letting go of one `Gil` leaves another one held.
///
/// Next: the token knows its `Gil`: a thread can hold several.
#[fact]
fn another_gil_stays_held() {
    static OTHER: Gil = Gil::new();
    let visitor = GIL.with(|_py| {
        OTHER.with(|other| {
            other.allow_threads(|| {
                expect_eq!(OTHER.is_held_here(), false, "is_held_here() of the GIL that was let go");
                must_be_held_here("while allow_threads lets go of another GIL")
            })
        })
    });
    quiesce();
    visitor.must_have_the_gil("after with");
    visitor.leave();
}

/// A token is as good after `allow_threads` as before, and sees what others have done meanwhile.
///
/// Next: the closure may run any number of times; nothing of the token is used up.
#[fact(negated)]
fn a_token_goes_on_after_letting_go() {
    static CELL: GilCell<Vec<i32>> = GilCell::new(Vec::new());
    GIL.with(|py| {
        let cell = CELL.bind(py);
        for round in 1..=3 {
            let add = move || GIL.with(|py| CELL.set(py, [CELL.get(py), vec![round]].concat()));
            py.allow_threads(|| actor("adder", add).finish());
            expect_eq!(cell.get().len(), round as usize, "how many numbers another thread has added to a cell");
        }
        cell.set([cell.get(), vec![4]].concat());
        expect_eq!(CELL.get(py), [1, 2, 3, 4], "the cell, in the end");
    });
}
