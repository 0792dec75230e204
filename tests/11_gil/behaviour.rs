//! What a `Gil` promises: one holder, a first-come line, forced switches on exact ticks, and calm in the face of panics.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use subject::{Gil, GilCell, Python, Stats};

// ---- the line ----

/// `with` returns what its closure returns.
///
/// Next: call the closure with a token, keep its result, release the GIL, return the result.
#[fact]
fn with_returns_what_its_closure_returns() {
    let gil = Gil::new(5);
    expect_eq!(gil.with(|_py| String::from("spam")), "spam", "the result of with(|py| …)");
}

/// A `Gil` with an interval of 0 is refused with a panic.
///
/// Next: check the interval in `Gil::new`, before anything waits for a tick that can never come.
#[fact(panics)]
fn an_interval_of_zero_is_refused() {
    let outcome = catch_unwind(|| drop(Gil::new(0)));
    expect!(outcome.is_err(), "Gil::new(0)", "a panic", "it returned");
}

/// The token has no size.
///
/// Next: keep only a `PhantomData` in `Python`; what `tick` needs to know can live in a thread-local while the GIL is held.
#[fact]
fn the_token_has_no_size() {
    expect_eq!(size_of::<Python<'static>>(), 0, "the size of a Python<'_> in bytes");
}

/// While one thread is inside `with`, another one waits until it has left.
///
/// Next: `with` has to block before it calls its closure whenever another thread is inside.
#[fact]
fn a_second_thread_waits_until_the_holder_has_left() {
    let gil = new(3);
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let second = enter("second", &gil, |_py| ());
    expect!(!second.has_finished(), "a thread that calls with while another holds the GIL", "it waits", "it got in");
    open(&go);
    must_end(&second, "a thread that waited for the GIL, after the holder left");
    must_end(&holder, "the thread that held the GIL, after its closure returned");
}

/// Threads get the GIL in the order in which they came for it.
///
/// Next: keep the waiting threads in a line (a queue, or numbered tickets) and always serve the one at its head.
#[fact]
fn waiting_threads_are_served_in_the_order_of_their_arrival() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let names = ["first", "second", "third", "fourth", "fifth"];
    let waiters = names.map(|name| {
        let log = log.clone();
        enter(name, &gil, move |_py| log.add(name))
    });
    open(&go);
    must_end(&holder, "the thread that held the GIL");
    for waiter in &waiters {
        must_end(waiter, "a thread that waits in line for the GIL");
    }
    expect_eq!(log.read(), names, "the order in which five threads, that came one after another, got the GIL");
}

/// When the holder leaves, one of the waiting threads gets in, not all of them.
///
/// Next: a thread that wakes up has to look again whether it is its turn, and go back to sleep if not: `while`, not `if`.
#[fact]
fn when_the_holder_leaves_only_one_waiting_thread_gets_in() {
    let gil = new(3);
    let (go, gate) = channel();
    let (leave, inside) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let first = enter("first", &gil, move |_py| pass(&inside));
    let second = enter("second", &gil, |_py| ());
    open(&go);
    must_end(&holder, "the thread that held the GIL");
    let about = "the second of two waiting threads, while the first is inside with";
    expect!(!second.has_finished(), about, "it waits on", "it got in as well");
    expect_eq!(
        gil.stats().acquisitions,
        2,
        "acquisitions after the holder left, while the first waiting thread is inside"
    );
    open(&leave);
    must_end(&first, "the first waiting thread");
    must_end(&second, "the second waiting thread, after the first has left");
}

/// A thread that leaves `with` and comes straight back stands behind those who were waiting.
///
/// Next: a free GIL with a waiting thread is not free: it belongs to the head of the line, even before that thread has
/// woken up.
#[fact]
fn a_thread_that_comes_straight_back_stands_behind_those_who_wait() {
    let gil = new(3);
    for _ in 0..20 {
        let entered = Arc::new(AtomicBool::new(false));
        let waiter = gil.with(|_py| {
            let entered = Arc::clone(&entered);
            enter("waiter", &gil, move |_py| entered.store(true, Ordering::SeqCst))
        });
        let was_first = gil.with(|_py| entered.load(Ordering::SeqCst));
        expect!(
            was_first,
            "a thread leaves with, in which another one waited, and calls with again at once",
            "the waiting thread has had the GIL before",
            "the thread that came back overtook it"
        );
        must_end(&waiter, "the thread that waited");
    }
}

