//! `sleep`: nothing before the first poll, and never ready before its time.

use super::sleeps::milliseconds;
use super::task::Task;
use harness::{expect, expect_eq, fact, threads_alive};
use std::thread;
use std::time::{Duration, Instant};
use subject::{Sleep, block_on, sleep};

/// A `Sleep` that nobody polls starts no thread.
///
/// Next: `sleep` only notes the duration. The timer is for the first poll.
#[fact]
fn a_sleep_that_is_not_polled_starts_nothing() {
    let threads = threads_alive();
    let naps: Vec<Sleep> = (0..10).map(|n| sleep(milliseconds(n))).collect();
    expect_eq!(threads_alive(), threads, "threads of the process after ten calls of sleep(), compared with before");
    drop(naps);
}

/// The duration is counted from the first poll.
///
/// Next: when `sleep` is called, the clock must not be read yet.
#[fact]
fn the_first_poll_starts_the_clock() {
    let nap = sleep(milliseconds(30));
    thread::sleep(milliseconds(40));
    let start = Instant::now();
    block_on(nap);
    let elapsed = start.elapsed();
    expect!(
        elapsed >= milliseconds(30),
        "the time from the first poll of sleep(30 ms), which was made 40 ms before, to its end",
        "30 ms or more",
        format!("{elapsed:?}")
    );
}

/// A `Sleep` is never ready before its time.
///
/// Next: compare the clock with the deadline in each poll, and take care where a duration is rounded.
#[fact]
fn no_sleep_ends_early() {
    for duration in [0, 1, 700, 1_300_001, 5_000_000, 12_345_678].map(Duration::from_nanos) {
        let start = Instant::now();
        block_on(sleep(duration));
        let elapsed = start.elapsed();
        expect!(
            elapsed >= duration,
            format!("the time that sleep({duration:?}) takes"),
            format!("{duration:?} or more"),
            format!("{elapsed:?}")
        );
    }
}

/// A sleep of no time is ready in its first poll, without a timer thread.
///
/// Next: ask whether the time has passed before you register anything.
#[fact]
fn a_sleep_of_no_time_is_ready_at_once() {
    let threads = threads_alive();
    let task = Task::new();
    expect!(task.poll(&mut sleep(Duration::ZERO)).is_ready(), "the first poll of sleep(0)", "ready", "pending");
    expect_eq!(threads_alive(), threads, "threads of the process after a sleep of no time, compared with before");
    expect_eq!(task.holders(), 0, "clones of the waker that are left after a sleep of no time");
}

/// A sleep whose end no clock can express stays pending and disturbs no other.
///
/// Next: `Instant + Duration` panics when it overflows; `checked_add` does not.
#[fact]
fn a_sleep_for_ever_disturbs_nobody() {
    let task = Task::new();
    let mut eternal = sleep(Duration::MAX);
    expect!(task.poll(&mut eternal).is_pending(), "the first poll of sleep(Duration::MAX)", "pending", "ready");
    block_on(sleep(milliseconds(2)));
    expect!(task.poll(&mut eternal).is_pending(), "a later poll of sleep(Duration::MAX)", "pending", "ready");
    expect_eq!(task.wakes(), 0, "wakes by sleep(Duration::MAX)");
    drop(eternal);
    expect_eq!(task.holders(), 0, "clones of the waker that are left when the Sleep has been dropped");
}
