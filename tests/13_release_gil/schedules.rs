//! Threads that let go of the GIL and come back, along every schedule. What they touch under the GIL is `Tracked`: two holders
//! are noticed even if their accesses never meet.

use harness::{Actor, Tracked, actor, expect, expect_eq, panic_payload, quiesce, scenario};
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::{Gil, Matrix, dot};

/// A GIL, and who has held it, in this order. Only a holder may touch the list.
#[derive(Clone, Default)]
struct Interpreter {
    gil: Arc<Gil>,
    held: Arc<Tracked<Vec<&'static str>>>,
}

impl Interpreter {
    fn note(&self, name: &'static str) {
        self.held.write(|held| held.push(name));
    }

    /// A thread that takes the GIL once.
    fn visitor(&self, name: &'static str) -> Actor<()> {
        let theirs = self.clone();
        actor(name, move || theirs.gil.with(|_py| theirs.note(name)))
    }

    /// A thread that takes the GIL, lets go of it, and comes back.
    fn worker(&self, name: &'static str) -> Actor<()> {
        let theirs = self.clone();
        actor(name, move || {
            theirs.gil.with(|py| {
                theirs.note(name);
                py.allow_threads(|| ());
                theirs.note(name);
            });
        })
    }

    /// Everybody has gone: so many have held the GIL, and it is free.
    fn must_end_with(self, entries: usize) {
        self.gil.with(|_py| {
            expect_eq!(self.held.read(Vec::len), entries, "how often a thread had the GIL and wrote it down");
        });
    }
}

/// A thread that lets go of the GIL can wait for one that needs it.
///
/// Next: the GIL is free, and whoever waits for it has been woken, before the closure is called.
#[scenario]
fn a_thread_waits_outside_for_one_that_needs_the_gil() {
    let python = Interpreter::default();
    let (done, told) = channel();
    let theirs = python.clone();
    let visitor = actor("visitor", move || {
        theirs.gil.with(|_py| theirs.note("visitor"));
        let _ = done.send(());
    });
    let theirs = python.clone();
    let worker = actor("worker", move || {
        theirs.gil.with(|py| {
            theirs.note("worker");
            let come = py.allow_threads(move || told.recv().is_ok());
            expect!(come, "a message that is awaited in allow_threads", "it comes", "its sender is gone");
            theirs.note("worker");
        });
    });
    visitor.finish();
    worker.finish();
    python.must_end_with(3);
}

/// A thread that comes back to the GIL is never in it together with one that comes for the first time.
///
/// Next: finding it free and taking it are one step; and whoever was woken looks again.
#[scenario]
fn one_comes_back_while_another_comes() {
    let python = Interpreter::default();
    let threads = [python.worker("worker"), python.visitor("visitor")];
    threads.into_iter().for_each(Actor::finish);
    python.must_end_with(3);
}

/// A thread that lets go of the GIL lets one in that waits to come back.
///
/// Next: each that makes the GIL free wakes one that waits for it, be it in `with` or in `allow_threads`.
#[scenario]
fn one_lets_go_for_one_that_comes_back() {
    let python = Interpreter::default();
    let (back, told) = channel();
    let theirs = python.clone();
    let first = actor("first", move || {
        theirs.gil.with(|py| {
            py.allow_threads(|| ());
            theirs.note("first");
            let _ = back.send(());
        });
    });
    let theirs = python.clone();
    let second = actor("second", move || {
        theirs.gil.with(|py| {
            let is_back = py.allow_threads(move || told.recv().is_ok());
            expect!(is_back, "a message that is awaited in allow_threads", "it comes", "its sender is gone");
            theirs.note("second");
        });
    });
    first.finish();
    second.finish();
    python.must_end_with(2);
}

/// A thread inside two calls of `with` lets go of both, and has both back: nobody gets in before the outer one ends.
///
/// Next: put the depth back in the same step in which the GIL is taken.
#[scenario]
fn a_nested_hold_is_let_go_and_taken_back() {
    let python = Interpreter::default();
    let theirs = python.clone();
    let worker = actor("worker", move || {
        theirs.gil.with(|_outer| {
            theirs.gil.with(|inner| {
                inner.allow_threads(|| ());
                theirs.note("worker");
            });
            theirs.note("worker");
        });
    });
    let visitor = python.visitor("visitor");
    worker.finish();
    visitor.finish();
    python.must_end_with(3);
}

/// A panic comes back to the GIL like a return: never beside another holder.
///
/// Next: a destructor that takes the GIL waits for it too.
#[scenario(panics)]
fn a_panic_comes_back_while_another_comes() {
    let python = Interpreter::default();
    let theirs = python.clone();
    let worker = actor("worker", move || {
        theirs.gil.with(|py| {
            let give_up = || py.allow_threads(|| -> () { panic_any("gives up") });
            let payload = panic_payload(give_up);
            expect_eq!(payload, Some("gives up"), "the payload of the panic that comes out of allow_threads");
            expect_eq!(theirs.gil.is_held_here(), true, "is_held_here() after a panic in allow_threads");
            theirs.note("worker");
        });
    });
    let visitor = python.visitor("visitor");
    worker.finish();
    visitor.finish();
    python.must_end_with(2);
}

/// The closure takes the GIL itself while another thread comes for it: one at a time, and both get through.
///
/// Next: inside the closure this thread is one of those that wait.
#[scenario]
fn the_closure_takes_the_gil_beside_another() {
    let python = Interpreter::default();
    let theirs = python.clone();
    let worker = actor("worker", move || {
        theirs.gil.with(|py| {
            py.allow_threads(|| theirs.gil.with(|_py| theirs.note("worker, inside")));
            theirs.note("worker");
        });
    });
    let visitor = python.visitor("visitor");
    worker.finish();
    visitor.finish();
    python.must_end_with(3);
}

/// While two threads multiply, another one gets the GIL; the product is complete when `dot` holds it again.
///
/// Next: all bands are done before the GIL is taken back.
#[scenario]
fn dot_multiplies_beside_another_holder() {
    let python = Interpreter::default();
    let theirs = python.clone();
    let caller = actor("caller", move || {
        theirs.gil.with(|py| {
            theirs.note("caller");
            let product = dot(py, &Matrix::new(2, 1, vec![2, 3]), &Matrix::new(1, 1, vec![7]), 2);
            expect_eq!(product, Matrix::new(2, 1, vec![14, 21]), "the product of (2, 3) and (7)");
            theirs.note("caller");
        });
    });
    let visitor = python.visitor("visitor");
    caller.finish();
    visitor.finish();
    quiesce();
    python.must_end_with(3);
}