/// Two `Gil`s have nothing to do with each other: holding one keeps nobody out of the other.
///
/// Next: everything a thread waits for belongs to one `Gil`; look for a `static` that they share.
#[fact]
fn two_gils_do_not_wait_for_each_other() {
    let (one, other) = (new(3), new(3));
    let (go, gate) = channel();
    let holder = enter("holder", &one, move |_py| pass(&gate));
    let free = enter("free", &other, |py| py.tick());
    must_end(&free, "a thread that calls with on a Gil nobody holds, while another Gil is held");
    expect_eq!(one.stats().acquisitions, 1, "acquisitions of the Gil that is held");
    expect_eq!(other.stats().acquisitions, 1, "acquisitions of the other Gil");
    open(&go);
    must_end(&holder, "the holder of the first Gil");
}

// ---- ticks and forced switches ----

/// With an interval of 3 and a thread waiting, the third tick hands the GIL over, and the first two do not.
///
/// Next: count the ticks of the holder; look for waiting threads on the third, give the GIL away, and come back.
#[fact]
fn the_interval_th_tick_hands_the_gil_over_and_no_earlier_one() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let (a, b) = (log.clone(), log.clone());
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        ticks(py, 4, "ticking", &a);
    });
    let waiting = enter("waiting", &gil, move |_py| b.add("waiting"));
    open(&go);
    must_end(&waiting, "a thread that waits while the holder makes four ticks, interval 3");
    must_end(&ticking, "the thread that made the ticks");
    let expected = ["ticking 1", "ticking 2", "ticking 3", "waiting", "ticking 4"];
    expect_eq!(
        log.read(),
        expected,
        "who ran when, interval 3; a line 'ticking 3' is written just before the third tick"
    );
}

/// The thread that was switched out stays out until a waiting thread has had the GIL and let go of it.
///
/// Next: releasing and locking again is not enough, the releaser wins that race. It must wait for its own turn: a ticket
/// behind the waiting thread's, or a place in the queue.
#[fact]
fn the_thread_that_was_switched_out_waits_until_another_has_had_the_gil() {
    let gil = new(1);
    let (go, gate) = channel();
    let (leave, inside) = channel();
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        py.tick();
    });
    let waiting = enter("waiting", &gil, move |_py| pass(&inside));
    open(&go);
    quiesce();
    let stats = gil.stats();
    expect!(
        !ticking.has_finished() && stats.acquisitions == 2,
        "the holder's first tick, interval 1, while another thread waits",
        "the waiting thread holds the GIL now, and the tick has not returned",
        format!("tick {}; {stats:?}", if ticking.has_finished() { "returned" } else { "has not returned" })
    );
    open(&leave);
    must_end(&waiting, "the thread that got the GIL by the forced switch");
    must_end(&ticking, "the thread that was switched out, after the other one has left");
}

/// A thread that is switched out stands behind every thread that was waiting already.
///
/// Next: the forced switch is a release followed by an arrival: the back of the line, like anybody else.
#[fact]
fn the_thread_that_was_switched_out_goes_to_the_back_of_the_line() {
    let (gil, log) = (new(2), Log::default());
    let (go, gate) = channel();
    let a = log.clone();
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        ticks(py, 2, "ticking", &a);
        a.add("ticking again");
    });
    let waiters = ["first", "second", "third"].map(|name| {
        let log = log.clone();
        enter(name, &gil, move |_py| log.add(name))
    });
    open(&go);
    for waiter in &waiters {
        must_end(waiter, "a thread that was in line before the forced switch");
    }
    must_end(&ticking, "the thread that was switched out");
    let expected = ["ticking 1", "ticking 2", "first", "second", "third", "ticking again"];
    expect_eq!(log.read(), expected, "the order of the holders around one forced switch, interval 2");
}

/// With an interval of 1, two threads take turns after every single tick.
///
/// Next: 1 is an ordinary interval: every tick is the last of its run.
#[fact]
fn with_an_interval_of_one_two_threads_alternate() {
    let (gil, log) = (new(1), Log::default());
    let (go, gate) = channel();
    let (a, b) = (log.clone(), log.clone());
    let even = enter("even", &gil, move |py| {
        pass(&gate);
        ticks(py, 4, "even", &a);
    });
    let odd = enter("odd", &gil, move |py| ticks(py, 4, "odd", &b));
    open(&go);
    must_end(&even, "the first of two threads that alternate");
    must_end(&odd, "the second of two threads that alternate");
    let expected = ["even 1", "odd 1", "even 2", "odd 2", "even 3", "odd 3", "even 4", "odd 4"];
    expect_eq!(log.read(), expected, "the bytecodes of two threads in the order in which they ran, interval 1");
}

