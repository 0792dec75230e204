//! How long statistics take, against the reference.

use harness::workload;
use std::time::Duration;
use subject::Summary;

/// Many durations are summed up.
#[workload(cpu)]
fn summaries_of_many_durations(n: u64) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut checksum = 0u64;
    for _ in 0..n {
        let durations: Vec<Duration> = (0..3_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                Duration::from_nanos(state >> 40)
            })
            .collect();
        let Summary { median, p95, mad } = Summary::of(&durations);
        checksum = [median, p95, mad]
            .iter()
            .fold(checksum, |sum, duration| sum.wrapping_mul(31).wrapping_add(duration.as_nanos() as u64));
    }
    checksum
}
