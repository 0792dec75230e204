//! Panics inside `with`, and `with` inside `with`, which is refused with a panic.

use super::threads::{enter, must_end, new, open, pass, ticks};
use harness::{Actor, Log, catch_panic, expect, expect_eq, fact, panic_text};
use std::sync::Arc;
use std::sync::mpsc::channel;
use subject::Gil;

/// A panic inside `with` passes the GIL on to the next waiting thread.
///
/// Next: release in a destructor: it runs on the way out, whether by return or by panic.
#[fact(panics, negated)]
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
    let payload = catch_panic(|| {
        gil.with(|py| {
            py.tick();
            std::panic::panic_any(7_u8)
        })
    });
    let payload = payload.map_err(|payload| payload.downcast_ref::<u8>().copied());
    expect_eq!(payload.err(), Some(Some(7)), "the payload that catch_unwind around with finds, panic_any(7)");
    let theirs = Arc::clone(&gil);
    let again = catch_panic(|| theirs.with(|_py| 1));
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
    let waiting = enter("waiting", &gil, move |_py| b.line("waiting"));
    expect!(!waiting.has_finished(), "a thread that comes after a refused with", "it waits", "it got in");
    open(&go);
    must_end(&waiting, "a thread that waits while the holder, whose inner with was refused, goes on ticking");
    must_end(&outer, "the holder whose inner with was refused");
    must_say_so(outer, "with inside with, on the same Gil");
    let expected = ["outer 1", "outer 2", "waiting", "outer 3"];
    expect_eq!(log.read(), expected, "who ran when, interval 3; one tick was made before the refused with");
}

/// The text of the panic of a `with` that must be refused; `None` if it was not.
fn nested_with(gil: &Gil) -> Option<String> {
    let payload = catch_panic(|| gil.with(|_py| ())).err()?;
    Some(panic_text(&*payload).unwrap_or_default().to_owned())
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
