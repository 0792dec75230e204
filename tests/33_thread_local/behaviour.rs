//! Facts about a value per thread and object. Threads that live long are told what to do, one step after the other.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce};
use std::cell::Cell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use subject::ThreadLocal;

/// A value that counts how many are dropped.
struct Dropped {
    number: usize,
    count: Arc<AtomicUsize>,
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.count.fetch_add(1, SeqCst);
    }
}

type Task = Box<dyn FnOnce() + Send>;

/// A thread that lives long and does what it is told.
struct Companion {
    tasks: Sender<Task>,
    done: Receiver<()>,
    actor: Actor<()>,
}

impl Companion {
    fn new(name: &str) -> Companion {
        let (tasks, told) = channel::<Task>();
        let (tell, done) = channel();
        let actor = actor(name, move || {
            for task in told {
                task();
                let _ = tell.send(());
            }
        });
        Companion { tasks, done, actor }
    }

    /// Lets it do something, and waits until it is done.
    fn does(&self, task: impl FnOnce() + Send + 'static) {
        let _ = self.tasks.send(Box::new(task));
        if self.done.recv().is_err() {
            // It panicked, which the harness has noted.
            panic!("'{}' has come to an unexpected end", self.actor.name());
        }
    }

    fn ends(self) {
        drop(self.tasks);
        self.actor.finish();
    }
}

/// Runs `part` on a new thread, to its end.
fn on_a_new_thread<R: Send>(part: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(part).join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
}

fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values
}

// One value for each thread and object

/// A thread has no value until its first `get_or`, and that one from then on.
///
/// Next: `get` only looks; `make` is called when there is nothing to be found.
#[fact]
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
#[fact]
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

// make

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
    let count = Arc::new(AtomicUsize::new(0));
    let value = |number| Dropped { number, count: Arc::clone(&count) };
    let local = ThreadLocal::new();
    let inner = Cell::new(None);
    let outer = local.get_or(|| {
        expect!(local.get().is_none(), "get, inside make", "None", "a value");
        inner.set(Some(local.get_or(|| value(1))));
        value(2)
    });
    expect_eq!(outer.number, 1, "what the outer get_or returns, if its make has made 2, and 1 by an inner get_or");
    expect!(
        inner.get().is_some_and(|inner| ptr::eq(inner, outer)),
        "the inner and the outer value",
        "the same one",
        "two"
    );
    expect_eq!(count.load(SeqCst), 1, "how many of two values are dropped, when the inner one stays");
    let left: Vec<_> = local.into_iter().map(|value| value.number).collect();
    expect_eq!(left, [1], "the values of the object, when the inner one stays");
    expect_eq!(count.load(SeqCst), 2, "how many of two values are dropped in the end");
}

