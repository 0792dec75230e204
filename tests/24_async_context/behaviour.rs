//! Facts about `with` and `with_stack`.
//!
//! The resources are [`Probe`]s: they write into a [`Log`] when they are entered and left, and can be told to wait, to fail or
//! to panic there. Time is tokio's paused clock, which jumps to the next timer when there is nothing else to do: so
//! [`settle`] returns when everything that was handed to the runtime has happened.

use harness::{expect, expect_eq, fact, threads_alive};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use subject::{AsyncResource, Ending, ExitStack, Failure, with, with_stack};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::{Instant, sleep, timeout};

// ---- In order

/// The resource is entered, the body runs, the resource is left, and the result is what the body returned.
///
/// Next: await all three, one after the other, and keep the body's value until the exit is over.
#[fact]
fn the_body_runs_between_enter_and_exit() {
    let log = Log::default();
    let probe = Probe { enter: Step::Wait, exit: Step::Wait, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |probe| {
        probe.log.say("body");
        sleep(SECOND).await;
        Ok(7)
    }));
    expect_eq!(result, Ok(7), "the result of a body that returns Ok(7)");
    expect_eq!(
        log.lines(),
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
        expect_eq!(log.lines(), NOTHING, "what happened when with() was called and its future not polled");
        drop(unpolled);
        drop(with_stack(async |stack: &mut ExitStack<String>| {
            stack.push(exit("callback", &log, Step::Done));
            Ok(())
        }));
        settle().await;
    });
    expect_eq!(log.lines(), ["drop a"], "what happened when futures were dropped that had never been polled");
}

/// Without a tokio runtime everything works that is polled to its end.
///
/// Next: await the exit in the same future; only a drop half-way needs somebody else to poll it.
#[fact]
fn no_runtime_is_needed_to_come_to_the_end() {
    let log = Log::default();
    let result = poll_once(pin!(with(Probe::new("a", &log), async |_| Ok(7))));
    expect_eq!(result, Poll::Ready(Ok(7)), "the first poll, outside of a runtime, of a `with` that waits for nothing");
    expect_eq!(log.lines(), ["enter a", "exit a: Returned", "drop a"], "what happened in that poll");
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
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut running = pin!(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
    for _ in 0..3 {
        let poll = running.as_mut().poll(&mut Context::from_waker(&waker));
        expect!(poll.is_pending(), "a poll of a future whose body never ends", "pending", "ready");
    }
    expect_eq!(wakes.0.load(SeqCst), 0, "wakes of the task while its body waits for something that never comes");
    expect_eq!(log.lines(), ["enter a"], "what happened in three polls");
}

// ---- Entering

/// If entering fails, that is the result: no body, no exit.
///
/// Next: only what has been entered is left again.
#[fact]
fn a_failed_enter_is_the_end() {
    let log = Log::default();
    let probe = Probe { enter: Step::Fail, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |probe| probe.log.says_body()));
    expect_eq!(result, failure("enter a fails", []), "the result when entering fails");
    expect_eq!(log.lines(), ["enter a", "drop a"], "what happened");
}

/// A panic while entering goes on, with neither body nor exit.
///
/// Next: put the resource among those to leave after `enter` has returned `Ok`, not before.
#[fact(panics)]
fn a_panic_while_entering_needs_no_exit() {
    let log = Log::default();
    let probe = Probe { enter: Step::Panic(7), ..Probe::new("a", &log) };
    let panic = runtime().block_on(panic_of(with(probe, async |probe| probe.log.says_body())));
    expect_eq!(panic, Some(7), "the payload of the panic that comes out when enter panics with 7");
    expect_eq!(log.lines(), ["enter a", "drop a"], "what happened");
}

