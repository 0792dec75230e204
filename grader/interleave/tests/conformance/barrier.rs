// As in every file of programs: plain std code; `std` is `interleave` the second time.
use std::sync::{Arc, Barrier};
use std::thread;

pub(super) fn one_leads() -> Vec<usize> {
    let barrier = Arc::new(Barrier::new(3));
    let rounds = |barrier: &Barrier| [barrier.wait().is_leader(), barrier.wait().is_leader()];
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || rounds(&barrier))
        })
        .collect();
    let mut results = vec![rounds(&barrier)];
    results.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
    // Who leads is up to the schedule; how many do is not.
    (0..2).map(|round| results.iter().filter(|result| result[round]).count()).collect()
}

pub(super) fn debug_output() -> String {
    let barrier = Barrier::new(1);
    format!("{barrier:?} {:?} {:?}", barrier.wait(), Barrier::new(0).wait())
}
