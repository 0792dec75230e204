//! Stories of a few threads that come to an object with their first values, each told along every schedule.
//!
//! The values are `Tracked`: two threads that are given the same one are noticed even if they never touch it at the same time.

use harness::{Actor, DropCount, Tracked, actor, expect, expect_eq, scenario};
use std::ptr;
use std::sync::Arc;
use subject::ThreadLocal;

type Local = Arc<ThreadLocal<Tracked<usize>>>;

/// A thread that comes with its first value, changes it, and looks again.
fn newcomer(name: &str, number: usize, local: &Local) -> Actor<()> {
    let local = Arc::clone(local);
    actor(name, move || {
        let value = local.get_or(|| Tracked::new(number));
        value.set(number + 10);
        let Some(again) = local.get() else {
            harness::unmet("get, after get_or on the same thread", "the value", "None");
        };
        expect!(ptr::eq(value, again), "the value of get and the one of get_or before", "the same one", "another one");
        expect_eq!(again.get(), number + 10, "the value of get, which this thread has set to its number and 10");
    })
}

/// So many threads have come and gone; then these come, all at once.
fn newcomers_after(gone: usize, names: &[&str]) {
    let local = Local::default();
    for number in 0..gone {
        let theirs = Arc::clone(&local);
        actor("gone", move || _ = theirs.get_or(|| Tracked::new(number + 10))).finish();
    }
    let newcomers: Vec<_> = (gone..).zip(names).map(|(number, name)| newcomer(name, number, &local)).collect();
    newcomers.into_iter().for_each(Actor::finish);
    expect!(local.get().is_none(), "get, on a thread that has made no value", "None", "a value");
    let Some(local) = Arc::into_inner(local) else { unreachable!("all other owners have ended") };
    let mut values: Vec<usize> = local.into_iter().map(|value| value.get()).collect();
    values.sort_unstable();
    let expected: Vec<usize> = (0..gone + names.len()).map(|number| number + 10).collect();
    expect_eq!(values, expected, "the values of all threads, each its number and 10");
}

/// Two threads come with their first values at the same time: each has its own, and both are kept.
///
/// Next: what do the two share while they come? What one has read of it, the other one may change before the first one writes.
#[scenario]
fn two_threads_come_at_once() {
    newcomers_after(0, &["first", "second"]);
}

/// Three threads come with their first values when three have come and gone: each has its own, and all are kept.
///
/// Next: if something has to grow, who may be writing to it meanwhile?
#[scenario]
fn three_threads_come_when_three_are_gone() {
    newcomers_after(3, &["first", "second", "third"]);
}

/// Two threads come with their first values when seven have come and gone: each has its own, and all are kept.
///
/// Next: if something has to grow, who may be writing to it meanwhile?
#[scenario]
fn two_threads_come_when_seven_are_gone() {
    newcomers_after(7, &["first", "second"]);
}

/// Two threads come with their first values at the same time, on a machine that keeps writes back: each has its own, and both are kept.
///
/// Next: what one thread writes and another one reads needs Release and Acquire, or a lock.
#[scenario(weak_memory)]
fn two_threads_come_at_once_on_weak_memory() {
    newcomers_after(1, &["first", "second"]);
}

/// Two objects that are made by two threads at the same time have nothing in common.
///
/// Next: whatever tells objects apart must be given out in one step.
#[scenario(negated)]
fn two_objects_are_made_at_once() {
    let make = |name| actor(name, ThreadLocal::<usize>::new);
    let objects = [make("first maker"), make("second maker")].map(Actor::finish);
    expect_eq!(*objects[0].get_or(|| 1), 1, "get_or of the first object, which makes 1");
    expect_eq!(objects[1].get(), None, "get of the second object, when only the first one has a value");
    expect_eq!(*objects[1].get_or(|| 2), 2, "get_or of the second object, which makes 2");
    expect_eq!(objects[0].get(), Some(&1), "get of the first object, when the second one has a value too");
}

/// An object that is dropped by whichever of its threads is the last drops both their values, once each.
///
/// Next: the object owns the values: all that came, and each of them once.
#[scenario(negated)]
fn whoever_is_last_drops_the_values() {
    let dropped = DropCount::new();
    let local = Arc::new(ThreadLocal::new());
    let part = |name| {
        let (local, dropped) = (Arc::clone(&local), dropped.clone());
        actor(name, move || _ = local.get_or(|| dropped.token()))
    };
    let actors = [part("first"), part("second")];
    drop(local);
    actors.into_iter().for_each(Actor::finish);
    expect_eq!(dropped.get(), 2, "how many of two values are dropped, when all owners of their object are gone");
}
