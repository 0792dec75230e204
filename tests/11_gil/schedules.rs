//! Stories of a few threads that share one GIL, each told along every schedule.
//!
//! What they touch under the GIL is `Tracked`: two holders are noticed even if their accesses never meet.

use harness::{Actor, Tracked, actor, catch_panic, expect, expect_eq, quiesce, scenario};
use std::sync::Arc;
use subject::{Gil, Python};

/// A GIL, and who held it, in this order. Only a holder may touch the list.
#[derive(Clone)]
struct Interpreter {
    gil: Arc<Gil>,
    held: Arc<Tracked<Vec<&'static str>>>,
}

impl Interpreter {
    fn new(interval: u32) -> Interpreter {
        Interpreter { gil: Arc::new(Gil::new(interval)), held: Arc::default() }
    }

    /// Takes the GIL, writes down who has it, and does `more` with it.
    fn with<R>(&self, name: &'static str, more: impl FnOnce(Python<'_>) -> R) -> R {
        self.gil.with(|py| {
            self.held.write(|held| held.push(name));
            more(py)
        })
    }

    /// A thread that takes the GIL once for so many bytecodes.
    fn thread(&self, name: &'static str, bytecodes: usize) -> Actor<()> {
        let theirs = self.clone();
        actor(name, move || {
            theirs.gil.with(|py| {
                for _ in 0..bytecodes {
                    theirs.held.write(|held| held.push(name));
                    py.tick();
                }
            });
        })
    }

    /// A thread that takes the GIL so many times, and makes no tick.
    fn visitor(&self, name: &'static str, times: usize) -> Actor<()> {
        let theirs = self.clone();
        actor(name, move || (0..times).for_each(|_| theirs.with(name, |_py| ())))
    }

    /// A thread that takes the GIL and demands that 'first' was the one to get it after the scenario.
    fn late(&self, about: &'static str) -> Actor<()> {
        let theirs = self.clone();
        actor("late", move || theirs.with("late", |_py| expect_eq!(theirs.held()[1], "first", about)))
    }

    /// Who has held the GIL until now. For its holder, and for the end.
    fn held(&self) -> Vec<&'static str> {
        self.held.read(Vec::clone)
    }

    /// All is quiet: as many entries as there must be, and stats that add up.
    fn must_add_up(&self, entries: usize, calls: u64) {
        expect_eq!(self.held().len(), entries, "how many bytecodes ran");
        let stats = self.gil.stats();
        let expected = calls + stats.forced_switches;
        expect_eq!(stats.acquisitions, expected, "acquisitions at the end: the calls of with, and the forced switches");
    }
}

// Everybody comes when they like: one holder at a time, and everybody gets through.

/// Of two threads one may come just while the other one leaves: never two holders, and both get through.
///
/// Next: between looking whether the GIL is free and getting in line (or taking it) nobody else may come or leave.
#[scenario]
fn one_comes_while_the_other_leaves() {
    let python = Interpreter::new(1);
    let threads = ["A", "B"].map(|name| python.visitor(name, 1));
    threads.into_iter().for_each(Actor::finish);
    python.must_add_up(2, 2);
}

/// Two threads come and leave twice: never two holders, and both get through, whatever is left over from the first time.
///
/// Next: to have been woken does not mean that it is one's turn: look again. The wakeup may be meant for an earlier wait.
#[scenario]
fn two_threads_come_twice() {
    let python = Interpreter::new(1);
    let threads = ["A", "B"].map(|name| python.visitor(name, 2));
    threads.into_iter().for_each(Actor::finish);
    python.must_add_up(4, 4);
}

/// Two threads of two bytecodes that pass the GIL to and fro: never two holders, no update is lost, and both get through.
///
/// Next: follow the hand-over in `tick` step by step: is there a moment at which another thread sees only half of it?
#[scenario]
fn two_threads_of_two_bytecodes() {
    let python = Interpreter::new(1);
    let threads = ["A", "B"].map(|name| python.thread(name, 2));
    threads.into_iter().for_each(Actor::finish);
    python.must_add_up(4, 2);
}

/// Three threads of one bytecode: never two holders, and each is woken when its turn has come.
///
/// Next: with two threads in line, is it always the right one that is woken, and the right one that goes on?
#[scenario]
fn three_threads_of_one_bytecode() {
    let python = Interpreter::new(1);
    let threads = ["A", "B", "C"].map(|name| python.thread(name, 1));
    threads.into_iter().for_each(Actor::finish);
    python.must_add_up(3, 3);
}

// The line.

/// When the interval is over, `tick` returns after all threads that waited have had the GIL, in the order of their arrival.
///
/// Next: the old holder's place is at the back of the line, and each hand-over must wake the one thread that it is for.
#[scenario]
fn a_tick_returns_after_all_who_waited() {
    let python = Interpreter::new(2);
    let threads = python.with("the scenario", |py| {
        let threads = ["first", "second"].map(|name| {
            let thread = python.visitor(name, 1);
            quiesce();
            thread
        });
        py.tick();
        expect_eq!(python.held(), ["the scenario"], "who has held the GIL after the first tick, interval 2");
        py.tick();
        let expected = ["the scenario", "first", "second"];
        expect_eq!(python.held(), expected, "who has held the GIL when the second tick returns, interval 2");
        threads
    });
    threads.into_iter().for_each(Actor::finish);
}

/// A thread that comes while a tick hands the GIL over does not overtake the thread that it is handed to.
///
/// Next: the GIL is given to one thread; it is never free in between, not even until that thread has woken up.
#[scenario]
fn a_hand_over_is_not_overtaken() {
    let python = Interpreter::new(1);
    let [first, late] = python.with("the scenario", |py| {
        let first = python.visitor("first", 1);
        quiesce();
        let late = python.late("who gets the GIL by a forced switch, if 'first' waits and 'late' comes just then");
        py.tick();
        [first, late]
    });
    first.finish();
    late.finish();
}

/// A thread that comes while the holder leaves does not overtake the thread that waited.
///
/// Next: a GIL for which a thread waits is not free when its holder leaves: it is that thread's.
#[scenario]
fn a_release_is_not_overtaken() {
    let python = Interpreter::new(1);
    let [first, late] = python.with("the scenario", |_py| {
        let first = python.visitor("first", 1);
        quiesce();
        [first, python.late("who gets the GIL when its holder leaves, if 'first' waits and 'late' comes just then")]
    });
    first.finish();
    late.finish();
}

// Panics.

/// A panic inside `with` passes the GIL on once, to one thread, and the thread that panicked can come back.
///
/// Next: a panic is one way to leave `with`, and each way must release exactly once.
#[scenario(panics)]
fn a_panic_passes_the_gil_on_once() {
    let python = Interpreter::new(3);
    let theirs = python.clone();
    let raising = actor("raising", move || {
        let caught = catch_panic(|| theirs.with("raising", |_py| panic!("a bytecode raised"))).is_err();
        theirs.with("raising", |_py| caught)
    });
    let threads = ["A", "B"].map(|name| python.visitor(name, 1));
    let caught = raising.finish();
    expect!(caught, "a panic inside with", "it reaches the caller of with", "with returned");
    threads.into_iter().for_each(Actor::finish);
    python.must_add_up(4, 4);
}
