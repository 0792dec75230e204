//! What the GIL costs: a tick that nobody waits for, and a hand-over while many wait.

use harness::workload;
use subject::Gil;

/// A single thread makes ticks that find nobody waiting.
#[workload(cpu)]
fn ticks_that_nobody_waits_for(n: u64) -> u64 {
    let gil = Gil::new(100);
    for _ in 0..n {
        gil.with(|py| (0..2_000).for_each(|_| std::hint::black_box(py).tick()));
    }
    gil.stats().acquisitions
}

/// Thirty-two threads pass the GIL round. Only real hand-overs count: a thread that starts early finds nobody waiting.
#[workload]
fn a_hand_over_past_many_waiting_threads(n: u64) -> u64 {
    const THREADS: u64 = 32;
    let (gil, hand_overs) = (Gil::new(1), n * 100);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                gil.with(|py| {
                    while gil.stats().forced_switches < hand_overs {
                        py.tick();
                    }
                });
            });
        }
    });
    gil.stats().forced_switches.min(hand_overs)
}
