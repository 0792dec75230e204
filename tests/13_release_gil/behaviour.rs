//! Facts about letting go of the GIL. Threads come to rest between the steps of each story, and so do the numbers of a
//! matrix: multiplying is whatever the fact makes of it.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::ops::{Add, Mul};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};
use subject::{Gil, GilCell, Matrix, Python, dot};

/// Every fact has a process of its own, and so a GIL of its own.
static GIL: Gil = Gil::new();

/// A thread that takes the GIL and stays until it is told to go on. It has come to rest when this returns.
struct Visitor {
    actor: Actor<()>,
    go_on: Sender<()>,
    stage: &'static AtomicUsize,
}

impl Visitor {
    fn start(name: &str) -> Visitor {
        let (go_on, told) = channel();
        let stage: &AtomicUsize = Box::leak(Box::default());
        let actor = actor(name, move || {
            GIL.with(|_py| {
                stage.store(1, Ordering::SeqCst);
                pause(&told);
            });
        });
        quiesce();
        Visitor { actor, go_on, stage }
    }

    #[track_caller]
    fn must_have_the_gil(&self, when: &str) {
        let about = format!("'{}', which called with on another thread, {when}", self.actor.name());
        expect!(self.stage.load(Ordering::SeqCst) == 1, about, "it has the GIL", "it waits");
    }

    #[track_caller]
    fn must_wait(&self, when: &str) {
        let about = format!("'{}', which called with on another thread, {when}", self.actor.name());
        expect!(self.stage.load(Ordering::SeqCst) == 0, about, "it waits", "it has the GIL");
    }

    fn leave(self) {
        go_on(&self.go_on);
        self.actor.finish();
    }
}

/// Waits to be told. An error means that the fact has failed already.
fn pause(told: &Receiver<()>) {
    let _ = told.recv();
}

/// Tells a thread to go on, and lets everything come to rest. An error means that the thread has run ahead: it shows.
fn go_on(sender: &Sender<()>) {
    let _ = sender.send(());
    quiesce();
}

/// A thread inside `with` so many times over, and then in `allow_threads`, where it waits to be told to go on. Back
/// under the GIL it waits once more, and then leaves all at once.
struct Worker {
    actor: Actor<()>,
    go_on: Sender<()>,
    is_back: &'static AtomicUsize,
}

impl Worker {
    fn start(name: &str, depth: usize) -> Worker {
        let (go_on, told) = channel();
        let is_back: &AtomicUsize = Box::leak(Box::default());
        let actor = actor(name, move || {
            nested(depth, |py| {
                let told = py.allow_threads(move || {
                    pause(&told);
                    told
                });
                is_back.store(1, Ordering::SeqCst);
                pause(&told);
            });
        });
        quiesce();
        Worker { actor, go_on, is_back }
    }

    /// Ends its closure.
    fn come_back(&self) {
        go_on(&self.go_on);
    }

    #[track_caller]
    fn must_be(&self, back: bool, when: &str) {
        let about = format!("'{}', whose closure has returned, {when}", self.actor.name());
        let word = |back| if back { "allow_threads has returned" } else { "allow_threads waits for the GIL" };
        let is_back = self.is_back.load(Ordering::SeqCst) == 1;
        expect!(is_back == back, about, word(back), word(is_back));
    }

    fn leave(self) {
        go_on(&self.go_on);
        self.actor.finish();
    }
}

/// Runs an action inside so many calls of `with`.
fn nested(depth: usize, action: impl FnOnce(Python<'_>) + Send) {
    match depth {
        1 => GIL.with(action),
        _ => GIL.with(|_py| nested(depth - 1, action)),
    }
}

/// Nobody holds the GIL any more.
#[track_caller]
fn must_be_free(when: &str) {
    let visitor = Visitor::start("visitor");
    visitor.must_have_the_gil(when);
    visitor.leave();
}

/// This thread holds the GIL: it says so, and another one waits. Leaves that one behind, waiting.
#[track_caller]
fn must_be_held_here(when: &str) -> Visitor {
    expect!(GIL.is_held_here(), format!("is_held_here(), {when}"), "true", "false");
    let visitor = Visitor::start("visitor");
    visitor.must_wait(when);
    visitor
}

// Letting go.

/// `allow_threads` returns what its closure returns, and runs the closure on the same thread.
///
/// Next: the closure is called here and now; only the lock is somebody else's meanwhile.
#[fact]
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
#[fact]
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

// Panics.

/// What an action's panic carries, if it panics with such a payload.
fn payload<T: 'static, R>(action: impl FnOnce() -> R) -> Option<T> {
    let payload = catch_unwind(AssertUnwindSafe(action)).err()?;
    payload.downcast().ok().map(|payload| *payload)
}

