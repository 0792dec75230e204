//! What only `try_gather` does: the first error in time ends the others.

use super::probe::{fallible, polls};
use super::task::{Task, on_paused_clock};
use harness::{DropCount, expect, expect_eq, fact};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use subject::try_gather;
use tokio::time::sleep;

/// `try_gather` returns all values in argument order if no child fails.
///
/// Next: the `Ok` side is `gather` with the values unwrapped.
#[fact]
fn try_gather_returns_all_values_in_argument_order() {
    let children = [3, 1, 2].map(|seconds| async move {
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, String>(seconds)
    });
    let (result, elapsed) = on_paused_clock(try_gather(children));
    expect_eq!(result, Ok(vec![3, 1, 2]), "the result of children that succeed after 3 s, 1 s and 2 s");
    expect_eq!(elapsed, Duration::from_secs(3), "the time that children of 3 s, 1 s and 2 s take");
}

/// `try_gather` returns the first error in time, at the moment of that error.
///
/// Next: do not wait for the others, and do not look at the children in argument order: act on `Err` where you see it.
#[fact]
fn the_first_error_in_time_wins() {
    let children = [(3, Err("late")), (1, Ok(())), (2, Err("early")), (9, Ok(()))];
    let children = children.map(|(seconds, output)| async move {
        sleep(Duration::from_secs(seconds)).await;
        output
    });
    let (result, elapsed) = on_paused_clock(try_gather(children));
    expect_eq!(result, Err("early"), "the result of children that end after 3 s (error), 1 s, 2 s (error) and 9 s");
    expect_eq!(
        elapsed,
        Duration::from_secs(2),
        "the time until try_gather returned the error of the child that took 2 s"
    );
}

/// When a child fails the others have been dropped, unpolled, by the time `try_gather` returns the error.
///
/// Next: drop the children inside the poll that returns the error, not whenever the gather itself is dropped.
#[fact]
fn an_error_drops_the_others_before_it_is_returned() {
    let (probes, remotes) = fallible(4);
    let mut gathered = pin!(try_gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[2].finish();
    let _ = task.poll(gathered.as_mut());
    remotes[1].fail();
    expect_eq!(task.poll(gathered.as_mut()), Poll::Ready(Err(1)), "the result after child 1 failed");
    let unfinished = [remotes[0].drops(), remotes[3].drops()];
    expect_eq!(unfinished, [1, 1], "drops of the two unfinished children when try_gather has returned the error");
    expect_eq!(
        polls(&remotes),
        [1, 2, 2, 1],
        "polls of four children: 2 finished, then 1 failed, 0 and 3 were never woken"
    );
}

/// Once a child of `try_gather` has failed, no other child is polled.
///
/// Next: leave the loop over the woken children at the first error.
#[fact(negated)]
fn no_child_is_polled_after_an_error() {
    let (probes, remotes) = fallible(4);
    remotes[1].fail();
    let mut gathered = pin!(try_gather(probes));
    expect_eq!(Task::new().poll(gathered.as_mut()), Poll::Ready(Err(1)), "the first poll, in which child 1 fails");
    expect_eq!(polls(&remotes), [1, 1, 0, 0], "polls of four children of which number 1 fails in the first poll");
    let others = [remotes[0].drops(), remotes[2].drops(), remotes[3].drops()];
    expect_eq!(others, [1, 1, 1], "drops of the other children when try_gather has returned the error");
}

/// The values of children that succeeded before another one failed are dropped with the gather, exactly once.
///
/// Next: the error takes the place of the whole result; the values that are already there go with the gather.
#[fact]
fn an_error_drops_the_values_that_were_there() {
    let drops = DropCount::new();
    let outputs = [Ok(drops.token()), Err("refused")];
    let mut gathered = Box::pin(try_gather(outputs.map(std::future::ready)));
    let result = Task::new().poll(gathered.as_mut());
    expect!(matches!(result, Poll::Ready(Err("refused"))), "the result", "the error", "something else");
    drop(gathered);
    expect_eq!(drops.get(), 1, "drops of the value of the child that succeeded before the other one failed");
}
