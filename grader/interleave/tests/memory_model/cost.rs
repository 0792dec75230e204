//! What a schedule costs. Run in release: `cargo test --release --test memory_model -- --ignored --nocapture cost`.

use interleave::engine::{Limits, Phase, Plan, explore};
use interleave::sync::Arc;
use interleave::sync::atomic::AtomicUsize;
use interleave::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use interleave::thread;
use std::time::Instant;

#[test]
#[ignore = "a measurement"]
fn cost_of_forty_steps() {
    for weak_memory in [false, true] {
        for bounded in [false, true] {
            let limits = Limits { weak_memory, ..Limits::default() };
            let phase = match bounded {
                true => Phase::Bounded { preemptions: 3, most: 50_000 },
                false => Phase::Random { seed: 1, schedules: 50_000 },
            };
            let begun = Instant::now();
            let exploration = explore(&Plan { phases: vec![phase], steps: u64::MAX, limits }, || {
                let shared: Arc<[AtomicUsize; 2]> = Arc::default();
                let work = |[count, flag]: &[AtomicUsize; 2]| {
                    for _ in 0..6 {
                        count.fetch_add(1, AcqRel);
                        flag.store(1, Release);
                        flag.load(Acquire);
                    }
                };
                let threads: Vec<_> = (0..2).map(|_| Arc::clone(&shared)).collect();
                let threads: Vec<_> = threads.into_iter().map(|shared| thread::spawn(move || work(&shared))).collect();
                threads.into_iter().for_each(|thread| thread.join().unwrap());
            });
            let each = begun.elapsed() / exploration.schedules as u32;
            let steps = exploration.steps / exploration.schedules as u64;
            println!("weak memory: {weak_memory}, bounded: {bounded}: {each:?} for {steps} steps");
        }
    }
}
