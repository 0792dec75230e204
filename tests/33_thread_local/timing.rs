//! What it costs to find one's own value: among those of many threads, and among many objects.

use harness::workload;
use std::cell::Cell;
use std::hint::black_box;
use std::sync::Barrier;
use subject::ThreadLocal;

/// Eight threads look up their values again and again, after 200 others have come and gone.
#[workload(cpu)]
fn eight_threads_among_many_look_up_their_values(n: u64) -> u64 {
    let sums: ThreadLocal<Cell<u64>> = ThreadLocal::new();
    let (begin, go_on) = (Barrier::new(9), Barrier::new(9));
    std::thread::scope(|scope| {
        let (sums, begin, go_on) = (&sums, &begin, &go_on);
        for thread in 0..8 {
            scope.spawn(move || {
                sums.get_or(|| Cell::new(thread));
                begin.wait();
                go_on.wait();
                for round in 0..50_000 * n {
                    if let Some(sum) = black_box(sums).get() {
                        sum.set(sum.get().wrapping_mul(31) ^ round);
                    }
                }
            });
        }
        begin.wait();
        for thread in 0..200 {
            std::thread::scope(|scope| drop(scope.spawn(move || _ = sums.get_or(|| Cell::new(thread)))));
        }
        go_on.wait();
    });
    sums.into_iter().map(Cell::into_inner).fold(0, u64::wrapping_add)
}

/// One thread with 1792 objects, one in five of which is replaced by a new one while it goes round.
///
/// So many entries fill one of std's hash maps to the brim: whoever looks for dead ones whenever the map is full, and makes no room
/// when there are few, looks each time.
#[workload(cpu)]
fn one_thread_uses_many_objects(n: u64) -> u64 {
    let mut objects: Vec<ThreadLocal<Cell<u64>>> = (0..1792).map(|_| ThreadLocal::new()).collect();
    let mut sum = 0_u64;
    for round in 0..n {
        for (number, object) in objects.iter_mut().enumerate() {
            if (number as u64 + round).is_multiple_of(5) {
                *object = ThreadLocal::new();
            }
            let value = object.get_or(|| Cell::new(round));
            value.set(value.get() + 1);
            sum = sum.wrapping_mul(31) ^ value.get();
        }
    }
    sum
}
