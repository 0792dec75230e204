//! What a measurement calls, how often, and what of it counts; the real clock; and two measurements in one cost.

use super::clock::{Scripted, measured};
use super::statistics::{nanos, summary};
use harness::{expect, expect_eq, fact};
use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::time::Instant;
use subject::{Clock, Contender, Cost, MAX_BATCH, Monotonic, Plan, cost, measure};

/// The first call, the batches in search of a size, and the warm-up are not among the samples, and every sample is.
///
/// Next: count the calls with the brief at hand: 1, then 1, then those of the warm-up; the next one is the first
/// sample.
#[fact(negated)]
fn only_the_samples_count() {
    // Call number n takes 2^n, so that every number tells which calls are in it.
    for (warm_up, first) in [(0, 4), (1, 8), (3, 32)] {
        let about = format!("{warm_up} batches of warm-up, when call n takes 2^n ns, n from 0");
        let (seen, _) = measured(&Scripted::new(0, 1), (warm_up, 1, 0), |call| 1 << call);
        expect_eq!(seen, summary(first, first, 0), format!("one sample after {about}"));
        let (seen, _) = measured(&Scripted::new(0, 1), (warm_up, 3, 0), |call| 1 << call);
        expect_eq!(seen, summary(2 * first, 4 * first, first), format!("three samples after {about}"));
    }
    // Batches of 4: one call, 1 + 2 + 4 calls, and 4 of the warm-up.
    let (seen, _) = measured(&Scripted::new(0, 1), (1, 5, 35), |call| if call < 12 { 10 } else { 30 });
    expect_eq!(seen, summary(30, 30, 0), "batches of 4, when calls 0 to 11 take 10 ns and later ones 30 ns");
}

/// The operation is called exactly as often as the plan says.
///
/// Next: 1 + (2b - 1) + (warm_up + samples) · b calls, for batches of b.
#[fact]
fn the_operation_is_called_as_often_as_planned() {
    // What the calls take, the plan, and the size of the batches.
    let cases = [
        (10, (0, 1, 0), 1),
        (10, (4, 7, 10), 1),
        (10, (4, 7, 11), 2),
        (25, (0, 5, 100), 4),
        (25, (2, 5, 101), 8),
        (3, (1, 2, 1_000), 512),
    ];
    for (length, (warm_up, samples, at_least), batch) in cases {
        let about = format!(
            "calls of an operation of {length} ns, with a warm-up of {warm_up}, {samples} samples and batches of \
             {at_least} ns or more"
        );
        let (seen, calls) = measured(&Scripted::new(60, 1), (warm_up, samples, at_least), |_| length);
        expect_eq!(calls, 2 * batch + (warm_up + samples) as u64 * batch, about);
        expect_eq!(seen, summary(length, length, 0), format!("the summary instead of the number of {about}"));
    }
}

/// What only the very first call has to pay does not decide the size of the batches.
///
/// Next: call the operation once before anything is measured.
#[fact]
fn a_slow_first_call_decides_nothing() {
    let (seen, calls) = measured(&Scripted::new(0, 1), (1, 5, 1_000), |call| if call == 0 { 1_000_000 } else { 10 });
    expect_eq!(seen, summary(10, 10, 0), "10 ns, when the first call takes 1 ms");
    expect_eq!(
        calls,
        2 * 128 + 6 * 128,
        "calls in batches of at least 1 µs, when the first one takes 1 ms, later ones 10 ns"
    );
}

/// An operation that is shorter than a tick of the clock is measured in batches; the time of one call is rounded down.
///
/// Next: the time of the batch is divided by its size, once, at the end.
#[fact]
fn batches_see_what_is_shorter_than_a_tick() {
    let (seen, calls) = measured(&Scripted::new(0, 1_000), (2, 9, 100_000), |_| 30);
    expect_eq!(calls, 2 * 4_096 + 11 * 4_096, "calls of 30 ns in batches of at least 100 µs");
    let fits = (29..=30).contains(&seen.median.as_nanos()) && seen.mad <= nanos(1);
    expect!(fits, "30 ns, on a clock with ticks of 1 µs", "a median of 29 or 30 ns", format!("{seen:?}"));
    // Batches of 4, in which one call takes 3 ns longer.
    let (seen, _) = measured(&Scripted::new(0, 1), (0, 5, 35), |call| 10 + if call % 4 == 0 { 3 } else { 0 });
    expect_eq!(seen, summary(10, 10, 0), "43 ns for four calls");
}

/// On a clock that stands still, batches end at `MAX_BATCH`.
///
/// Next: the search for a size must end, whatever the clock says.
#[fact]
fn a_clock_that_stands_still_ends_the_search() {
    expect_eq!(MAX_BATCH, 65_536, "MAX_BATCH, which is given");
    let (seen, calls) = measured(&Scripted::new(0, 1), (1, 2, 1), |_| 0);
    expect_eq!(seen, summary(0, 0, 0), "anything, on a clock that stands still");
    expect_eq!(calls, (2 + 3) * u64::from(MAX_BATCH), "calls on a clock that stands still");
}

