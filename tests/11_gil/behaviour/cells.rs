//! `GilCell`: what a cell holds, and what two ticks have between them.

use super::threads::{enter, must_end, new, open, pass};
use harness::{Actor, actor, catch_panic, expect, expect_eq, fact};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use subject::{Gil, GilCell, Python};

/// A cell gives back what was put in: `set` changes it, `get` copies it, `replace` returns the old value.
///
/// Next: `replace` is `std::mem::replace` on the inside; `set` is the same and drops the old value.
#[fact(negated)]
fn a_cell_gives_back_what_was_put_in() {
    let (gil, cell) = (Gil::new(3), GilCell::new(vec![1]));
    let seen = gil.with(|py| {
        let first = cell.get(py);
        cell.set(py, vec![2, 2]);
        let old = cell.replace(py, vec![3, 3, 3]);
        [first, old, cell.get(py), cell.get(py)]
    });
    let expected = [vec![1], vec![2, 2], vec![3, 3, 3], vec![3, 3, 3]];
    expect_eq!(seen, expected, "get, then set([2, 2]), then replace([3, 3, 3]), then get twice, on a cell of [1]");
}

/// `set` drops the old value exactly once, and a cell drops its value with itself.
///
/// Next: let ownership do it: no `mem::forget`, no leaked box.
#[fact]
fn a_cell_drops_what_it_no_longer_holds() {
    let (gil, value) = (Gil::new(3), Arc::new(()));
    let cell = GilCell::new(Arc::clone(&value));
    gil.with(|py| cell.set(py, Arc::clone(&value)));
    expect_eq!(Arc::strong_count(&value), 2, "owners of a value after set put a second copy in place of the first");
    drop(cell);
    expect_eq!(Arc::strong_count(&value), 1, "owners of the value after the cell was dropped");
}

/// Between two ticks a thread has the cells to itself: four threads that count with get and set lose nothing.
///
/// Next: never two holders at once, not even while the GIL changes hands.
#[fact]
fn nothing_is_lost_between_two_ticks() {
    let (gil, counter) = (new(7), Arc::new(GilCell::new(0)));
    let threads = [1, 2, 3, 4].map(|n| {
        let (gil, counter) = (Arc::clone(&gil), Arc::clone(&counter));
        actor(&format!("counting {n}"), move || {
            gil.with(|py| {
                for _ in 0..200 {
                    counter.set(py, counter.get(py) + 1);
                    py.tick();
                }
            });
        })
    });
    threads.into_iter().for_each(Actor::finish);
    expect_eq!(gil.with(|py| counter.get(py)), 800, "the counter after four threads added 200 each");
}

/// A tick between `get` and `set` lets another thread in: the GIL does not make two bytecodes one.
///
/// Next: a cell must not stay locked from one operation to the next, and the tick really has to hand over.
#[fact]
fn an_update_torn_by_a_tick_is_lost() {
    let (gil, counter) = (new(1), Arc::new(GilCell::new(0)));
    let (go, gate) = channel();
    let torn = |gate: Option<Receiver<()>>| {
        let counter = Arc::clone(&counter);
        move |py: Python<'_>| {
            gate.iter().for_each(pass);
            let read = counter.get(py);
            py.tick();
            counter.set(py, read + 1);
        }
    };
    let first = enter("first", &gil, torn(Some(gate)));
    let second = enter("second", &gil, torn(None));
    open(&go);
    must_end(&first, "the first of two threads that add 1 with a tick between get and set");
    must_end(&second, "the second of two threads that add 1 with a tick between get and set");
    expect_eq!(gil.with(|py| counter.get(py)), 1, "the counter after two torn updates, interval 1");
}

/// A panic while a value is being cloned leaves the cell usable.
///
/// Next: a panic in `clone` poisons the mutex that guards the value; the value itself is unharmed, so look past the poison.
#[fact(panics)]
fn a_cell_survives_a_panic_in_clone() {
    struct Touchy(Arc<AtomicBool>);
    impl Clone for Touchy {
        fn clone(&self) -> Touchy {
            assert!(!self.0.load(Ordering::SeqCst), "not now");
            Touchy(Arc::clone(&self.0))
        }
    }
    let touchy = Arc::new(AtomicBool::new(true));
    let (gil, cell) = (Gil::new(3), GilCell::new(Touchy(Arc::clone(&touchy))));
    let refused = catch_panic(|| gil.with(|py| drop(cell.get(py))));
    expect!(refused.is_err(), "get on a value whose clone panics", "the panic reaches the caller", "get returned");
    touchy.store(false, Ordering::SeqCst);
    let usable = catch_panic(|| {
        gil.with(|py| {
            drop(cell.get(py));
            cell.set(py, Touchy(Arc::clone(&touchy)));
        });
    });
    expect!(usable.is_ok(), "get and set after a clone that panicked", "they work as before", "a panic");
}