/// A panic in the closure arrives, as it is, where the GIL is held again.
///
/// Next: what is to happen on every path belongs into a destructor.
#[fact(panics)]
fn a_panic_finds_the_gil_held() {
    GIL.with(|py| {
        let seen = payload(|| py.allow_threads(|| -> () { panic_any(17_u8) }));
        expect_eq!(seen, Some(17_u8), "the payload of the panic that comes out of allow_threads");
        must_be_held_here("after a panic in allow_threads was caught").go_on.send(()).expect("the visitor waits");
    });
    quiesce();
    must_be_free("after with");
}

/// A panic in the closure waits for the GIL too, while another thread holds it.
///
/// Next: unwinding is no reason to push in.
#[fact(panics)]
fn a_panic_waits_for_the_gil() {
    let (sender, told) = channel();
    let worker = actor("worker", move || {
        GIL.with(|py| {
            py.allow_threads(move || -> () {
                pause(&told);
                panic_any("the closure gives up");
            });
        });
    });
    quiesce();
    let visitor = Visitor::start("visitor");
    go_on(&sender);
    expect!(!worker.has_finished(), "a panic on its way out of allow_threads", "it waits for the GIL", "it is through");
    visitor.leave();
    quiesce();
    expect!(worker.join().is_err(), "the thread whose closure panicked", "it ends with the panic", "it returned");
    must_be_free("after a panic has gone through allow_threads and with");
}

/// A panic in the closure leaves a nested hold as deep as before.
///
/// Next: the way out is the same for a panic as for a return, the depth included.
#[fact(panics)]
fn a_panic_leaves_a_nested_hold_as_deep_as_before() {
    let visitor = GIL.with(|_outer| {
        let seen = payload(|| GIL.with(|inner| inner.allow_threads(|| -> () { panic_any(17_u8) })));
        expect_eq!(seen, Some(17_u8), "the payload of the panic that comes out of the inner with");
        must_be_held_here("after the inner with has ended by the panic")
    });
    quiesce();
    visitor.must_have_the_gil("after the outer with has ended");
    visitor.leave();
}

// The product.

/// The product, as it is written down in books.
fn by_the_book<T: Copy + Default + Add<Output = T> + Mul<Output = T>>(a: &Matrix<T>, b: &Matrix<T>) -> Vec<T> {
    let cell = |row: usize, column| {
        (0..b.rows()).fold(T::default(), |sum, inner| sum + a.row(row)[inner] * b.row(inner)[column])
    };
    (0..a.rows())
        .flat_map(|row| (0..b.columns()).map(move |column| (row, column)))
        .map(|(row, column)| cell(row, column))
        .collect()
}

/// A matrix of small numbers, no two rows or columns of which are the same.
fn matrix<T: From<i16>>(rows: usize, columns: usize) -> Matrix<T> {
    let cell = |at: usize| T::from(((at * at * 31 + at * 7 + 3) % 19) as i16 - 9);
    Matrix::new(rows, columns, (0..rows * columns).map(cell).collect())
}

/// The product is right for all shapes, empty ones included, whatever the number of threads.
///
/// Next: think of rows that do not divide evenly, of more threads than rows, and of no columns at all.
#[fact]
fn products_of_all_shapes_are_right() {
    let sizes = [0, 1, 2, 3, 5, 8];
    for (rows, inner, columns) in sizes.iter().flat_map(|r| sizes.iter().flat_map(move |i| sizes.map(|c| (*r, *i, c))))
    {
        let (a, b) = (matrix::<i64>(rows, inner), matrix(inner, columns));
        let expected = Matrix::new(rows, columns, by_the_book(&a, &b));
        for threads in [1, 2, 3, 4, 7, 100] {
            let about = format!("a {rows} × {inner} matrix by a {inner} × {columns} one, with {threads} thread(s)");
            expect_eq!(GIL.with(|py| dot(py, &a, &b, threads)), expected, about);
        }
    }
}