/// A `make` that panics leaves its thread without a value, and everybody else untouched.
///
/// Next: write nothing down before `make` has returned.
#[fact(panics)]
fn a_panic_in_make_leaves_nothing() {
    let local = ThreadLocal::new();
    for _ in 0..2 {
        let caught = catch_unwind(AssertUnwindSafe(|| *local.get_or(|| panic!("nothing to give"))));
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

// Values stay until the object goes

/// Values of threads that have ended are kept, and `into_iter` returns them with the others.
///
/// Next: the object owns the values; a thread's own storage dies with the thread.
#[fact]
fn values_of_ended_threads_are_kept() {
    let (count, local) = (Arc::new(AtomicUsize::new(0)), ThreadLocal::new());
    for number in 1..=5 {
        on_a_new_thread(|| _ = local.get_or(|| Dropped { number, count: Arc::clone(&count) }));
    }
    quiesce();
    expect_eq!(count.load(SeqCst), 0, "how many values are dropped, when the threads of five have ended");
    local.get_or(|| Dropped { number: 6, count: Arc::clone(&count) });
    let values: Vec<Dropped> = local.into_iter().collect();
    expect_eq!(count.load(SeqCst), 0, "how many values are dropped, when into_iter has returned them");
    let seen = sorted(values.iter().map(|value| value.number));
    expect_eq!(seen, [1, 2, 3, 4, 5, 6], "the values of five ended threads and this one");
    drop(values);
    expect_eq!(count.load(SeqCst), 6, "how many of six values are dropped in the end");
}

/// An object drops all its values with itself, each once, whoever drops it and whichever threads live on.
///
/// Next: who frees a value: the object, always. A thread's cache only knows where it is.
#[fact]
fn an_object_drops_its_values() {
    let count = Arc::new(AtomicUsize::new(0));
    let companion = Companion::new("companion");
    for on_this_thread in [true, false] {
        count.store(0, SeqCst);
        let local = Arc::new(ThreadLocal::new());
        let value = |number| Dropped { number, count: Arc::clone(&count) };
        local.get_or(|| value(1));
        on_a_new_thread(|| _ = local.get_or(|| value(2)));
        let (theirs, third) = (Arc::clone(&local), value(3));
        companion.does(move || _ = theirs.get_or(|| third));
        expect_eq!(count.load(SeqCst), 0, "how many values are dropped before their object");
        let where_ = if on_this_thread { "where its first value was made" } else { "on another thread" };
        if on_this_thread {
            drop(local);
        } else {
            on_a_new_thread(|| drop(local));
        }
        expect_eq!(count.load(SeqCst), 3, format!("how many of three values are dropped with their object, {where_}"));
    }
    companion.ends();
    quiesce();
    expect_eq!(
        count.load(SeqCst),
        3,
        "how many of three values are dropped, when a thread that had one has ended as well"
    );
}

/// An iterator that is not used up drops the rest.
///
/// Next: `into_iter` hands each value over, once: nothing else may drop it, and nothing may forget it.
#[fact]
fn an_iterator_drops_what_is_left() {
    let (count, local) = (Arc::new(AtomicUsize::new(0)), ThreadLocal::new());
    for number in 0..4 {
        on_a_new_thread(|| _ = local.get_or(|| Dropped { number, count: Arc::clone(&count) }));
    }
    let mut values = local.into_iter();
    let first = values.next();
    drop(values);
    expect_eq!(count.load(SeqCst), 3, "how many of four values are dropped with an iterator that returned one of them");
    drop(first);
    expect_eq!(count.load(SeqCst), 4, "how many of four values are dropped in the end");
}

/// A value without a size is a value.
///
/// Next: all values of such a type may have the same address; whether there is one must be kept elsewhere.
#[fact]
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

// Looking takes no lock

/// A thread that has stopped for ever in the middle of `get` holds up nobody: others look, and come with their first value.
///
/// Next: whatever `get` needs must belong to the calling thread alone, or never change.
#[fact]
fn looking_takes_no_lock() {
    let (local, looks) = (Arc::new(ThreadLocal::new()), Arc::new(AtomicUsize::new(0)));
    local.get_or(|| 0);
    let (theirs, counted) = (Arc::clone(&local), Arc::clone(&looks));
    let looking = actor("looking", move || {
        theirs.get_or(|| 1);
        stopping::this_thread_may_be_stopped();
        let mut wrong = 0;
        while counted.fetch_add(1, SeqCst) < usize::MAX / 2 {
            wrong += usize::from(theirs.get() != Some(&1));
        }
        wrong
    });
    for number in 2..42 {
        // It gets somewhere before it is stopped again.
        let before = looks.load(SeqCst);
        while looks.load(SeqCst) < before + 2 {
            thread::yield_now();
        }
        let stopped = stopping::stop();
        expect_eq!(local.get(), Some(&0), "get, while another thread has stopped in the middle of it");
        for part in 0..2 {
            let seen = on_a_new_thread(|| (local.get().copied(), *local.get_or(|| number * 2 + part)));
            let about = "get, then get_or, on a new thread, while another one has stopped in the middle of get";
            expect_eq!(seen, (None, number * 2 + part), about);
        }
        drop(stopped);
    }
    looks.store(usize::MAX / 2, SeqCst);
    expect_eq!(looking.finish(), 0, "how often get was wrong on a thread that was stopped again and again");
}

/// Stops a thread wherever it is, by a signal whose handler waits.
mod stopping {
    use harness::quiesce;
    use std::os::raw::{c_int, c_ulong};
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::sync::{Mutex, MutexGuard};

    unsafe extern "C" {
        fn signal(signal: c_int, handler: extern "C" fn(c_int)) -> usize;
        fn pthread_self() -> c_ulong;
        fn pthread_kill(thread: c_ulong, signal: c_int) -> c_int;
    }

    const SIGUSR1: c_int = 10;
    static THREAD: AtomicU64 = AtomicU64::new(0);
    static GATE: Mutex<()> = Mutex::new(());

    extern "C" fn wait_at_the_gate(_: c_int) {
        drop(GATE.lock());
    }

    /// The calling thread may be stopped from now on.
    pub(super) fn this_thread_may_be_stopped() {
        // SAFETY: the handler allocates nothing and locks nothing that the thread could have locked; the other call only looks.
        unsafe {
            signal(SIGUSR1, wait_at_the_gate);
            THREAD.store(pthread_self(), SeqCst);
        }
    }

    /// Returns when the thread stands still, as long as the guard lives.
    pub(super) fn stop() -> MutexGuard<'static, ()> {
        let gate = GATE.lock().expect("no fact panics with the gate shut, and goes on");
        // SAFETY: the thread has said that it may be stopped, and has not been joined.
        unsafe { pthread_kill(THREAD.load(SeqCst), SIGUSR1) };
        quiesce();
        gate
    }
}

// Memory

/// How many bytes of memory this process has in use.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("a process can read its own size") * 4096
}