/// Dropped while entering is pending, a resource is dropped half-entered: without an exit, at once.
///
/// Next: what owes the exit must come to life when `enter` has returned `Ok`, and not before.
#[fact]
fn dropped_while_entering_there_is_no_exit() {
    let log = Log::default();
    runtime().block_on(async {
        let probe = Probe { enter: Step::Wait, ..Probe::new("a", &log) };
        give_up_after(500, with(probe, async |probe| probe.log.says_body())).await;
        expect_eq!(log.lines(), ["enter a", "drop a"], "what happened when the future was dropped while it entered");
        expect_eq!(tasks_alive(), 0, "tasks on the runtime after that");
        settle().await;
    });
    expect_eq!(log.lines(), ["enter a", "drop a"], "what happened in the minute after that");
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
                log.says_body()
            }),
        )
        .await;
        expect_eq!(
            log.lines(),
            ["enter first", "enter second", "drop second"],
            "what has happened when the drop is over"
        );
        settle().await;
    });
    let expected = ["enter first", "enter second", "drop second", "exit first: Cancelled", "drop first"];
    expect_eq!(log.lines(), expected, "what has happened a minute later");
}

// ---- Errors and panics

/// An error of the body is the result, after the exit has run and was told `Failed`.
///
/// Next: keep the body's result, whatever it is, run the exit, then look at it.
#[fact]
fn an_error_of_the_body_comes_after_the_exit() {
    let log = Log::default();
    let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
    let result = runtime().block_on(with(probe, async |_| Err::<(), _>("body fails".to_owned())));
    expect_eq!(result, failure("body fails", []), "the result of a body that fails");
    expect_eq!(log.lines(), ["enter a", "exit a: Failed", "left a", "drop a"], "what happened");
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
    let exits = log.lines().iter().filter(|line| line.starts_with("exit")).count();
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
        probe.log.say("body panics");
        panicking(7)
    })));
    expect_eq!(panic, Some(7), "the payload that comes out of a body that panics with 7");
    let expected = ["enter a", "body panics", "exit a: Panicked", "left a", "drop a"];
    expect_eq!(log.lines(), expected, "what has happened when the panic comes out");
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
    expect_eq!(log.lines(), ["exit pushed: Panicked", "left pushed"], "what has happened when the panic comes out");
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

// ---- Dropped half-way

/// Dropped while the body waits, a future drops the body at once, then the runtime runs the exit with `Cancelled`, to its end.
///
/// Next: implement `Drop` for something that owns the resource: it spawns a future that owns it in turn.
#[fact]
fn dropped_in_the_body_it_hands_the_exit_to_the_runtime() {
    let log = Log::default();
    runtime().block_on(async {
        let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
        give_up_after(
            500,
            with(probe, async |_| {
                let _local = Local("local of the body", log.clone());
                pending::<Result<(), _>>().await
            }),
        )
        .await;
        let expected = ["enter a", "drop local of the body"];
        expect_eq!(log.lines(), expected, "what has happened when the drop is over, and no other task has run yet");
        settle().await;
    });
    let expected = ["enter a", "drop local of the body", "exit a: Cancelled", "left a", "drop a"];
    expect_eq!(log.lines(), expected, "what has happened a minute later");
}

/// Dropped while the exit waits, a future has that same exit go on: it is not begun again, and takes no longer.
///
/// Next: keep the exit's future in a box that owns the resource, so that the very same future can be handed over.
#[fact(panics)]
fn dropped_in_the_exit_the_exit_goes_on() {
    for ending in [Ending::Returned, Ending::Failed, Ending::Panicked] {
        let log = Log::default();
        runtime().block_on(async {
            let probe = Probe { exit: Step::Wait, ..Probe::new("a", &log) };
            give_up_after(
                600,
                with(probe, async |_| match ending {
                    Ending::Returned => Ok(()),
                    Ending::Failed => Err("body fails".to_owned()),
                    _ => panicking(7),
                }),
            )
            .await;
            let begun = ["enter a".to_owned(), format!("exit a: {ending:?}")];
            expect_eq!(log.lines(), begun, "what has happened when the future was dropped 0.6 s after its exit began");
            sleep(Duration::from_millis(500)).await;
        });
        let expected = ["enter a".to_owned(), format!("exit a: {ending:?}"), "left a".into(), "drop a".into()];
        expect_eq!(log.lines(), expected, "what has happened 1.1 s after an exit began that takes 1 s");
    }
}

