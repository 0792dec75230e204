//! Enter, body and exit, one after the other, in the task that polls and in no other.

use super::probe::{NOTHING, Probe, SECOND, Step, exit};
use super::runtime::{poll_once, runtime, settle, tasks_alive};
use harness::{Log, ManualTask, expect, expect_eq, fact, threads_alive};
use std::future::pending;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use subject::{ExitStack, with, with_stack};
use tokio::time::{sleep, timeout};

/// The resource is entered, the body runs, the resource is left, and the result is what the body returned.
///
/// Next: await all three, one after the other, and keep the body's value until the exit is over.
#[fact]
fn the_body_runs_between_enter_and_exit() {
    let log = Log::default();
    let probe = Probe { enter: Step::Wait, exit: Step::Wait, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |probe| {
        probe.log.line("body");
        sleep(SECOND).await;
        Ok(7)
    }));
    expect_eq!(result, Ok(7), "the result of a body that returns Ok(7)");
    expect_eq!(
        log.read(),
        ["enter a", "entered a", "body", "exit a: Returned", "left a", "drop a"],
        "what happened, in order, when entering and leaving both wait for a second"
    );
}

/// Nothing happens before the first poll: a future that is dropped before it was polled only drops what it was given.
///
/// Next: an `async fn` does nothing until it is polled; do not enter, spawn or register anything outside of it.
#[fact]
fn nothing_happens_before_the_first_poll() {
    let log = Log::default();
    runtime().block_on(async {
        let unpolled = with(Probe::new("a", &log), async |_| Ok(()));
        expect_eq!(log.read(), NOTHING, "what happened when with() was called and its future not polled");
        drop(unpolled);
        drop(with_stack(async |stack: &mut ExitStack<String>| {
            stack.push(exit("callback", &log, Step::Done));
            Ok(())
        }));
        settle().await;
    });
    expect_eq!(log.read(), ["drop a"], "what happened when futures were dropped that had never been polled");
}

/// Without a tokio runtime everything works that is polled to its end.
///
/// Next: await the exit in the same future; only a drop half-way needs somebody else to poll it.
#[fact(negated)]
fn no_runtime_is_needed_to_come_to_the_end() {
    let log = Log::default();
    let result = poll_once(pin!(with(Probe::new("a", &log), async |_| Ok(7))));
    expect_eq!(result, Poll::Ready(Ok(7)), "the first poll, outside of a runtime, of a `with` that waits for nothing");
    expect_eq!(log.read(), ["enter a", "exit a: Returned", "drop a"], "what happened in that poll");
}

/// What is polled to its end spawns nothing: enter, body and exit run in the task that polls.
///
/// Next: keep the exit's future in yours and await it there; hand it over only if you are dropped.
#[fact]
fn nothing_is_spawned_if_nothing_is_dropped() {
    let log = Log::default();
    let before = threads_alive();
    runtime().block_on(async {
        let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
        let mut running = pin!(with(probe, async |_| {
            sleep(SECOND).await;
            Ok(())
        }));
        for (after, doing) in [(500, "the body"), (1000, "the exit")] {
            let waiting = timeout(Duration::from_millis(after), running.as_mut()).await;
            expect!(waiting.is_err(), format!("the future while {doing} waits"), "pending", "ready");
            expect_eq!(tasks_alive(), 0, format!("tasks on the runtime while {doing} waits"));
            expect_eq!(threads_alive(), before, format!("threads while {doing} waits"));
        }
        expect_eq!(running.await, Ok(()), "the result of the body");
        expect_eq!(tasks_alive(), 0, "tasks on the runtime when the future is ready");
    });
    let spawned = runtime().block_on(async {
        let _ = with_stack(async |_: &mut ExitStack<String>| Ok(())).await;
        let _ = poll_once(pin!(with_stack(async |_: &mut ExitStack<String>| pending::<Result<(), _>>().await)));
        let _ = with(Probe::new("b", &log), async |_| Ok(())).await;
        tasks_alive()
    });
    expect_eq!(spawned, 0, "tasks on the runtime after futures that owed no exit any more have been dropped");
}

/// A future that waits does not wake itself.
///
/// Next: return `Pending` and let whoever you wait for wake the task.
#[fact]
fn waiting_wakes_nobody() {
    let log = Log::default();
    let task = ManualTask::new();
    let mut running = pin!(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
    for _ in 0..3 {
        let poll = task.poll(running.as_mut());
        expect!(poll.is_pending(), "a poll of a future whose body never ends", "pending", "ready");
    }
    expect_eq!(task.wakes(), 0, "wakes of the task while its body waits for something that never comes");
    expect_eq!(log.read(), ["enter a"], "what happened in three polls");
}
