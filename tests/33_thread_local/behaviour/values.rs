//! One value for each thread and object.

use super::threads::{Companion, on_a_new_thread, sorted};
use harness::{expect, expect_eq, fact};
use std::cell::Cell;
use std::sync::Arc;
use std::{ptr, thread};
use subject::ThreadLocal;

/// A thread has no value until its first `get_or`, and that one from then on.
///
/// Next: `get` only looks; `make` is called when there is nothing to be found.
#[fact(negated)]
fn the_first_get_or_makes_the_value() {
    let local = ThreadLocal::default();
    expect_eq!(local.get(), None, "get, before the first get_or");
    expect_eq!(local.get_or(|| 7), &7, "the first get_or, which makes 7");
    expect_eq!(local.get(), Some(&7), "get, after a get_or that made 7");
    let again = Cell::new(false);
    expect_eq!(local.get_or(|| again.replace(true).into()), &7, "the second get_or");
    expect!(!again.get(), "the make of a second get_or", "it is not called", "it is called");
    expect_eq!(sorted(local), [7], "the values, when one thread has made 7");
}

/// What a thread changes in its value stays changed.
///
/// Next: a value is not copied: references to the one value are lent.
#[fact]
fn a_change_stays() {
    let local = ThreadLocal::new();
    local.get_or(|| Cell::new(1)).set(2);
    expect_eq!(local.get().map(Cell::get), Some(2), "a Cell that was made with 1 and set to 2");
}

/// Every thread has a value of its own, while all of them live.
///
/// Next: what tells one thread from another must be different for any two.
#[fact]
fn every_thread_has_its_own_value() {
    let local = Arc::new(ThreadLocal::new());
    let companions: Vec<_> = (0..8).map(|number| Companion::new(&format!("thread {number}"))).collect();
    for round in 0..2 {
        for (number, companion) in companions.iter().enumerate() {
            let local = Arc::clone(&local);
            companion.does(move || {
                let expected = (round > 0).then_some(number);
                let about = format!("get, on thread {number} of 8, each of which makes its number");
                expect_eq!(local.get().copied(), expected, about);
                expect_eq!(*local.get_or(|| number), number, format!("get_or, on thread {number} of 8"));
            });
        }
    }
    expect_eq!(local.get(), None, "get, on a thread without a value, when 8 others have one");
    companions.into_iter().for_each(Companion::ends);
    let local = Arc::into_inner(local).expect("all other owners have ended");
    expect_eq!(sorted(local), (0..8).collect::<Vec<_>>(), "the values of 8 threads, each of which made its number");
}

/// A thread that starts when others have ended sees none of their values.
///
/// Next: addresses and the system's numbers are used again as soon as a thread has ended. `ThreadId`s never are.
#[fact(negated)]
fn a_new_thread_begins_without_a_value() {
    let local = ThreadLocal::new();
    for number in 0..100 {
        on_a_new_thread(|| {
            let about = format!("get, on a new thread, when {number} threads before it have made values and ended");
            expect_eq!(local.get(), None, about);
            expect_eq!(*local.get_or(|| number), number, "get_or, which makes the number of this thread");
        });
    }
    expect_eq!(sorted(local), (0..100).collect::<Vec<_>>(), "the values of 100 threads that have ended");
}

/// A value stays at its address, however many threads come after it.
///
/// Next: a list that grows moves what it holds. What it holds must lead to the values, not be them.
#[fact]
fn a_value_stays_where_it_is() {
    let local = ThreadLocal::new();
    let first: *const u64 = local.get_or(|| 1);
    for number in 2..300 {
        on_a_new_thread(|| local.get_or(|| number));
        let now = local.get().map(ptr::from_ref);
        let about = format!("the address of a thread's value, when {} threads came after it", number - 1);
        expect!(now == Some(first), about, "what it was", "another one");
    }
    expect_eq!(local.get(), Some(&1), "the value of a thread, when 298 threads came after it");
}

/// Two objects have nothing in common, even if they are of the same type.
///
/// Next: a thread's cache must tell the objects apart.
#[fact]
fn two_objects_are_apart() {
    let (first, second) = (ThreadLocal::new(), ThreadLocal::new());
    first.get_or(|| 1);
    expect_eq!(second.get(), None, "get of the second object, when only the first has a value");
    second.get_or(|| 2);
    expect_eq!((first.get(), second.get()), (Some(&1), Some(&2)), "what two objects have, made with 1 and 2");
    drop(first);
    expect_eq!(second.get(), Some(&2), "get of the second object, when the first one is gone");
}

/// An object that is moved keeps its values.
///
/// Next: the address of an object says where it is, not which one.
#[fact]
fn an_object_may_be_moved() {
    let mut objects = Vec::new();
    for number in 0..20 {
        let object = ThreadLocal::new();
        object.get_or(|| number);
        objects.insert(0, Box::new(object));
    }
    let mut objects: Vec<_> = objects.into_iter().map(|object| *object).collect();
    objects.rotate_left(7);
    objects.reverse();
    objects.sort_by_key(|object| object.get().copied());
    let seen: Vec<_> = objects.iter().map(|object| object.get().copied()).collect();
    expect_eq!(seen, (0..20).map(Some).collect::<Vec<_>>(), "what 20 objects have, after they were moved and sorted");
}

/// An object that is made where another one was begins without values, for all threads.
///
/// Next: what is left of a dead object in a thread's cache must never be taken for the new one's.
#[fact]
fn a_new_object_begins_without_values() {
    let companion = Companion::new("companion");
    for round in 0..50 {
        // The same place on the heap, as a rule, and its insides as well.
        let object = Arc::new(ThreadLocal::new());
        let about = format!("get of a new object, when {round} others were made and dropped before");
        expect_eq!(object.get(), None, about.clone());
        object.get_or(|| round);
        let theirs = Arc::clone(&object);
        companion.does(move || {
            expect_eq!(theirs.get(), None, format!("on another thread, which knew all of them: {about}"));
            expect_eq!(*theirs.get_or(|| -round), -round, "get_or of a new object, on another thread");
        });
        expect_eq!(object.get(), Some(&round), "get of an object in which two threads have made values");
    }
    companion.ends();
}

/// Many threads with several objects: each sees its own values, all the time.
///
/// Next: the story is short in `cargo grader check --only schedules`, if that fails as well.
#[fact]
fn a_crowd_sees_its_own_values() {
    let objects: [ThreadLocal<Cell<u64>>; 3] = Default::default();
    thread::scope(|scope| {
        for number in 1..=8 {
            let objects = &objects;
            scope.spawn(move || {
                for round in 0..500 {
                    for (index, object) in (1..).zip(objects) {
                        let cell = object.get_or(|| Cell::new(number * 1000));
                        let about = "a thread's counter, which only this thread counts up";
                        expect_eq!(cell.get(), number * 1000 + round * index, about);
                        cell.set(cell.get() + index);
                    }
                }
            });
        }
    });
    for (index, object) in (1..).zip(objects) {
        let seen = sorted(object.into_iter().map(Cell::into_inner));
        let expected: Vec<_> = (1..=8).map(|number| number * 1000 + 500 * index).collect();
        expect_eq!(seen, expected, "the counters of 8 threads that counted 500 times");
    }
}