/// After a forced switch every thread counts its ticks from the moment it got the GIL.
///
/// Next: set the count back whenever the GIL is taken, on the way into `with` and on the way back from a forced switch.
#[fact]
fn after_a_forced_switch_ticks_count_from_the_new_hold() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let (a, b, c) = (log.clone(), log.clone(), log.clone());
    let first = enter("a", &gil, move |py| {
        pass(&gate);
        ticks(py, 7, "a", &a);
    });
    let brief = enter("b", &gil, move |py| ticks(py, 2, "b", &b));
    let third = enter("c", &gil, move |py| ticks(py, 4, "c", &c));
    open(&go);
    for actor in [&first, &brief, &third] {
        must_end(actor, "one of three threads that share the GIL, interval 3");
    }
    let expected =
        ["a 1", "a 2", "a 3", "b 1", "b 2", "c 1", "c 2", "c 3", "a 4", "a 5", "a 6", "c 4", "a 7"].map(String::from);
    expect_eq!(log.read(), expected, "bytecodes of a (7), b (2) and c (4) in the order in which they ran, interval 3");
}

/// If nobody waits on the third tick, the next chance to hand over is the sixth, not the fourth.
///
/// Next: a look that finds nobody starts a new count; it is not made up for on the following tick.
#[fact]
fn a_switch_that_nobody_wanted_is_not_made_up_for() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let (a, b) = (log.clone(), log.clone());
    let ticking = enter("ticking", &gil, move |py| {
        ticks(py, 4, "ticking", &a);
        pass(&gate);
        (5..=7).for_each(|n| {
            a.add(&format!("ticking {n}"));
            py.tick();
        });
    });
    let late = enter("late", &gil, move |_py| b.add("late"));
    open(&go);
    must_end(&late, "a thread that came after the holder's fourth tick, interval 3");
    must_end(&ticking, "the thread that made seven ticks");
    let seen = log.read().split_off(4);
    let expected = ["ticking 5", "ticking 6", "late", "ticking 7"];
    expect_eq!(seen, expected, "who ran after a thread came that found the holder between its fourth and fifth tick");
}

/// Ticks of an earlier stay in `with` do not count in the next one.
///
/// Next: set the count back when `with` takes the GIL.
#[fact]
fn a_new_hold_starts_its_count_anew() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let (a, b) = (log.clone(), log.clone());
    let theirs = Arc::clone(&gil);
    let ticking = actor("ticking", move || {
        theirs.with(|py| (0..2).for_each(|_| py.tick()));
        theirs.with(|py| {
            pass(&gate);
            ticks(py, 4, "ticking", &a);
        });
    });
    quiesce();
    let waiting = enter("waiting", &gil, move |_py| b.add("waiting"));
    open(&go);
    must_end(&waiting, "a thread that waits for the GIL while the holder makes four ticks, interval 3");
    must_end(&ticking, "the thread that made two ticks in one with and four in the next");
    let expected = ["ticking 1", "ticking 2", "ticking 3", "waiting", "ticking 4"];
    expect_eq!(log.read(), expected, "who ran when in the second with of a thread; two ticks were made in the first");
}

/// A thread that used one `Gil` and then another counts with the interval of the one it holds.
///
/// Next: whatever `tick` looks up for its thread must be set by `with` each time, interval included.
#[fact]
fn each_gil_keeps_its_own_interval() {
    let (slow, fast, log) = (new(100), new(2), Log::default());
    let (go, gate) = channel();
    let (a, b, theirs) = (log.clone(), log.clone(), Arc::clone(&fast));
    let ticking = actor("ticking", move || {
        slow.with(|py| py.tick());
        theirs.with(|py| {
            pass(&gate);
            ticks(py, 3, "ticking", &a);
        });
    });
    quiesce();
    let waiting = enter("waiting", &fast, move |_py| b.add("waiting"));
    open(&go);
    must_end(&waiting, "a thread that waits for a Gil with interval 2 while its holder makes three ticks");
    must_end(&ticking, "the thread that made one tick on a Gil with interval 100, then three on one with interval 2");
    expect_eq!(
        log.read(),
        ["ticking 1", "ticking 2", "waiting", "ticking 3"],
        "who ran when, on the Gil with interval 2"
    );
}