/// It makes no difference where the future is dropped: the exit runs on the runtime on which it was first polled.
///
/// Next: ask for the runtime's handle in the first poll; at the time of the drop there may be none to ask for.
#[fact]
fn dropped_outside_of_the_runtime_it_still_exits() {
    let log = Log::default();
    let runtime = runtime();
    for place in ["outside of every runtime", "on another thread", "in another runtime"] {
        let log = log.clone();
        let mut running = Box::pin(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
        let poll = runtime.block_on(async { poll_once(running.as_mut()) });
        expect!(poll.is_pending(), "the first poll of a future whose body never ends", "pending", "ready");
        match place {
            "on another thread" => std::thread::spawn(move || drop(running)).join().expect("a drop does not panic"),
            "in another runtime" => {
                let other = self::runtime();
                other.block_on(async {
                    drop(running);
                    settle().await;
                });
                expect_eq!(log.lines(), ["enter a"], "what has happened before the runtime of the first poll goes on");
            }
            _ => drop(running),
        }
        runtime.block_on(settle());
        let expected = ["enter a", "exit a: Cancelled", "drop a"];
        expect_eq!(log.take(), expected, format!("what happened to a future that was dropped {place}"));
    }
}

/// Where there never was a runtime the drop does not panic: the resource is dropped, and no exit runs.
///
/// Next: `Handle::current` and `tokio::spawn` panic where there is none; `Handle::try_current` says so.
#[fact]
fn dropped_without_a_runtime_it_drops_what_it_has() {
    let log = Log::default();
    let mut running = Box::pin(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
    let _ = poll_once(running.as_mut());
    drop(running);
    expect_eq!(log.lines(), ["enter a", "drop a"], "what happened when the body was dropped outside of any runtime");
    log.take();
    let exiting = Probe { exit: Step::Never, ..Probe::new("b", &log) };
    let mut running = Box::pin(with(exiting, async |_| Ok(())));
    let _ = poll_once(running.as_mut());
    drop(running);
    let expected = ["enter b", "exit b: Returned", "drop b"];
    expect_eq!(log.lines(), expected, "what happened when a pending exit was dropped outside of any runtime");
}

/// A runtime that ends takes with it what it was handed: without a panic, each thing dropped once.
///
/// Next: nothing in a drop may unwrap, expect or wait.
#[fact]
fn dropped_with_its_runtime_it_drops_what_it_has() {
    let log = Log::default();
    let runtime = runtime();
    let endless = || async |_: &mut Probe| pending::<Result<(), String>>().await;
    let (inside, outside) = (Probe::new("inside", &log), Probe::new("outside", &log));
    let mut outside = Box::pin(with(outside, endless()));
    runtime.block_on(async {
        let _ = poll_once(outside.as_mut());
        tokio::spawn(with(inside, endless()));
        tokio::task::yield_now().await;
    });
    drop(runtime);
    expect_eq!(log.count("drop inside"), 1, "drops of a resource whose task was dropped with its runtime");
    drop(outside);
    expect_eq!(log.count("drop outside"), 1, "drops of a resource whose future was dropped after its runtime");
    expect_eq!(log.count("exit"), 0, "exits that a runtime has begun that had ended");
}

/// A thousand futures that are dropped at once all exit.
///
/// Next: nothing that has room for some may stand between the drop and the runtime.
#[fact]
fn many_dropped_at_once_all_exit() {
    let log = Log::default();
    runtime().block_on(async {
        let endless = |_| Box::pin(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
        let mut all: Vec<_> = (0..1000).map(endless).collect();
        all.iter_mut().for_each(|running| drop(poll_once(running.as_mut())));
        drop(all);
        settle().await;
    });
    expect_eq!(log.count("exit a: Cancelled"), 1000, "exits of 1000 resources whose futures were dropped at once");
    expect_eq!(log.count("drop a"), 1000, "drops of those resources");
}

/// A panic elsewhere in the task that unwinds through the future is a drop like any other: `Cancelled`.
///
/// Next: what the body did decides about the ending, not whether the thread is panicking.
#[fact(panics)]
fn dropped_by_a_panic_elsewhere_it_is_cancelled() {
    let log = Log::default();
    runtime().block_on(async {
        let panic = panic_of(async {
            let mut running = pin!(with(Probe::new("a", &log), async |_| pending::<Result<(), _>>().await));
            let _ = poll_once(running.as_mut());
            panicking(7)
        });
        expect_eq!(panic.await, Some(7), "the payload of the panic that went through the future");
        settle().await;
    });
    expect_eq!(log.lines(), ["enter a", "exit a: Cancelled", "drop a"], "what happened");
}

/// Futures inside of bodies are dropped with them: inner and outer resource both exit.
///
/// Next: the body's future goes first, then the exit of the resource around it.
#[fact]
fn dropped_from_outside_inner_and_outer_both_exit() {
    let log = Log::default();
    runtime().block_on(async {
        let outer = with(Probe::new("outer", &log), async |_| {
            let inner = with(Probe::new("inner", &log), async |_| pending::<Result<(), _>>().await);
            inner.await.map_err(|failure| failure.error)
        });
        give_up_after(500, outer).await;
        settle().await;
    });
    for name in ["outer", "inner"] {
        expect_eq!(log.count(&format!("exit {name}: Cancelled")), 1, format!("exits of the {name} resource"));
    }
}

// ---- The stack

/// Exits run last in, first out, each after the one before it has ended, resources and closures in one order.
///
/// Next: one list for both kinds; take its last one, await it to its end, then take the next.
#[fact]
fn exits_run_last_in_first_out_one_after_another() {
    let log = Log::default();
    let (result, elapsed) = runtime().block_on(async {
        let start = Instant::now();
        let result = with_stack(async |stack| {
            stack.enter(Probe { exit: Step::Wait, ..Probe::new("first", &log) }).await?;
            stack.push(exit("second", &log, Step::Wait));
            stack.enter(Probe { exit: Step::Wait, ..Probe::new("third", &log) }).await?;
            log.say("body");
            Ok(7)
        });
        (result.await, start.elapsed())
    });
    expect_eq!(result, Ok(7), "the result of a body that returns Ok(7)");
    let expected = ["exit third: Returned", "left third", "exit second: Returned", "left second"];
    let expected = [&["enter first", "enter third", "body"], &expected[..], &["exit first: Returned", "left first"]];
    expect_eq!(log.without_drops(), expected.concat(), "what happened, in order, when each exit waits for a second");
    expect_eq!(elapsed, 3 * SECOND, "the time that three exits of one second take");
}

/// All exits run, whatever becomes of the others, and are told the worst of what happened inside of them.
///
/// Next: go on after an error and after a panic; keep an ending that only ever gets worse.
#[fact(panics)]
fn exits_are_told_how_it_ended_inside_of_them() {
    use Step::{Done, Fail, Panic};
    let told = |inner_to_outer: [Step; 3], body: Result<(), &str>| {
        let log = Log::default();
        let _ = runtime().block_on(panic_of(with_stack(async |stack| {
            for (name, step) in
                ["0", "1", "2", "3"].into_iter().zip([Done].into_iter().chain(inner_to_outer.into_iter().rev()))
            {
                stack.push(exit(name, &log, step));
            }
            body.map_err(str::to_owned)
        })));
        log.lines().iter().filter_map(|line| line.strip_prefix("exit ").map(str::to_owned)).collect::<Vec<_>>()
    };
    let about = |exits: &str| format!("what four exits are told, innermost first, of which {exits}");
    let expected = ["3: Returned", "2: Failed", "1: Failed", "0: Panicked"];
    expect_eq!(told([Fail, Done, Panic(8)], Ok(())), expected, about("the 1st fails and the 3rd panics"));
    let expected = ["3: Returned", "2: Panicked", "1: Panicked", "0: Panicked"];
    expect_eq!(told([Panic(8), Fail, Done], Ok(())), expected, about("the 1st panics and the 2nd fails"));
    let expected = ["3: Failed", "2: Failed", "1: Panicked", "0: Panicked"];
    expect_eq!(told([Done, Panic(8), Done], Err("body fails")), expected, about("the 2nd panics; the body has failed"));
}

/// No error is lost: the first is `error`, those of exits that come after it are `later`, in their order.
///
/// Next: collect the exits' errors; the first one moves to the front only if the body has none.
#[fact]
fn errors_are_reported_in_the_order_in_which_they_came() {
    let log = Log::default();
    let failing = |result: Result<(), String>| {
        let log = &log;
        runtime().block_on(with_stack(async move |stack| {
            for (name, step) in [("a", Step::Fail), ("b", Step::Done), ("c", Step::Fail)] {
                stack.push(exit(name, log, step));
            }
            result
        }))
    };
    let expected = failure("exit c fails", ["exit a fails"]);
    expect_eq!(failing(Ok(())), expected, "the result if the body returns Ok and exits c, then a, fail");
    let expected = failure("body fails", ["exit c fails", "exit a fails"]);
    expect_eq!(failing(Err("body fails".into())), expected, "the result if the body fails, then exits c and a");
}

/// A stack dropped in its body has all its exits run on the runtime: in order, one after another, all with `Cancelled`.
///
/// Next: hand over the stack as a whole, as one future, and not each exit by itself.
#[fact(panics)]
fn a_stack_dropped_in_its_body_unwinds_in_order() {
    let log = Log::default();
    runtime().block_on(async {
        give_up_after(
            500,
            with_stack(async |stack| {
                stack.enter(Probe { exit: Step::Wait, ..Probe::new("first", &log) }).await?;
                stack.push(exit("second", &log, Step::Panic(8)));
                stack.push(exit("third", &log, Step::Fail));
                stack.enter(Probe { exit: Step::Wait, ..Probe::new("fourth", &log) }).await?;
                pending::<Result<(), _>>().await
            }),
        )
        .await;
        expect_eq!(log.lines(), ["enter first", "enter fourth"], "what has happened when the drop is over");
        settle().await;
    });
    let expected = ["exit fourth: Cancelled", "left fourth", "exit third: Cancelled", "exit second: Cancelled"];
    let expected = [&["enter first", "enter fourth"], &expected[..], &["exit first: Cancelled", "left first"]];
    expect_eq!(log.without_drops(), expected.concat(), "what has happened a minute later");
    expect_eq!(log.count("drop"), 2, "drops of the two resources on the stack");
}

/// A stack dropped while it unwinds goes on from where it stands, and its exits are told what they would have been told.
///
/// Next: make one future of all exits, and keep that in the box that you hand over.
#[fact]
fn a_stack_dropped_while_it_unwinds_goes_on() {
    let log = Log::default();
    runtime().block_on(async {
        give_up_after(
            1500,
            with_stack(async |stack| {
                for (name, step) in [("a", Step::Done), ("b", Step::Fail), ("c", Step::Wait), ("d", Step::Wait)] {
                    stack.push(exit(name, &log, step));
                }
                Ok(())
            }),
        )
        .await;
        let begun = ["exit d: Returned", "left d", "exit c: Returned"];
        expect_eq!(log.without_drops(), begun, "what has happened when the future was dropped in the second exit");
        sleep(Duration::from_millis(600)).await;
    });
    let expected = ["exit d: Returned", "left d", "exit c: Returned", "left c", "exit b: Returned", "exit a: Failed"];
    expect_eq!(log.without_drops(), expected, "what has happened 1.6 s after the beginning of an exit that takes 1 s");
}

/// An enter that fails, panics, or is given up half-way leaves the stack as it was, and the body can go on with it.
///
/// Next: put the resource on the stack in the moment in which `enter` has returned `Ok`.
#[fact(panics)]
fn a_failed_enter_leaves_the_stack_as_it_was() {
    let log = Log::default();
    let result = runtime().block_on(with_stack(async |stack| {
        let before = stack.enter(Probe::new("before", &log)).await?;
        let failed = stack.enter(Probe { enter: Step::Fail, ..Probe::new("failing", &log) }).await.err();
        expect_eq!(failed.as_deref(), Some("enter failing fails"), "the error of an enter that fails");
        give_up_after(500, stack.enter(Probe { enter: Step::Wait, ..Probe::new("slow", &log) })).await;
        let panic = panic_of(stack.enter(Probe { enter: Step::Panic(7), ..Probe::new("panicking", &log) })).await;
        expect_eq!(panic, Some(7), "the payload of the panic of an enter that panics with 7");
        let after = stack.enter(Probe::new("after", &log)).await?;
        expect_eq!(log.count("drop"), 3, "drops of the three resources that have not been entered");
        Ok([stack.get_mut(&before).name, stack.get_mut(&after).name])
    }));
    expect_eq!(result, Ok(["before", "after"]), "the resources that were entered before and after");
    let exits: Vec<_> = log.lines().into_iter().filter(|line| line.starts_with("exit")).collect();
    expect_eq!(exits, ["exit after: Returned", "exit before: Returned"], "the exits, when two of five were entered");
}

/// `get_mut` gives the resource that was entered, whatever was put on the stack before and since.
///
/// Next: an `Entered` must say which place of the stack it means, and which type is there.
#[fact]
fn each_resource_is_found_again() {
    let log = Log::default();
    let result = runtime().block_on(with_stack(async |stack| {
        stack.push(exit("closure", &log, Step::Done));
        let first = stack.enter(Probe::new("first", &log)).await?;
        let counter = stack.enter(Counter(5)).await?;
        stack.push(exit("closure", &log, Step::Done));
        let second = stack.enter(Probe::new("second", &log)).await?;
        stack.get_mut(&counter).0 += 1;
        let names = [stack.get_mut(&second).name, stack.get_mut(&first).name];
        Ok((names, stack.get_mut(&counter).0))
    }));
    expect_eq!(result, Ok((["second", "first"], 6)), "two resources by name, and a counter of 5 that was increased");
}

/// A closure is called when its turn has come, and may panic before it has returned a future.
///
/// Next: call it within what catches panics, after the exits inside of it.
#[fact(panics)]
fn a_closure_is_called_when_its_turn_has_come() {
    let log = Log::default();
    let (calls, theirs) = (log.clone(), log.clone());
    let panic = runtime().block_on(panic_of(with_stack(async |stack| {
        stack.push(exit("outer", &log, Step::Done));
        stack.push(move |_| -> std::future::Ready<Result<(), String>> {
            theirs.say("called");
            panic_any(8_u8)
        });
        stack.push(exit("inner", &log, Step::Wait));
        calls.says_body()
    })));
    expect_eq!(panic, Some(8), "the payload that comes out if a closure panics with 8 when it is called");
    let expected = ["body", "exit inner: Returned", "left inner", "called", "exit outer: Panicked"];
    expect_eq!(log.without_drops(), expected, "what happened, with a closure that panics between two others");
}

/// When the future is ready, all that was entered or pushed has been dropped, and so has a value that is not the result.
///
/// Next: let go of each exit, with all that it owns, when it has ended; forget nothing.
#[fact]
fn nothing_is_kept_when_the_future_is_ready() {
    let log = Log::default();
    let mut running = pin!(with_stack(async |stack| {
        stack.enter(Probe::new("resource", &log)).await?;
        let owned = Local("closure", log.clone());
        stack.push(move |_| {
            let _owned = owned;
            std::future::ready(Err("exit fails".to_owned()))
        });
        Ok(Local("value", log.clone()))
    }));
    let error = match poll_once(running.as_mut()) {
        Poll::Ready(result) => result.err().map(|failure| failure.error),
        Poll::Pending => None,
    };
    expect_eq!(
        error.as_deref(),
        Some("exit fails"),
        "the error, in the first poll, when nothing waits and an exit fails"
    );
    expect_eq!(log.count("drop"), 3, "drops of a resource, of a closure, and of the value of the body");
}

/// A hundred thousand exits need no more of the thread's stack than a few.
///
/// Next: a loop over the exits, not a future around a future around a future.
#[fact]
fn a_deep_stack_unwinds_in_a_loop() {
    let count = Arc::new(AtomicUsize::new(0));
    runtime().block_on(async {
        for is_dropped in [false, true] {
            let body = async |stack: &mut ExitStack<String>| {
                for _ in 0..100_000 {
                    let count = Arc::clone(&count);
                    stack.push(move |_| async move {
                        count.fetch_add(1, SeqCst);
                        Ok(())
                    });
                }
                if is_dropped { pending().await } else { Ok(()) }
            };
            let _ = timeout(SECOND, with_stack(body)).await;
            settle().await;
        }
    });
    expect_eq!(count.load(SeqCst), 200_000, "exits that have run of 100 000 after a return and 100 000 after a drop");
}

// ---- The parts that the stories are played with

const SECOND: Duration = Duration::from_secs(1);
const NOTHING: [&str; 0] = [];

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, line: impl Into<String>) {
        self.0.lock().expect("nothing panics while it writes").push(line.into());
    }

    /// What a body does that does nothing else.
    fn says_body(&self) -> Result<(), String> {
        self.say("body");
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nothing panics while it writes").clone()
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nothing panics while it writes"))
    }

    /// When in the course of the unwinding things are dropped is left open.
    fn without_drops(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| !line.starts_with("drop")).collect()
    }

    fn count(&self, prefix: &str) -> usize {
        self.lines().iter().filter(|line| line.starts_with(prefix)).count()
    }
}