fn no_more_than_a_mebibyte(before: u64, about: &str) {
    let more = memory().saturating_sub(before);
    expect!(more < 1 << 20, format!("the memory {about}"), "less than 1 MiB more", format!("{} KiB more", more >> 10));
}

/// A thread that lives long forgets the objects that are gone, whoever drops them.
///
/// Next: an object that goes cannot reach into other threads; but each can clear up its own, now and then. How does it know which objects
/// are gone?
#[fact]
fn a_long_life_forgets_what_is_gone() {
    let mut before = None;
    let companion = Companion::new("long life");
    for batch in 0..501 {
        let objects: Arc<Vec<ThreadLocal<usize>>> = Arc::new((0..200).map(|_| ThreadLocal::new()).collect());
        let theirs = Arc::clone(&objects);
        companion.does(move || {
            for (number, object) in theirs.iter().enumerate() {
                expect_eq!(*object.get_or(|| number), number, "get_or of a new object");
            }
        });
        // Half of them go here, half of them there.
        if batch % 2 == 0 {
            drop(objects);
        } else {
            companion.does(move || drop(objects));
        }
        before.get_or_insert_with(memory);
    }
    no_more_than_a_mebibyte(before.unwrap_or_default(), "of a thread that lives on, when it has used 100 000 objects");
    companion.ends();
}

/// Threads that have ended leave nothing behind but their values.
///
/// Next: what a thread needs for itself must go when it goes: `thread_local!` sees to that, if you let it.
#[fact]
fn threads_leave_only_their_values() {
    let kept = ThreadLocal::new();
    let mut before = None;
    for number in 0..300 {
        on_a_new_thread(|| {
            kept.get_or(|| number);
            let passing: Vec<ThreadLocal<[u64; 64]>> = (0..200).map(|_| ThreadLocal::new()).collect();
            for object in &passing {
                object.get_or(|| [number; 64]);
            }
        });
        if number == 50 {
            before = Some(memory());
        }
    }
    no_more_than_a_mebibyte(before.unwrap_or_default(), "when 250 threads with 200 objects each have come and gone");
    let numbers: HashSet<_> = kept.into_iter().collect();
    expect_eq!(numbers.len(), 300, "how many different values 300 threads have left in an object that lives on");
}
