//! Errors and panics of bodies and exits: what the exit is told, and what comes out.

use super::probe::{Probe, SECOND, Step, exit};
use super::runtime::{failure, panic_of, panicking, runtime};
use harness::{Log, expect_eq, fact};
use std::panic::panic_any;
use subject::{ExitStack, with, with_stack};
use tokio::time::sleep;

/// An error of the body is the result, after the exit has run and was told `Failed`.
///
/// Next: keep the body's result, whatever it is, run the exit, then look at it.
#[fact(negated)]
fn an_error_of_the_body_comes_after_the_exit() {
    let log = Log::default();
    let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |_| Err::<(), _>("body fails".to_owned())));
    expect_eq!(result, failure("body fails", []), "the result of a body that fails");
    expect_eq!(log.read(), ["enter a", "exit a: Failed", "left a", "drop a"], "what happened");
}

/// An exit's error is the result if the body returned `Ok`, and goes with the body's error otherwise.
///
/// Next: `error` is what went wrong first; what the exits add goes to `later`.
#[fact]
fn an_exit_that_fails_takes_no_error_away() {
    let log = Log::default();
    let failing = || Probe { exit: Step::Fail, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(failing(), async |_| Ok(7)));
    expect_eq!(result, failure("exit a fails", []), "the result when the body returns Ok(7) and the exit fails");
    let result = runtime().block_on(with(failing(), async |_| Err::<u8, _>("body fails".to_owned())));
    expect_eq!(result, failure("body fails", ["exit a fails"]), "the result when both body and exit fail");
    let exits = log.read().iter().filter(|line| line.starts_with("exit")).count();
    expect_eq!(exits, 2, "exits of two resources that were entered, and whose exits fail");
}

/// A panic of the body goes on, with its payload, after the exit has come to its end.
///
/// Next: catch the panic in the poll of the body, await the exit, then `resume_unwind` with the payload.
#[fact(panics)]
fn a_panic_of_the_body_goes_on_after_the_exit() {
    let log = Log::default();
    let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
    let panic = runtime().block_on(panic_of(with(probe, async |probe| {
        sleep(SECOND).await;
        probe.log.line("body panics");
        panicking(7)
    })));
    expect_eq!(panic, Some(7), "the payload that comes out of a body that panics with 7");
    let expected = ["enter a", "body panics", "exit a: Panicked", "left a", "drop a"];
    expect_eq!(log.read(), expected, "what has happened when the panic comes out");
}

/// A body that panics when it is called, before it has returned a future, is no different.
///
/// Next: call the body, too, within what catches panics; only an async closure does nothing until it is polled.
#[fact(panics)]
fn a_body_may_panic_when_it_is_called() {
    let log = Log::default();
    let body = |_: &mut Probe| -> std::future::Ready<Result<(), String>> { panic_any(7_u8) };
    let panic = runtime().block_on(panic_of(with(Probe { exit: Step::Wait, ..Probe::new("a", &log) }, body)));
    expect_eq!(panic, Some(7), "the payload that comes out of `with` if its body panics with 7 when it is called");
    let expected = ["enter a", "exit a: Panicked", "left a", "drop a"];
    expect_eq!(log.take(), expected, "what has happened when the panic comes out");
    let theirs = log.clone();
    let body = move |stack: &mut ExitStack<String>| -> std::future::Ready<Result<(), String>> {
        stack.push(exit("pushed", &theirs, Step::Wait));
        panic_any(7_u8)
    };
    let panic = runtime().block_on(panic_of(with_stack(body)));
    expect_eq!(
        panic,
        Some(7),
        "the payload that comes out of `with_stack` if its body panics with 7 when it is called"
    );
    expect_eq!(log.read(), ["exit pushed: Panicked", "left pushed"], "what has happened when the panic comes out");
}

/// Of several panics the first goes on, and a panic goes before errors.
///
/// Next: catch each exit's panic too, remember the first payload, and go on when all is over.
#[fact(panics)]
fn the_first_panic_goes_on() {
    let log = Log::default();
    let panics = || Probe { exit: Step::Panic(8), ..Probe::new("a", &log) };
    let panic = runtime().block_on(panic_of(with(panics(), async |_| Ok(()))));
    expect_eq!(panic, Some(8), "the payload that comes out if the body returns Ok and the exit panics with 8");
    let panic = runtime().block_on(panic_of(with(panics(), async |_| Err::<(), _>("body fails".to_owned()))));
    expect_eq!(panic, Some(8), "the payload that comes out if the body fails and the exit panics with 8");
    let panic = runtime().block_on(panic_of(with(panics(), async |_| panicking(7))));
    expect_eq!(panic, Some(7), "the payload that comes out if the body panics with 7 and the exit with 8");
    let panic = runtime().block_on(panic_of(with_stack(async |stack| {
        stack.push(exit("outer", &log, Step::Panic(9)));
        stack.push(exit("inner", &log, Step::Panic(8)));
        Ok(())
    })));
    expect_eq!(panic, Some(8), "the payload that comes out if the inner exit panics with 8 and the outer one with 9");
}
