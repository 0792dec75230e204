//! What a stack adds: many exits, last in, first out, each told the worst of what happened inside of it.

use super::probe::{Local, Probe, SECOND, Step, count, exit, says_body, without_drops};
use super::runtime::{failure, give_up_after, panic_of, poll_once, runtime, settle};
use harness::{Log, expect_eq, fact};
use std::future::pending;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;
use subject::{AsyncResource, Ending, ExitStack, with_stack};
use tokio::time::{Instant, sleep, timeout};

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
            log.line("body");
            Ok(7)
        });
        (result.await, start.elapsed())
    });
    expect_eq!(result, Ok(7), "the result of a body that returns Ok(7)");
    let expected = ["exit third: Returned", "left third", "exit second: Returned", "left second"];
    let expected = [&["enter first", "enter third", "body"], &expected[..], &["exit first: Returned", "left first"]];
    expect_eq!(without_drops(&log), expected.concat(), "what happened, in order, when each exit waits for a second");
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
        log.read().iter().filter_map(|line| line.strip_prefix("exit ").map(str::to_owned)).collect::<Vec<_>>()
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
#[fact(panics, negated)]
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
        expect_eq!(log.read(), ["enter first", "enter fourth"], "what has happened when the drop is over");
        settle().await;
    });
    let expected = ["exit fourth: Cancelled", "left fourth", "exit third: Cancelled", "exit second: Cancelled"];
    let expected = [&["enter first", "enter fourth"], &expected[..], &["exit first: Cancelled", "left first"]];
    expect_eq!(without_drops(&log), expected.concat(), "what has happened a minute later");
    expect_eq!(count(&log, "drop"), 2, "drops of the two resources on the stack");
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
        expect_eq!(without_drops(&log), begun, "what has happened when the future was dropped in the second exit");
        sleep(Duration::from_millis(600)).await;
    });
    let expected = ["exit d: Returned", "left d", "exit c: Returned", "left c", "exit b: Returned", "exit a: Failed"];
    expect_eq!(without_drops(&log), expected, "what has happened 1.6 s after the beginning of an exit that takes 1 s");
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
        expect_eq!(count(&log, "drop"), 3, "drops of the three resources that have not been entered");
        Ok([stack.get_mut(&before).name, stack.get_mut(&after).name])
    }));
    expect_eq!(result, Ok(["before", "after"]), "the resources that were entered before and after");
    let exits: Vec<_> = log.read().into_iter().filter(|line| line.starts_with("exit")).collect();
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
            theirs.line("called");
            panic_any(8_u8)
        });
        stack.push(exit("inner", &log, Step::Wait));
        says_body(&calls)
    })));
    expect_eq!(panic, Some(8), "the payload that comes out if a closure panics with 8 when it is called");
    let expected = ["body", "exit inner: Returned", "left inner", "called", "exit outer: Panicked"];
    expect_eq!(without_drops(&log), expected, "what happened, with a closure that panics between two others");
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
    expect_eq!(count(&log, "drop"), 3, "drops of a resource, of a closure, and of the value of the body");
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
