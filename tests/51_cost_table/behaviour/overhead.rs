//! What it costs to read a clock, and that it is not part of what is measured.

use super::clock::{Scripted, Told, backwards, measured};
use super::statistics::{nanos, summary};
use harness::{expect_eq, fact};
use std::cell::RefCell;
use std::convert::Infallible;
use subject::{Plan, measure, overhead};

/// The overhead of a clock is the smallest difference between two readings with nothing in between.
///
/// Next: take many pairs; a hiccup makes a difference larger, never smaller.
#[fact]
fn the_overhead_is_the_smallest_difference() {
    expect_eq!(overhead(&Scripted::new(25, 1)), nanos(25), "the overhead of a clock whose readings take 25 ns");
    // The first readings are slow, and every third one is disturbed.
    let (mut readings, mut now) = (0, 0);
    let clock = Told(RefCell::new(|| {
        now += if readings < 10 || readings % 3 == 0 { 900 + readings } else { 25 };
        readings += 1;
        now
    }));
    let about = "the overhead of a clock whose readings take 25 ns, the first ten and every third one more";
    expect_eq!(overhead(&clock), nanos(25), about);
    expect_eq!(overhead(&Scripted::new(30, 1_000)), nanos(0), "the overhead when ticks are longer than readings");
    expect_eq!(overhead(&backwards()), nanos(0), "the overhead of a clock that goes backwards");
}

/// The overhead of the clock is not part of what is measured.
///
/// Next: between the two readings of a batch lies the batch, and one reading.
#[fact]
fn the_overhead_is_subtracted() {
    let (seen, _) = measured(&Scripted::new(40, 1), (1, 9, 0), |_| 100);
    expect_eq!(seen, summary(100, 100, 0), "100 ns, on a clock whose readings take 40 ns");
    let (seen, _) = measured(&Scripted::new(40, 1), (1, 9, 700), |_| 100);
    expect_eq!(seen, summary(100, 100, 0), "100 ns in batches of 8, on a clock whose readings take 40 ns");
    let (seen, _) = measured(&Scripted::new(5_000, 1), (1, 9, 0), |_| 11);
    expect_eq!(seen, summary(11, 11, 0), "11 ns, on a clock whose readings take 5 µs");
}

/// A batch that seems to take less than the overhead of the clock, or less than nothing, takes zero.
///
/// Next: durations cannot be negative: subtract with saturation, also the one reading from the other.
#[fact]
fn less_than_nothing_is_zero() {
    let clock = Scripted::new(400, 1);
    let (seen, _) = measured(&clock, (0, 4, 0), |_| {
        clock.reading.set(10);
        20
    });
    expect_eq!(seen, summary(0, 0, 0), "20 ns, on a clock whose readings took 400 ns, and then only 10");
    let plan = Plan { warm_up: 1, samples: 3, at_least: nanos(0) };
    let Ok(seen) = measure(&backwards(), &plan, || Ok::<_, Infallible>(()));
    expect_eq!(seen, summary(0, 0, 0), "anything, on a clock that goes backwards");
}
