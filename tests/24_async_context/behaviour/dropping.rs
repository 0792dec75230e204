//! Futures that are dropped half-way: the exit runs on the runtime, wherever and however the drop happens.

use super::probe::{Local, Probe, Step, count};
use super::runtime::{give_up_after, panic_of, panicking, poll_once, runtime, settle};
use harness::{Log, expect, expect_eq, fact};
use std::future::pending;
use std::pin::pin;
use std::time::Duration;
use subject::{Ending, with};
use tokio::time::sleep;

/// Dropped while the body waits, a future drops the body at once, then the runtime runs the exit with `Cancelled`, to its end.
///
/// Next: implement `Drop` for something that owns the resource: it spawns a future that owns it in turn.
#[fact(negated)]
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
        expect_eq!(log.read(), expected, "what has happened when the drop is over, and no other task has run yet");
        settle().await;
    });
    let expected = ["enter a", "drop local of the body", "exit a: Cancelled", "left a", "drop a"];
    expect_eq!(log.read(), expected, "what has happened a minute later");
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
            expect_eq!(log.read(), begun, "what has happened when the future was dropped 0.6 s after its exit began");
            sleep(Duration::from_millis(500)).await;
        });
        let expected = ["enter a".to_owned(), format!("exit a: {ending:?}"), "left a".into(), "drop a".into()];
        expect_eq!(log.read(), expected, "what has happened 1.1 s after an exit began that takes 1 s");
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
                expect_eq!(log.read(), ["enter a"], "what has happened before the runtime of the first poll goes on");
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
    expect_eq!(log.read(), ["enter a", "drop a"], "what happened when the body was dropped outside of any runtime");
    log.take();
    let exiting = Probe { exit: Step::Never, ..Probe::new("b", &log) };
    let mut running = Box::pin(with(exiting, async |_| Ok(())));
    let _ = poll_once(running.as_mut());
    drop(running);
    let expected = ["enter b", "exit b: Returned", "drop b"];
    expect_eq!(log.read(), expected, "what happened when a pending exit was dropped outside of any runtime");
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
    expect_eq!(count(&log, "drop inside"), 1, "drops of a resource whose task was dropped with its runtime");
    drop(outside);
    expect_eq!(count(&log, "drop outside"), 1, "drops of a resource whose future was dropped after its runtime");
    expect_eq!(count(&log, "exit"), 0, "exits that a runtime has begun that had ended");
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
    expect_eq!(count(&log, "exit a: Cancelled"), 1000, "exits of 1000 resources whose futures were dropped at once");
    expect_eq!(count(&log, "drop a"), 1000, "drops of those resources");
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
    expect_eq!(log.read(), ["enter a", "exit a: Cancelled", "drop a"], "what happened");
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
        expect_eq!(count(&log, &format!("exit {name}: Cancelled")), 1, format!("exits of the {name} resource"));
    }
}