/// If nobody waits, no tick is a forced switch, however many there are.
///
/// Next: look for a waiting thread before you give the GIL away; without one, do nothing and count nothing.
#[fact]
fn without_a_waiting_thread_no_tick_switches() {
    let gil = Gil::new(2);
    gil.with(|py| (0..1000).for_each(|_| py.tick()));
    let expected = Stats { acquisitions: 1, forced_switches: 0 };
    expect_eq!(gil.stats(), expected, "the stats after one with of 1000 ticks, interval 2, with no other thread about");
}

/// A thread that has come and gone is not waiting: later ticks do not switch for it.
///
/// Next: a thread must leave the line at the moment it gets the GIL.
#[fact]
fn a_thread_that_has_been_served_waits_no_more() {
    let gil = new(1);
    let (go, gate) = channel();
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        (0..50).for_each(|_| py.tick());
    });
    let visitor = enter("visitor", &gil, |_py| ());
    open(&go);
    must_end(&visitor, "a thread that waited for the GIL");
    must_end(
        &ticking,
        "a thread that makes 50 ticks, interval 1, of which only the first finds another thread waiting",
    );
    expect_eq!(gil.stats().forced_switches, 1, "forced switches after 50 ticks during which one thread came and left");
}

// ---- stats ----

/// Acquisitions count every `with` and every return from a forced switch; a forced switch counts when the GIL is given away.
///
/// Next: count an acquisition wherever a thread comes to hold the GIL, and a forced switch only where a tick gives it up.
#[fact]
fn stats_count_acquisitions_and_forced_switches() {
    let gil = new(2);
    expect_eq!(gil.stats(), Stats::default(), "the stats of a new Gil");
    let (go, gate) = channel();
    let (leave, inside) = channel();
    let ticking = enter("ticking", &gil, move |py| {
        pass(&gate);
        (0..3).for_each(|_| py.tick());
    });
    let waiting = enter("waiting", &gil, move |_py| pass(&inside));
    let stats = |acquisitions, forced_switches| Stats { acquisitions, forced_switches };
    expect_eq!(gil.stats(), stats(1, 0), "the stats while one thread holds the GIL and one waits");
    open(&go);
    quiesce();
    expect_eq!(gil.stats(), stats(2, 1), "the stats after a forced switch, while the other thread holds the GIL");
    open(&leave);
    must_end(&waiting, "the thread that got the GIL by the forced switch");
    must_end(&ticking, "the thread that was switched out");
    expect_eq!(gil.stats(), stats(3, 1), "the stats after the thread that was switched out has come back and left");
}

/// `stats` answers while another thread holds the GIL and a third waits for it.
///
/// Next: guard the numbers with a lock that is never held while a closure of `with` runs, or keep them in atomics.
#[fact]
fn stats_do_not_wait_for_the_holder() {
    let gil = new(2);
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| pass(&gate));
    let waiter = enter("waiter", &gil, |_py| ());
    let theirs = Arc::clone(&gil);
    let reader = actor("reader", move || theirs.stats());
    must_end(&reader, "a thread that calls stats while the GIL is held");
    expect_eq!(reader.finish().acquisitions, 1, "acquisitions while the first thread holds the GIL");
    open(&go);
    must_end(&holder, "the holder");
    must_end(&waiter, "the waiting thread");
}

/// The holder itself may read the stats.
///
/// Next: `stats` must not take the GIL, nor any lock that the holder keeps while its closure runs.
#[fact]
fn the_holder_may_read_the_stats() {
    let gil = new(2);
    let theirs = Arc::clone(&gil);
    let holder = enter("holder", &gil, move |_py| theirs.stats());
    must_end(&holder, "a thread that calls stats inside with");
    expect_eq!(holder.finish(), Stats { acquisitions: 1, forced_switches: 0 }, "the stats, read inside the first with");
}

// ---- panics and nesting ----

