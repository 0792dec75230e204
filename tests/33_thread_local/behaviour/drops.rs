//! Values stay until the object goes, whatever their threads do, and are then dropped once.

use super::threads::{Companion, on_a_new_thread, sorted};
use harness::{DropCount, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::ThreadLocal;

/// Values of threads that have ended are kept, and `into_iter` returns them with the others.
///
/// Next: the object owns the values; a thread's own storage dies with the thread.
#[fact(negated)]
fn values_of_ended_threads_are_kept() {
    let (drops, local) = (DropCount::new(), ThreadLocal::new());
    for number in 1..=5 {
        on_a_new_thread(|| _ = local.get_or(|| drops.mark(number)));
    }
    quiesce();
    expect_eq!(drops.get(), 0, "how many values are dropped, when the threads of five have ended");
    local.get_or(|| drops.mark(6));
    let values: Vec<_> = local.into_iter().collect();
    expect_eq!(drops.get(), 0, "how many values are dropped, when into_iter has returned them");
    let seen = sorted(values.iter().map(|value| **value));
    expect_eq!(seen, [1, 2, 3, 4, 5, 6], "the values of five ended threads and this one");
    drop(values);
    expect_eq!(drops.get(), 6, "how many of six values are dropped in the end");
}

/// An object drops all its values with itself, each once, whoever drops it and whichever threads live on.
///
/// Next: who frees a value: the object, always. A thread's cache only knows where it is.
#[fact]
fn an_object_drops_its_values() {
    let drops = DropCount::new();
    let companion = Companion::new("companion");
    for on_this_thread in [true, false] {
        drops.reset();
        let local = Arc::new(ThreadLocal::new());
        let value = |number| drops.mark(number);
        local.get_or(|| value(1));
        on_a_new_thread(|| _ = local.get_or(|| value(2)));
        let (theirs, third) = (Arc::clone(&local), value(3));
        companion.does(move || _ = theirs.get_or(|| third));
        expect_eq!(drops.get(), 0, "how many values are dropped before their object");
        let where_ = if on_this_thread { "where its first value was made" } else { "on another thread" };
        if on_this_thread {
            drop(local);
        } else {
            on_a_new_thread(|| drop(local));
        }
        expect_eq!(drops.get(), 3, format!("how many of three values are dropped with their object, {where_}"));
    }
    companion.ends();
    quiesce();
    expect_eq!(drops.get(), 3, "how many of three values are dropped, when a thread that had one has ended as well");
}

/// An iterator that is not used up drops the rest.
///
/// Next: `into_iter` hands each value over, once: nothing else may drop it, and nothing may forget it.
#[fact]
fn an_iterator_drops_what_is_left() {
    let (drops, local) = (DropCount::new(), ThreadLocal::new());
    for number in 0..4 {
        on_a_new_thread(|| _ = local.get_or(|| drops.mark(number)));
    }
    let mut values = local.into_iter();
    let first = values.next();
    drop(values);
    expect_eq!(drops.get(), 3, "how many of four values are dropped with an iterator that returned one of them");
    drop(first);
    expect_eq!(drops.get(), 4, "how many of four values are dropped in the end");
}

/// A value without a size is a value.
///
/// Next: all values of such a type may have the same address; whether there is one must be kept elsewhere.
#[fact(negated)]
fn a_value_without_a_size_is_a_value() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Nothing;
    impl Drop for Nothing {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    let (first, second) = (ThreadLocal::new(), ThreadLocal::new());
    first.get_or(|| Nothing);
    expect!(first.get().is_some(), "get, after get_or", "a value", "None");
    expect!(second.get().is_none(), "get of another object", "None", "a value");
    second.get_or(|| Nothing);
    on_a_new_thread(|| {
        expect!(first.get().is_none(), "get, on another thread", "None", "a value");
        first.get_or(|| Nothing);
    });
    drop(first);
    expect_eq!(DROPPED.load(SeqCst), 2, "how many values are dropped with an object that has two");
    drop(second);
    expect_eq!(DROPPED.load(SeqCst), 3, "how many values are dropped with two objects that have three");
}
