//! `make`: it may take its time, call `get_or`, panic, and use other objects.

use super::threads::{on_a_new_thread, sorted};
use harness::{DropCount, actor, catch_panic, expect, expect_eq, fact, quiesce};
use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::ThreadLocal;

/// While one thread's `make` takes its time, other threads get theirs, and look.
///
/// Next: no lock is held while `make` runs.
#[fact]
fn a_slow_make_holds_up_nobody() {
    let local = Arc::new(ThreadLocal::new());
    local.get_or(|| 1);
    let (go_on, told) = channel::<()>();
    let theirs = Arc::clone(&local);
    let slow = actor("slow", move || {
        *theirs.get_or(|| {
            let _ = told.recv();
            2
        })
    });
    quiesce();
    let theirs = Arc::clone(&local);
    let quick = actor("quick", move || (theirs.get().copied(), *theirs.get_or(|| 3)));
    quiesce();
    expect!(
        quick.has_finished(),
        "get and get_or, while another thread's make has not returned",
        "they return",
        "they wait"
    );
    expect_eq!(quick.finish(), (None, 3), "get, then get_or, while another thread's make has not returned");
    expect_eq!(local.get(), Some(&1), "get, while another thread's make has not returned");
    expect!(!slow.has_finished(), "get_or, while its make waits", "it waits", "it has returned");
    let _ = go_on.send(());
    expect_eq!(slow.finish(), 2, "get_or, when its make has returned 2 at last");
}

/// If `make` calls `get_or` on the same object, the inner value stays, and the outer one is dropped.
///
/// Next: look again when `make` has returned: somebody may hold on to what is there.
#[fact]
fn the_inner_value_stays() {
    let drops = DropCount::new();
    let value = |number| drops.mark(number);
    let local = ThreadLocal::new();
    let inner = Cell::new(None);
    let outer = local.get_or(|| {
        expect!(local.get().is_none(), "get, inside make", "None", "a value");
        inner.set(Some(local.get_or(|| value(1))));
        value(2)
    });
    expect_eq!(**outer, 1, "what the outer get_or returns, if its make has made 2, and 1 by an inner get_or");
    expect!(
        inner.get().is_some_and(|inner| ptr::eq(inner, outer)),
        "the inner and the outer value",
        "the same one",
        "two"
    );
    expect_eq!(drops.get(), 1, "how many of two values are dropped, when the inner one stays");
    let left: Vec<_> = local.into_iter().map(|value| *value).collect();
    expect_eq!(left, [1], "the values of the object, when the inner one stays");
    expect_eq!(drops.get(), 2, "how many of two values are dropped in the end");
}

/// A `make` that panics leaves its thread without a value, and everybody else untouched.
///
/// Next: write nothing down before `make` has returned.
#[fact(panics, negated)]
fn a_panic_in_make_leaves_nothing() {
    let local = ThreadLocal::new();
    for _ in 0..2 {
        let caught = catch_panic(|| *local.get_or(|| panic!("nothing to give")));
        expect!(caught.is_err(), "get_or, when its make panics", "the panic goes on", "it returned");
        expect_eq!(local.get(), None, "get, when make has panicked");
    }
    expect_eq!(
        on_a_new_thread(|| *local.get_or(|| 1)),
        1,
        "get_or on another thread, when make has panicked on the first"
    );
    expect_eq!(*local.get_or(|| 2), 2, "get_or, when the make of an earlier one has panicked");
    expect_eq!(sorted(local), [1, 2], "the values, when a make has panicked and two have not");
}

/// `make`, and the `drop` of a value, may use other objects, make and drop them.
///
/// Next: nothing is borrowed or locked while code that is not yours runs: neither your object nor the thread's cache.
#[fact]
fn make_and_drop_may_use_other_objects() {
    struct Using(Arc<ThreadLocal<u32>>);
    impl Drop for Using {
        fn drop(&mut self) {
            self.0.get_or(|| 5);
            let passing = ThreadLocal::new();
            passing.get_or(|| 6);
        }
    }
    let (other, local) = (Arc::new(ThreadLocal::new()), ThreadLocal::new());
    let value = local.get_or(|| {
        other.get_or(|| 4);
        for number in 0..50 {
            let passing = ThreadLocal::new();
            passing.get_or(|| number);
        }
        let third = ThreadLocal::new();
        let doubled = *third.get_or(|| other.get().map_or(0, |four| four * 2));
        (Using(Arc::clone(&other)), doubled)
    });
    expect_eq!(value.1, 8, "a value that was made with the help of two other objects");
    let theirs = Arc::clone(&other);
    let elsewhere = on_a_new_thread(move || {
        drop(local);
        theirs.get().copied()
    });
    expect_eq!(elsewhere, Some(5), "what the drop of a value has made, on the thread that dropped it");
    expect_eq!(
        other.get(),
        Some(&4),
        "another object's value, which the drop of a value on another thread does not touch"
    );
}