/// Says that it is dropped.
struct Local(&'static str, Log);

impl Drop for Local {
    fn drop(&mut self) {
        self.1.say(format!("drop {}", self.0));
    }
}

/// What happens in an enter or an exit.
#[derive(Clone, Copy)]
enum Step {
    Done,
    /// After a second.
    Wait,
    Never,
    Fail,
    Panic(u8),
}

impl Step {
    async fn happen(self, log: &Log, begin: &str, end: &str) -> Result<(), String> {
        match self {
            Step::Done => {}
            Step::Wait => {
                sleep(SECOND).await;
                log.say(end);
            }
            Step::Never => pending().await,
            Step::Fail => return Err(format!("{begin} fails")),
            Step::Panic(payload) => panic_any(payload),
        }
        Ok(())
    }
}

/// A resource that does in `enter` and `exit` what it is told to, and says so.
struct Probe {
    name: &'static str,
    log: Log,
    enter: Step,
    exit: Step,
    _dropped: Local,
}

impl Probe {
    fn new(name: &'static str, log: &Log) -> Self {
        Probe { name, log: log.clone(), enter: Step::Done, exit: Step::Done, _dropped: Local(name, log.clone()) }
    }
}

impl AsyncResource for Probe {
    type Error = String;

    async fn enter(&mut self) -> Result<(), String> {
        let name = self.name;
        self.log.say(format!("enter {name}"));
        self.enter.happen(&self.log, &format!("enter {name}"), &format!("entered {name}")).await
    }

    async fn exit(&mut self, ending: Ending) -> Result<(), String> {
        exit(self.name, &self.log, self.exit)(ending).await
    }
}

/// An exit as a closure.
fn exit(name: &'static str, log: &Log, step: Step) -> impl FnOnce(Ending) -> Exiting + Send + use<> {
    let log = log.clone();
    move |ending| {
        Box::pin(async move {
            log.say(format!("exit {name}: {ending:?}"));
            step.happen(&log, &format!("exit {name}"), &format!("left {name}")).await
        })
    }
}

type Exiting = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// A resource of another type.
struct Counter(u32);

impl AsyncResource for Counter {
    type Error = String;

    async fn enter(&mut self) -> Result<(), String> {
        Ok(())
    }

    async fn exit(&mut self, _: Ending) -> Result<(), String> {
        Ok(())
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("the system has room for a runtime")
}

fn tasks_alive() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Lets happen whatever happens within a minute; the clock jumps over the rest.
async fn settle() {
    sleep(60 * SECOND).await;
}

/// Drops a future that has not come to its end after so many milliseconds.
async fn give_up_after<F: Future>(milliseconds: u64, future: F) {
    let given_up = timeout(Duration::from_millis(milliseconds), future).await;
    expect!(given_up.is_err(), format!("a future that has to wait, after {milliseconds} ms"), "pending", "ready");
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn failure<T, const N: usize>(error: &str, later: [&str; N]) -> Result<T, Failure<String>> {
    Err(Failure { error: error.into(), later: later.map(String::from).into() })
}

/// Never an error: a panic.
fn panicking(payload: u8) -> Result<(), String> {
    panic_any(payload)
}

/// The payload of the future's panic, if it panics. Payloads of panics that were not planned go on.
async fn panic_of<F: Future>(future: F) -> Option<u8> {
    let mut future = Box::pin(future);
    let outcome = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(|_| None),
        Err(payload) => Poll::Ready(Some(payload)),
    });
    let payload = outcome.await?;
    Some(*payload.downcast::<u8>().unwrap_or_else(|other| resume_unwind(other)))
}