/// Each number of `a` is multiplied by one of `b`, in this order: `a * b` need not be `b * a`.
///
/// Next: write the factor from `a` on the left.
#[fact]
fn factors_keep_their_order() {
    /// Keeps the left factor's first half and the right factor's second half.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Halves(i32, i32);
    impl Add for Halves {
        type Output = Halves;
        fn add(self, other: Halves) -> Halves {
            Halves(self.0 + other.0, self.1 + other.1)
        }
    }
    impl Mul for Halves {
        type Output = Halves;
        fn mul(self, other: Halves) -> Halves {
            Halves(self.0, other.1)
        }
    }
    let (a, b) =
        (Matrix::new(1, 2, vec![Halves(1, 2), Halves(10, 20)]), Matrix::new(2, 1, vec![Halves(3, 4), Halves(30, 40)]));
    let product = GIL.with(|py| dot(py, &a, &b, 1));
    expect_eq!(product.row(0), [Halves(11, 44)], "a product of numbers that keep one half of each factor");
}

/// A number that waits, while it is multiplied, until the gate is open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Gated(i64);

static GATE: Gate =
    Gate { state: Mutex::new(GateState { inside: 0, peak: 0, is_open: false }), opened: Condvar::new() };

struct Gate {
    state: Mutex<GateState>,
    opened: Condvar,
}

#[derive(Clone, Copy)]
struct GateState {
    inside: usize,
    /// The most that have been inside at the same time.
    peak: usize,
    is_open: bool,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().expect("nobody panics at the gate");
        state.inside += 1;
        state.peak = state.peak.max(state.inside);
        state = self.opened.wait_while(state, |state| !state.is_open).expect("nobody panics at the gate");
        state.inside -= 1;
    }

    fn state(&self) -> GateState {
        *self.state.lock().expect("nobody panics at the gate")
    }

    fn open(&self) {
        self.state.lock().expect("nobody panics at the gate").is_open = true;
        self.opened.notify_all();
    }
}

impl Add for Gated {
    type Output = Gated;
    fn add(self, other: Gated) -> Gated {
        Gated(self.0 + other.0)
    }
}

impl Mul for Gated {
    type Output = Gated;
    fn mul(self, other: Gated) -> Gated {
        GATE.pass();
        Gated(self.0 * other.0)
    }
}

/// Starts a product of gated numbers on a thread that holds the GIL so many times over. All have come to the gate when it
/// returns.
fn gated_product(rows: usize, threads: usize, depth: usize) -> Actor<()> {
    let caller = actor("caller", move || {
        let (a, b) = (matrix::<i64>(rows, 2), matrix::<i64>(2, 2));
        let gated = |rows, cells: Vec<i64>| Matrix::new(rows, 2, cells.into_iter().map(Gated).collect());
        let all = |matrix: &Matrix<i64>| (0..matrix.rows()).flat_map(|row| matrix.row(row)).copied().collect();
        let (gated_a, gated_b, expected) = (gated(rows, all(&a)), gated(2, all(&b)), gated(rows, by_the_book(&a, &b)));
        nested(depth, |py| {
            expect_eq!(dot(py, &gated_a, &gated_b, threads), expected, "the product");
            expect_eq!(GIL.is_held_here(), true, "is_held_here() after dot");
        });
    });
    quiesce();
    caller
}

fn multiply_at_once(rows: usize, threads: usize, expected: usize) {
    let caller = gated_product(rows, threads, 1);
    let about = format!("how many threads multiply {rows} rows at the same time, with {threads} allowed");
    expect_eq!(GATE.state().inside, expected, about);
    GATE.open();
    caller.finish();
    expect!(GATE.state().peak <= threads, about, format!("never more than {threads}"), GATE.state().peak.to_string());
}

/// As many threads as are allowed multiply at the same time, if there are rows for them.
///
/// Next: start all threads before the first is waited for, and no more than are allowed.
#[fact]
fn the_threads_multiply_at_the_same_time() {
    multiply_at_once(12, 4, 4);
}

/// One thread multiplies if one is allowed.
///
/// Next: `threads` is a limit, whatever the machine has.
#[fact]
fn one_thread_multiplies_if_one_is_allowed() {
    multiply_at_once(5, 1, 1);
}

/// With more threads than rows, each row has a thread, and the others are not needed.
///
/// Next: a thread without a row has nothing to multiply; a band has one row at least.
#[fact]
fn there_are_no_more_threads_than_rows() {
    multiply_at_once(3, 1_000_000_000, 3);
}