/// The first error of the operation ends the measurement and is what it returns.
///
/// Next: `?`, in each of the phases.
#[fact]
fn the_first_error_ends_it() {
    // Batches of 2: call 0, 1 in search, 2 and 3, 4 and 5 as warm-up, 6 to 9 as samples.
    for fatal in 0..10 {
        let clock = Scripted::new(0, 1);
        let mut calls = 0;
        let plan = Plan { warm_up: 1, samples: 2, at_least: nanos(20) };
        let seen = measure(&clock, &plan, || {
            clock.pass(10);
            calls += 1;
            if calls > fatal { Err(format!("error of call {}", calls - 1)) } else { Ok(()) }
        });
        expect_eq!(seen, Err(format!("error of call {fatal}")), format!("measure, when call {fatal} fails (from 0)"));
        expect_eq!(calls, fatal + 1, format!("calls of the operation, when call {fatal} fails (from 0)"));
    }
}

/// What the operation returns is dropped at once: before the next call, and as a part of what is measured.
///
/// Next: do not collect results; hand each one to `black_box` and let it go.
#[fact(negated)]
fn results_are_dropped_inside_the_batch() {
    struct Slow<'a>(&'a Scripted, &'a Cell<usize>);
    impl Drop for Slow<'_> {
        fn drop(&mut self) {
            self.0.pass(7);
            self.1.set(self.1.get() - 1);
        }
    }
    let (clock, alive) = (Scripted::new(15, 1), Cell::new(0));
    let plan = Plan { warm_up: 1, samples: 4, at_least: nanos(100) };
    let Ok(seen) = measure(&clock, &plan, || {
        expect_eq!(alive.get(), 0, "results that are alive when the operation is called");
        alive.set(1);
        clock.pass(10);
        Ok::<_, Infallible>(Slow(&clock, &alive))
    });
    expect_eq!(seen, summary(17, 17, 0), "an operation of 10 ns, with a result whose drop takes 7 ns");
}

/// The real clock agrees with `Instant`.
///
/// Next: keep the `Instant` at which the clock was made; `elapsed` does the rest.
#[fact]
fn the_real_clock_agrees_with_instant() {
    let outer = Instant::now();
    let clock = Monotonic::new();
    let inner = Instant::now();
    for _ in 0..2_000 {
        let least = inner.elapsed();
        let seen = clock.now();
        let most = outer.elapsed();
        expect!(
            (least..=most).contains(&seen),
            "Monotonic, between two readings of Instants",
            format!("{least:?} to {most:?}"),
            format!("{seen:?}")
        );
    }
    let later = Monotonic::default();
    expect!(later.now() <= clock.now(), "a clock that was made later", "it is behind", "it is ahead");
    let copy = clock;
    expect!(copy.now() <= clock.now(), "a copy of the clock", "it has the same beginning", "it is ahead");
}

/// `cost` measures what the contender does, `create` first and `round_trip` after it, both on the given clock.
///
/// Next: two calls of `measure`; the first error ends both.
#[fact]
fn the_cost_is_two_measurements() {
    struct Script<'a>(&'a Scripted, Vec<&'static str>, usize);
    impl Script<'_> {
        fn act(&mut self, name: &'static str, base: u64) -> io::Result<()> {
            self.1.push(name);
            self.0.pass(base + self.1.len() as u64);
            if self.1.len() > self.2 { Err(io::Error::other("as scripted")) } else { Ok(()) }
        }
    }
    impl Contender for Script<'_> {
        fn create(&mut self) -> io::Result<()> {
            self.act("create", 1_000)
        }
        fn round_trip(&mut self) -> io::Result<()> {
            self.act("round_trip", 100)
        }
    }
    let (clock, plan) = (Scripted::new(9, 1), Plan { warm_up: 1, samples: 3, at_least: nanos(0) });
    let mut script = Script(&clock, Vec::new(), 100);
    let seen = cost(&clock as &dyn Clock, &plan, &mut script as &mut dyn Contender).ok();
    let expected = Cost { create: summary(1_005, 1_006, 1), switch: summary(111, 112, 1) };
    expect_eq!(seen, Some(expected), "the cost of a contender whose calls take a nanosecond more each time");
    let expected = [["create"; 6], ["round_trip"; 6]].concat();
    expect_eq!(script.1, expected, "what was called for a warm-up of 1 and 3 samples");
    for (fatal, calls) in [(3, 4), (8, 9)] {
        let mut script = Script(&clock, Vec::new(), fatal);
        let seen = cost(&clock, &plan, &mut script).map_err(|error| error.to_string());
        expect_eq!(seen, Err("as scripted".to_owned()), format!("cost, when call {calls} of the contender fails"));
        expect_eq!(script.1.len(), calls, format!("calls of the contender, of which number {calls} fails"));
    }
}
