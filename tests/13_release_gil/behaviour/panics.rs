//! `allow_threads` around a closure that panics, and the payloads of panics.

use super::threads::{GIL, Visitor, go_on, must_be_free, must_be_held_here, pause};
use harness::{actor, expect, expect_eq, fact, panic_payload, quiesce};
use std::panic::panic_any;
use std::sync::mpsc::channel;

/// A panic in the closure arrives, as it is, where the GIL is held again.
///
/// Next: what is to happen on every path belongs into a destructor.
#[fact(panics)]
fn a_panic_finds_the_gil_held() {
    GIL.with(|py| {
        let seen = panic_payload(|| py.allow_threads(|| -> () { panic_any(17_u8) }));
        expect_eq!(seen, Some(17_u8), "the payload of the panic that comes out of allow_threads");
        must_be_held_here("after a panic in allow_threads was caught").go_on.send(()).expect("the visitor waits");
    });
    quiesce();
    must_be_free("after with");
}

/// A panic in the closure waits for the GIL too, while another thread holds it.
///
/// Next: unwinding is no reason to push in.
#[fact(panics)]
fn a_panic_waits_for_the_gil() {
    let (sender, told) = channel();
    let worker = actor("worker", move || {
        GIL.with(|py| {
            py.allow_threads(move || -> () {
                pause(&told);
                panic_any("the closure gives up");
            });
        });
    });
    quiesce();
    let visitor = Visitor::start("visitor");
    go_on(&sender);
    expect!(!worker.has_finished(), "a panic on its way out of allow_threads", "it waits for the GIL", "it is through");
    visitor.leave();
    quiesce();
    expect!(worker.join().is_err(), "the thread whose closure panicked", "it ends with the panic", "it returned");
    must_be_free("after a panic has gone through allow_threads and with");
}

/// A panic in the closure leaves a nested hold as deep as before.
///
/// Next: the way out is the same for a panic as for a return, the depth included.
#[fact(panics)]
fn a_panic_leaves_a_nested_hold_as_deep_as_before() {
    let visitor = GIL.with(|_outer| {
        let seen = panic_payload(|| GIL.with(|inner| inner.allow_threads(|| -> () { panic_any(17_u8) })));
        expect_eq!(seen, Some(17_u8), "the payload of the panic that comes out of the inner with");
        must_be_held_here("after the inner with has ended by the panic")
    });
    quiesce();
    visitor.must_have_the_gil("after the outer with has ended");
    visitor.leave();
}