/// A panic inside `with` passes the GIL on to the next waiting thread.
///
/// Next: release in a destructor: it runs on the way out, whether by return or by panic.
#[fact(panics)]
fn a_panic_in_with_passes_the_gil_on() {
    let gil = new(3);
    let (go, gate) = channel();
    let holder = enter("holder", &gil, move |_py| {
        pass(&gate);
        panic!("a bytecode raised");
    });
    let waiter = enter("waiter", &gil, |_py| "served");
    open(&go);
    must_end(&holder, "the thread that panics inside with");
    must_end(&waiter, "a thread that waited for the GIL while its holder panicked");
    expect!(holder.join().is_err(), "the thread whose closure panicked", "it panicked", "it ended as if all were well");
    expect!(waiter.join().is_ok(), "the thread that waited", "it returned from with", "it panicked as well");
}

/// A panic inside `with` reaches the caller of `with`, and leaves the `Gil` as good as new, for that thread too.
///
/// Next: nothing may stay behind: neither a poisoned lock, nor the note that this thread holds the GIL.
#[fact(panics)]
fn after_a_panic_the_same_thread_can_take_the_gil_again() {
    let gil = new(3);
    let payload = catch_unwind(AssertUnwindSafe(|| {
        gil.with(|py| {
            py.tick();
            std::panic::panic_any(7_u8)
        })
    }));
    let payload = payload.map_err(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload.err(), Some(Some(7)), "the payload that catch_unwind around with finds, panic_any(7)");
    let theirs = Arc::clone(&gil);
    let again = catch_unwind(AssertUnwindSafe(|| theirs.with(|_py| 1)));
    expect_eq!(again.ok(), Some(1), "with on the same thread after a panic was caught");
    let other = enter("other", &gil, |_py| ());
    must_end(&other, "another thread that calls with after a panic");
    expect_eq!(gil.stats().acquisitions, 3, "acquisitions after a with that panicked and two that did not");
}

/// A thread that calls `with` on the `Gil` it already holds gets a panic that says so, instead of waiting for itself.
///
/// Next: a thread-local can remember that this thread holds a GIL; look at it first, and say "already holds the GIL".
#[fact(panics)]
fn a_nested_with_panics_and_says_why() {
    let gil = new(3);
    let theirs = Arc::clone(&gil);
    let nested = enter("nested", &gil, move |_py| nested_with(&theirs));
    must_end(&nested, "a thread that calls with inside with");
    must_say_so(nested, "with inside with, on the same Gil");
    expect_eq!(gil.stats().acquisitions, 1, "acquisitions, when the only other with was refused");
}

/// A thread that holds one `Gil` may not take another: that panics too, and the other one stays free.
///
/// Next: the thread-local remembers whether this thread holds *any* GIL, not which.
#[fact(panics)]
fn a_nested_with_on_another_gil_panics_too() {
    let (gil, other) = (new(3), new(3));
    let theirs = Arc::clone(&other);
    let nested = enter("nested", &gil, move |_py| nested_with(&theirs));
    must_end(&nested, "a thread that calls with on one Gil while it holds another");
    must_say_so(nested, "with inside with, on another Gil");
    let third = enter("third", &other, |_py| ());
    must_end(&third, "a thread that calls with on the Gil that was refused to a holder of another");
    expect_eq!(other.stats().acquisitions, 1, "acquisitions of that Gil");
}

/// A refused `with` inside `with`, once caught, leaves the outer one as it was: the GIL is held and its ticks go on counting.
///
/// Next: refuse before you change anything, and make sure that what unwinds is not what releases the outer hold.
#[fact(panics)]
fn a_refused_with_leaves_the_outer_hold_as_it_was() {
    let (gil, log) = (new(3), Log::default());
    let (go, gate) = channel();
    let (a, b, theirs) = (log.clone(), log.clone(), Arc::clone(&gil));
    let outer = enter("outer", &gil, move |py| {
        py.tick();
        let refused = nested_with(&theirs);
        pass(&gate);
        ticks(py, 3, "outer", &a);
        refused
    });
    let waiting = enter("waiting", &gil, move |_py| b.add("waiting"));
    expect!(!waiting.has_finished(), "a thread that comes after a refused with", "it waits", "it got in");
    open(&go);
    must_end(&waiting, "a thread that waits while the holder, whose inner with was refused, goes on ticking");
    must_end(&outer, "the holder whose inner with was refused");
    must_say_so(outer, "with inside with, on the same Gil");
    let expected = ["outer 1", "outer 2", "waiting", "outer 3"];
    expect_eq!(log.read(), expected, "who ran when, interval 3; one tick was made before the refused with");
}

