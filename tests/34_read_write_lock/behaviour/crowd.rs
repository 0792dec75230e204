//! Many threads at once: no increment is lost, and no half-written value is seen.

use super::value::value;
use harness::{Actor, actor, expect_eq, fact};
use std::hint::black_box;
use std::sync::Arc;
use subject::{RwLock, WriteGuard};

/// Eight threads that each add 1 a thousand times bring the value to 8000.
///
/// Next: two write guards were alive at once, or a guard led to a copy.
#[fact(negated)]
fn eight_writers_lose_no_increment() {
    let lock = Arc::new(RwLock::new(0u64));
    let writers: Vec<Actor<()>> = (0..8)
        .map(|n| {
            let lock = Arc::clone(&lock);
            actor(&format!("writer {n}"), move || {
                for _ in 0..1000 {
                    let mut guard = lock.write().expect("the lock is not poisoned");
                    let value = black_box(*guard);
                    *guard = value + 1;
                }
            })
        })
        .collect();
    writers.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), 8000, "the value, after 8 × 1000 additions");
}

/// Readers, writers and downgrading writers by the hundred all get through, and no reader sees a half-written value.
///
/// Next: find a pair of events after which nobody wakes a thread that could go on.
#[fact]
fn a_crowd_gets_through_and_sees_whole_values() {
    let lock = Arc::new(RwLock::new([0u64; 2]));
    let whole = |[left, right]: [u64; 2]| {
        expect_eq!(left, right, "the two halves of a value that writers change together");
    };
    let actors: Vec<Actor<()>> = (0..6)
        .map(|n| {
            let lock = Arc::clone(&lock);
            actor(&format!("thread {n}"), move || {
                for round in 0..300 {
                    if (n + round) % 3 > 0 {
                        whole(*lock.read().expect("the lock is not poisoned"));
                        continue;
                    }
                    let mut guard = lock.write().expect("the lock is not poisoned");
                    guard[0] += 1;
                    guard[1] = black_box(guard[0]);
                    if round % 2 == 0 {
                        whole(*WriteGuard::downgrade(guard));
                    }
                }
            })
        })
        .collect();
    actors.into_iter().for_each(Actor::finish);
    expect_eq!(value(&lock), [600; 2], "the value, after 6 × 100 writers added 1 to both halves");
}
