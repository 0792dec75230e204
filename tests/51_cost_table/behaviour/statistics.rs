//! Median, 95th percentile and deviation, of few durations and of the longest ones; and of none.

use super::clock::Scripted;
use harness::{catch_panic, expect, expect_eq, fact};
use std::cell::Cell;
use std::convert::Infallible;
use std::panic::catch_unwind;
use std::time::Duration;
use subject::{Plan, Summary, measure};

pub(super) fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

pub(super) fn summary(median: u64, p95: u64, mad: u64) -> Summary {
    Summary { median: nanos(median), p95: nanos(p95), mad: nanos(mad) }
}

fn of(durations: impl IntoIterator<Item = u64>) -> Summary {
    Summary::of(&durations.into_iter().map(nanos).collect::<Vec<_>>())
}

/// The numbers from 1 to n in an order that is neither up nor down: n + 1 is a prime number.
fn shuffled(n: u64) -> impl Iterator<Item = u64> {
    (1..=n).map(move |number| number * 7 % (n + 1))
}

/// The median of an odd number of durations is the one in the middle, of an even number the mean of the two in the
/// middle.
///
/// Next: sort first; then look at what stands in the middle of a list of three, and of four.
#[fact]
fn the_median_is_what_lies_in_the_middle() {
    expect_eq!(of([7]).median, nanos(7), "the median of 7");
    expect_eq!(of([9, 1, 5]).median, nanos(5), "the median of 9, 1, 5");
    expect_eq!(of([40, 10, 31, 20]).median, nanos(25), "the median of 40, 10, 31, 20, whose middle is 25.5");
    expect_eq!(of([8, 2]).median, nanos(5), "the median of 8, 2");
    expect_eq!(of(shuffled(100)).median, nanos(50), "the median of 1 to 100 in some order, whose middle is 50.5");
    let spoilt = of([10, 11, 12, 13, 1_000_000_000]).median;
    expect_eq!(spoilt, nanos(12), "the median of 10, 11, 12, 13 and one hiccup of a second");
}

/// The 95th percentile is the duration at place ⌈0.95 · n⌉, counted from 1, of the sorted durations.
///
/// Next: work out the place of the 20th, 21st and 100th by hand, and mind that indices count from 0.
#[fact]
fn the_95th_percentile_is_the_nearest_rank() {
    expect_eq!(of([42]).p95, nanos(42), "the 95th percentile of one duration");
    expect_eq!(of(shuffled(100)).p95, nanos(95), "the 95th percentile of 1 to 100 in some order");
    for n in 1..=300u64 {
        // The smallest place which 19 of 20 do not lie behind.
        let place = (1..=n).find(|place| place * 20 >= n * 19).expect("the last place is far enough");
        expect_eq!(of((1..=n).rev()).p95, nanos(place), format!("the 95th percentile of {n} to 1"));
    }
}

/// The median absolute deviation is the median of the distances from the median.
///
/// Next: distances have no sign, and their order is not that of the durations.
#[fact(negated)]
fn the_deviation_is_the_median_distance() {
    expect_eq!(of([7]).mad, nanos(0), "the deviation of one duration");
    expect_eq!(of([1, 1, 2, 2, 4, 6, 9]), summary(2, 9, 1), "the summary of 1, 1, 2, 2, 4, 6, 9");
    expect_eq!(of([10, 40, 30, 60]), summary(35, 60, 15), "the summary of 10, 40, 30, 60");
    let spoilt = of([100, 104, 97, 1_000_000_000, 102]);
    expect_eq!(spoilt, summary(102, 1_000_000_000, 2), "the summary of 100, 104, 97, 102 and one hiccup of a second");
}

/// Statistics are right for the longest durations there are.
///
/// Next: the sum of two durations may be more than a duration can hold; what lies between them is not.
#[fact]
fn the_longest_durations_do_not_overflow() {
    let max = Duration::MAX;
    let seen = Summary::of(&[max, max]);
    expect_eq!(seen, Summary { median: max, p95: max, mad: Duration::ZERO }, "the summary of Duration::MAX twice");
    let seen = Summary::of(&[max, Duration::ZERO, max]);
    expect_eq!(seen, Summary { median: max, p95: max, mad: Duration::ZERO }, "the summary of MAX, zero and MAX");
}

/// There is no summary of nothing, and no measurement without samples: both panic, the latter before it calls the
/// operation.
///
/// Next: a median of no durations would be a number that somebody made up.
#[fact(panics)]
fn nothing_has_no_summary() {
    expect_eq!(of([7]), summary(7, 7, 0), "the summary of one duration, which there is");
    expect!(catch_unwind(|| Summary::of(&[])).is_err(), "the summary of no durations", "a panic", "a summary");
    let calls = Cell::new(0);
    let (clock, plan) = (Scripted::new(0, 1), Plan { warm_up: 1, samples: 0, at_least: nanos(0) });
    let operation = || {
        calls.set(calls.get() + 1);
        Ok::<_, Infallible>(())
    };
    let Ok(seen) = measure(&clock, &Plan { samples: 1, ..plan }, operation);
    expect_eq!((seen, calls.replace(0)), (summary(0, 0, 0), 4), "measure with a plan of 1 sample, and its calls");
    let seen = catch_panic(|| measure(&clock, &plan, operation));
    expect!(seen.is_err(), "measure with a plan of 0 samples", "a panic", "a summary");
    expect_eq!(calls.get(), 0, "calls of the operation in measure with a plan of 0 samples");
}
