//! `sleep`: which waker it wakes, how often, and when it lets go of it.

use super::sleeps::{HOUR, milliseconds, pending, polls_of};
use super::task::Task;
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::time::Instant;
use subject::{block_on, sleep};

/// A `Sleep` in `block_on` is polled twice: when it begins and when its time has come.
///
/// Next: one wake, when the deadline has passed: not before, and only for the sleep whose deadline it is.
#[fact]
fn a_sleep_is_polled_twice() {
    let others: Vec<_> = (1..=4).map(|n| actor("sleeping", move || polls_of(milliseconds(5 * n)))).collect();
    for other in others {
        expect_eq!(other.finish(), 2, "polls of one of four sleeps, 5 ms apart, each in a block_on of its own");
    }
}

/// The timer wakes the waker of the latest poll, once.
///
/// Next: each poll may come with another waker: replace the one that the timer keeps.
#[fact]
fn the_waker_of_the_latest_poll_is_woken() {
    let (early, late, mut nap) = loop {
        let (early, late, mut nap) = (Task::new(), Task::new(), sleep(milliseconds(30)));
        let start = Instant::now();
        let _ = early.poll(&mut nap);
        let _ = late.poll(&mut nap);
        // On a slow machine the time may have passed between the two: then it was the early one's.
        if start.elapsed() < milliseconds(30) {
            break (early, late, nap);
        }
    };
    late.woken();
    expect!(late.poll(&mut nap).is_ready(), "the poll that answers the timer's wake", "ready", "pending");
    quiesce();
    expect_eq!(late.wakes(), 1, "wakes of the task that polled last");
    expect_eq!(early.wakes(), 0, "wakes of the task that polled before");
}

/// A `Sleep` keeps the waker of its latest poll only, and that one no longer than it lives.
///
/// Next: whoever stores a waker must let go of it: when another one comes, and in `Drop`.
#[fact]
fn a_dropped_sleep_lets_go_of_its_waker() {
    let (early, late) = (Task::new(), Task::new());
    let mut nap = sleep(HOUR);
    let _ = early.poll(&mut nap);
    expect!(early.holders() > 0, "clones of its waker that the task finds, when a Sleep is pending", "1", "0");
    let _ = late.poll(&mut nap);
    expect_eq!(early.holders(), 0, "clones of the first task's waker, after another task has polled the Sleep");
    drop(nap);
    expect_eq!(late.holders(), 0, "clones of the waker that are left after sleep(1 hour) has been dropped");
}

/// When a sleep has ended, nobody keeps its waker, and the timer thread rests without a time-out.
///
/// Next: an empty timer has nothing to look at its clock for: let it wait until somebody comes.
#[fact]
fn the_timer_rests_when_nobody_sleeps() {
    let (task, nap) = pending(milliseconds(2));
    task.woken();
    quiesce();
    expect_eq!(task.holders(), 0, "clones of the waker that are left after it was woken, with the Sleep still there");
    block_on(sleep(milliseconds(2)));
    quiesce();
    expect_eq!(task.wakes(), 1, "wakes of the task that waited for the first of two sleeps");
    drop(nap);
}
