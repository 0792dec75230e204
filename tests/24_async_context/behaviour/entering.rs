//! An enter that fails, panics or is dropped half-way: only what has been entered is left again.

use super::probe::{Probe, Step, says_body};
use super::runtime::{failure, give_up_after, panic_of, runtime, settle, tasks_alive};
use harness::{Log, expect_eq, fact};
use subject::{with, with_stack};

/// If entering fails, that is the result: no body, no exit.
///
/// Next: only what has been entered is left again.
#[fact(negated)]
fn a_failed_enter_is_the_end() {
    let log = Log::default();
    let probe = Probe { enter: Step::Fail, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |probe| says_body(&probe.log)));
    expect_eq!(result, failure("enter a fails", []), "the result when entering fails");
    expect_eq!(log.read(), ["enter a", "drop a"], "what happened");
}

/// A panic while entering goes on, with neither body nor exit.
///
/// Next: put the resource among those to leave after `enter` has returned `Ok`, not before.
#[fact(panics)]
fn a_panic_while_entering_needs_no_exit() {
    let log = Log::default();
    let probe = Probe { enter: Step::Panic(7), ..Probe::new("a", &log) };
    let panic = runtime().block_on(panic_of(with(probe, async |probe| says_body(&probe.log))));
    expect_eq!(panic, Some(7), "the payload of the panic that comes out when enter panics with 7");
    expect_eq!(log.read(), ["enter a", "drop a"], "what happened");
}

/// Dropped while entering is pending, a resource is dropped half-entered: without an exit, at once.
///
/// Next: what owes the exit must come to life when `enter` has returned `Ok`, and not before.
#[fact]
fn dropped_while_entering_there_is_no_exit() {
    let log = Log::default();
    runtime().block_on(async {
        let probe = Probe { enter: Step::Wait, ..Probe::new("a", &log) };
        give_up_after(500, with(probe, async |probe| says_body(&probe.log))).await;
        expect_eq!(log.read(), ["enter a", "drop a"], "what happened when the future was dropped while it entered");
        expect_eq!(tasks_alive(), 0, "tasks on the runtime after that");
        settle().await;
    });
    expect_eq!(log.read(), ["enter a", "drop a"], "what happened in the minute after that");
}

/// A stack dropped while it enters one more resource leaves those that it has entered, and only those.
///
/// Next: what is being entered goes with the body, what was entered is on the stack.
#[fact]
fn dropped_while_entering_one_more_only_the_others_exit() {
    let log = Log::default();
    runtime().block_on(async {
        give_up_after(
            500,
            with_stack(async |stack| {
                stack.enter(Probe::new("first", &log)).await?;
                stack.enter(Probe { enter: Step::Wait, ..Probe::new("second", &log) }).await?;
                says_body(&log)
            }),
        )
        .await;
        expect_eq!(
            log.read(),
            ["enter first", "enter second", "drop second"],
            "what has happened when the drop is over"
        );
        settle().await;
    });
    let expected = ["enter first", "enter second", "drop second", "exit first: Cancelled", "drop first"];
    expect_eq!(log.read(), expected, "what has happened a minute later");
}
