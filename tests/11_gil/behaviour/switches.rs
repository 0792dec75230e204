//! Ticks: which of them hand the GIL over, to whom, and which do not.

use super::threads::{enter, must_end, new, open, pass, ticks};
use harness::{Log, actor, expect, expect_eq, fact, quiesce};
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::{Gil, Stats};

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
    let waiting = enter("waiting", &gil, move |_py| b.line("waiting"));
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
        a.line("ticking again");
    });
    let waiters = ["first", "second", "third"].map(|name| {
        let log = log.clone();
        enter(name, &gil, move |_py| log.line(name))
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
#[fact(negated)]
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
            a.line(format_args!("ticking {n}"));
            py.tick();
        });
    });
    let late = enter("late", &gil, move |_py| b.line("late"));
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
    let waiting = enter("waiting", &gil, move |_py| b.line("waiting"));
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
    let waiting = enter("waiting", &fast, move |_py| b.line("waiting"));
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
