//! Durations, and sleeps whose first poll was pending, also on a slow machine.

use super::task::Task;
use harness::unmet;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;
use subject::{Sleep, block_on, sleep};

pub(super) const HOUR: Duration = Duration::from_secs(3600);

pub(super) const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A `Sleep` whose first poll was pending, and the task that polled it. On a slow machine the time may pass in the course
/// of that poll, which may then be ready: so there are some attempts.
pub(super) fn pending(duration: Duration) -> (Task, Sleep) {
    for _ in 0..ATTEMPTS {
        let (task, mut nap) = (Task::new(), sleep(duration));
        if task.poll(&mut nap).is_pending() {
            return (task, nap);
        }
    }
    unmet(format!("the first poll of sleep({duration:?})"), "pending", "ready")
}

/// How often a `Sleep` is polled in a `block_on` of its own. The first poll may be ready on a slow machine, as above.
pub(super) fn polls_of(duration: Duration) -> usize {
    let attempt = || {
        let mut polls = 0;
        let mut nap = pin!(sleep(duration));
        block_on(poll_fn(|context| {
            polls += 1;
            nap.as_mut().poll(context)
        }));
        polls
    };
    (0..ATTEMPTS).map(|_| attempt()).find(|polls| *polls != 1).unwrap_or(1)
}

pub(super) const ATTEMPTS: usize = 20;