// ---- cells ----

/// A cell gives back what was put in: `set` changes it, `get` copies it, `replace` returns the old value.
///
/// Next: `replace` is `std::mem::replace` on the inside; `set` is the same and drops the old value.
#[fact]
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
    let refused = catch_unwind(AssertUnwindSafe(|| gil.with(|py| drop(cell.get(py)))));
    expect!(refused.is_err(), "get on a value whose clone panics", "the panic reaches the caller", "get returned");
    touchy.store(false, Ordering::SeqCst);
    let usable = catch_unwind(AssertUnwindSafe(|| {
        gil.with(|py| {
            drop(cell.get(py));
            cell.set(py, Touchy(Arc::clone(&touchy)));
        });
    }));
    expect!(usable.is_ok(), "get and set after a clone that panicked", "they work as before", "a panic");
}

// ---- all together ----

/// Under load there is never a second holder, everybody gets through, and the numbers add up.
///
/// Next: look at every place where the GIL changes hands: is it one step for all the others, and is the next one woken?
#[fact]
fn under_load_there_is_one_holder_and_the_numbers_add_up() {
    const THREADS: usize = 8;
    let (gil, holders, overlaps) = (new(2), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..THREADS)
        .map(|n| {
            let (gil, holders, overlaps) = (Arc::clone(&gil), Arc::clone(&holders), Arc::clone(&overlaps));
            actor(&format!("thread {n}"), move || {
                for round in 0..30 {
                    gil.with(|py| {
                        for _ in 0..(n + round) % 7 {
                            if holders.fetch_add(1, Ordering::SeqCst) > 0 {
                                overlaps.fetch_add(1, Ordering::SeqCst);
                            }
                            holders.fetch_sub(1, Ordering::SeqCst);
                            py.tick();
                        }
                    });
                }
            })
        })
        .collect();
    threads.into_iter().for_each(Actor::finish);
    expect_eq!(overlaps.load(Ordering::SeqCst), 0, "moments at which two threads were inside with");
    let stats = gil.stats();
    let expected = (THREADS * 30) as u64 + stats.forced_switches;
    expect_eq!(stats.acquisitions, expected, "acquisitions: 8 threads × 30 calls of with, and one per forced switch");
}

// ---- the words that the stories above are told in ----

fn new(interval: u32) -> Arc<Gil> {
    Arc::new(Gil::new(interval))
}

/// Starts a thread that calls `with`, and waits until it can get no further by itself.
fn enter<T: Send + 'static>(
    name: &str,
    gil: &Arc<Gil>,
    part: impl for<'py> FnOnce(Python<'py>) -> T + Send + 'static,
) -> Actor<T> {
    let gil = Arc::clone(gil);
    let actor = actor(name, move || gil.with(part));
    quiesce();
    actor
}

/// Blocks until the gate is opened.
fn pass(gate: &Receiver<()>) {
    let _ = gate.recv();
}

fn open(gate: &Sender<()>) {
    let _ = gate.send(());
}

/// `count` bytecodes, each noted just before its tick.
fn ticks(py: Python<'_>, count: u32, name: &str, log: &Log) {
    for n in 1..=count {
        log.add(&format!("{name} {n}"));
        py.tick();
    }
}

#[track_caller]
fn must_end<T>(actor: &Actor<T>, about: &str) {
    quiesce();
    expect!(actor.has_finished(), about, "it gets the GIL in its turn and ends", "it waits, and nothing will wake it");
}

/// The text of the panic of a `with` that must be refused; `None` if it was not.
fn nested_with(gil: &Gil) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(|| gil.with(|_py| ()))).err()?;
    let text = payload.downcast_ref::<String>().cloned();
    Some(text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

#[track_caller]
fn must_say_so(refused: Actor<Option<String>>, about: &str) {
    let message = refused.join().expect("the panic of the inner with was caught");
    let expected = "a panic whose message contains 'already holds the GIL'";
    match message {
        None => harness::unmet(about, expected, "it returned"),
        Some(text) => {
            expect!(text.contains("already holds the GIL"), about, expected, format!("a panic that says {text:?}"));
        }
    }
}

/// What happened, in the order in which it happened.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }

    fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}