/// Other threads get the GIL while `dot` multiplies, however deep in calls of `with` its caller is.
///
/// Next: let go of the GIL around the whole product.
#[fact]
fn dot_lets_go_of_the_gil() {
    let caller = gated_product(4, 2, 2);
    let visitor = Visitor::start("visitor");
    visitor.must_have_the_gil("while dot multiplies");
    GATE.open();
    quiesce();
    expect!(!caller.has_finished(), "dot, when the product is done", "it waits for the GIL", "it has returned");
    visitor.leave();
    caller.finish();
    must_be_free("after everybody has left");
}

/// No thread is left behind when `dot` returns.
///
/// Next: scoped threads end with their scope.
#[fact(alone)]
fn dot_leaves_no_thread_behind() {
    let before = threads_alive();
    let product = GIL.with(|py| dot(py, &matrix::<i64>(64, 8), &matrix(8, 8), 8));
    expect_eq!(product.rows(), 64, "the rows of the product");
    quiesce();
    expect_eq!(threads_alive(), before, "how many threads there are after dot, when there were as many before");
}

/// A panic of a number's `*` comes out of `dot`, as it is; the GIL is held by then, and no other thread multiplies any more.
///
/// Next: what `join` returns in an `Err` is the payload: `resume_unwind` passes it on.
#[fact(panics)]
fn a_panic_while_multiplying_comes_out_of_dot() {
    #[derive(Clone, Copy, Debug, Default)]
    struct Touchy(u8);
    impl Add for Touchy {
        type Output = Touchy;
        fn add(self, _other: Touchy) -> Touchy {
            self
        }
    }
    impl Mul for Touchy {
        type Output = Touchy;
        fn mul(self, _other: Touchy) -> Touchy {
            match self.0 {
                0 => GATE.pass(),
                payload => panic_any(payload),
            }
            self
        }
    }
    let caller = actor("caller", || {
        GIL.with(|py| {
            let a = Matrix::new(3, 1, vec![Touchy(0), Touchy(42), Touchy(0)]);
            let product = || dot(py, &a, &Matrix::new(1, 1, vec![Touchy(0)]), 3);
            expect_eq!(payload(product), Some(42_u8), "the payload of the panic that comes out of dot");
            expect_eq!(GATE.state().inside, 0, "how many threads multiply when the panic comes out of dot");
            expect_eq!(GIL.is_held_here(), true, "is_held_here() when the panic comes out of dot");
        });
    });
    quiesce();
    expect_eq!(GATE.state().inside, 2, "how many of 3 threads still multiply after one has panicked");
    GATE.open();
    caller.finish();
    must_be_free("after a panic in dot");
}

/// What cannot be multiplied is a panic, and the GIL is as it was.
///
/// Next: `assert!` the shapes and the number of threads at the beginning.
#[fact(panics)]
fn what_cannot_be_multiplied_is_a_panic() {
    #[track_caller]
    fn panics<R>(about: &str, action: impl FnOnce() -> R) {
        expect!(catch_unwind(AssertUnwindSafe(action)).is_err(), about, "a panic", "it returns");
    }
    GIL.with(|py| {
        let (wide, high) = (matrix::<i64>(2, 3), matrix::<i64>(3, 2));
        expect_eq!(dot(py, &wide, &high, 1).columns(), 2, "the columns of a 2 × 3 by 3 × 2 product");
        panics("a 2 × 3 by 2 × 3 product", || dot(py, &wide, &wide, 1));
        panics("a 3 × 2 by 3 × 2 product", || dot(py, &high, &high, 2));
        panics("a 0 × 3 by 2 × 0 product", || dot(py, &matrix::<i64>(0, 3), &matrix(2, 0), 2));
        panics("a product by 0 threads", || dot(py, &wide, &high, 0));
        panics("an empty product by 0 threads", || dot(py, &matrix::<i64>(0, 0), &matrix(0, 0), 0));
        expect_eq!(GIL.is_held_here(), true, "is_held_here() after dot has panicked");
    });
    must_be_free("after with");
    panics("Matrix::new(2, 2, …) with 3 cells", || Matrix::new(2, 2, vec![1, 2, 3]));
    panics("row(2) of 2 rows", || matrix::<i64>(2, 0).row(2).len());
}
