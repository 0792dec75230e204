//! Races are found whether or not they happen, and order is recognised however it comes about.

use interleave::engine::{Exploration, FailureKind, Limits, Mark, Phase, Plan, explore};
use interleave::sync::atomic::AtomicU32;
use interleave::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use interleave::sync::{Arc, Mutex};
use interleave::thread;
use interleave::tracked::Tracked;

/// The schedule without any preemption, and no other.
fn only_the_usual(body: impl Fn() + 'static) -> Exploration {
    let phases = vec![Phase::Bounded { preemptions: 0, most: 1 }];
    explore(&Plan { phases, steps: u64::MAX, limits: Limits::default() }, body)
}

fn all(body: impl Fn() + 'static) -> Exploration {
    let phases = vec![Phase::Bounded { preemptions: 100, most: 100_000 }];
    let exploration = explore(&Plan { phases, steps: u64::MAX, limits: Limits::default() }, body);
    assert!(exploration.found.is_some() || exploration.covered[0].exhausted, "{exploration:#?}");
    exploration
}

#[track_caller]
fn message(exploration: Exploration) -> String {
    let failure = exploration.found.expect("there is a race").failure;
    assert_eq!(failure.kind, FailureKind::Race, "{failure:?}");
    assert!(
        failure.at.is_some_and(|at| at.file().ends_with("tracked.rs") && !at.file().contains("src")),
        "{failure:?}"
    );
    failure.message
}

/// Runs both, the first one in a thread of this name.
fn two(name: &str, theirs: impl FnOnce(&Tracked<u32>) + Send + 'static, own: impl FnOnce(&Tracked<u32>)) {
    let value = Arc::new(Tracked::new(0));
    let shared = Arc::clone(&value);
    let handle = thread::Builder::new().name(name.to_owned()).spawn(move || theirs(&shared)).unwrap();
    own(&value);
    handle.join().unwrap();
}

#[test]
fn an_unordered_read_after_a_write_is_a_race_in_every_schedule() {
    let exploration = only_the_usual(|| two("reader-1", |value| _ = value.get(), |value| value.set(1)));
    assert_eq!(message(exploration), "reader-1 reads it while nothing orders this after the scenario's write");
}

#[test]
fn an_unordered_write_after_a_read_is_a_race() {
    let exploration = only_the_usual(|| two("writer", |value| value.set(1), |value| _ = value.get()));
    assert_eq!(message(exploration), "writer writes it while nothing orders this after the scenario's read");
}

#[test]
fn two_unordered_writes_are_a_race() {
    let exploration = only_the_usual(|| two("writer", |value| value.set(1), |value| value.set(2)));
    assert_eq!(message(exploration), "writer writes it while nothing orders this after the scenario's write");
}

#[test]
fn reads_do_not_race() {
    assert!(all(|| two("reader", |value| _ = value.get(), |value| _ = value.get())).found.is_none());
}

#[test]
fn starting_and_joining_a_thread_order_accesses() {
    let exploration = all(|| {
        let value = Arc::new(Tracked::new(0));
        value.set(1);
        let shared = Arc::clone(&value);
        thread::spawn(move || shared.write(|value| *value += 1)).join().unwrap();
        assert_eq!(value.get(), 2);
    });
    assert!(exploration.found.is_none(), "{exploration:#?}");
}

#[test]
fn a_mutex_orders_accesses() {
    let exploration = all(|| {
        let shared = Arc::new((Mutex::new(()), Tracked::new(0)));
        let theirs = Arc::clone(&shared);
        let add = |shared: &(Mutex<()>, Tracked<u32>)| {
            let _guard = shared.0.lock().unwrap();
            shared.1.write(|value| *value += 1);
        };
        let thread = thread::spawn(move || add(&theirs));
        add(&shared);
        thread.join().unwrap();
    });
    assert!(exploration.found.is_none(), "{exploration:#?}");
}

#[test]
fn an_access_that_outlives_its_lock_is_a_race() {
    let exploration = all(|| {
        let shared = Arc::new((Mutex::new(()), Tracked::new(0)));
        let theirs = Arc::clone(&shared);
        let thread = thread::Builder::new().name("writer".to_owned());
        let thread = thread.spawn(move || {
            let guard = theirs.0.lock().unwrap();
            theirs.1.write(|value| {
                *value += 1;
                drop(guard);
            });
        });
        let guard = shared.0.lock().unwrap();
        shared.1.write(|value| *value += 1);
        drop(guard);
        thread.unwrap().join().unwrap();
    });
    assert_eq!(message(exploration), "the scenario writes it while nothing orders this after writer's write");
}

#[test]
fn an_access_within_the_time_of_another_overlaps() {
    let exploration = only_the_usual(|| {
        let value = Arc::new(Tracked::new(0));
        value.write(|_| {
            // The thread knows of the beginning of this, but not of its end.
            let shared = Arc::clone(&value);
            thread::Builder::new().name("reader".to_owned()).spawn(move || shared.get()).unwrap().join().unwrap();
        });
    });
    assert_eq!(message(exploration), "reader reads it while the scenario is still writing it");
}

/// A thread writes and then does something to a flag; the scenario reads if the flag says so.
fn hand_over(say: fn(&Tracked<u32>, &AtomicU32), is_said: fn(&AtomicU32) -> bool) -> Exploration {
    all(move || {
        let shared = Arc::new((AtomicU32::new(0), Tracked::new(0)));
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || say(&theirs.1, &theirs.0));
        if is_said(&shared.0) {
            shared.1.get();
        }
        writer.join().unwrap();
    })
}

#[test]
fn a_flag_orders_accesses_if_it_is_released_and_acquired() {
    let expected = "the scenario reads it while nothing orders this after thread-1's write";
    let release: fn(&Tracked<u32>, &AtomicU32) = |value, flag| {
        value.set(1);
        flag.store(1, Release);
    };
    let relaxed: fn(&Tracked<u32>, &AtomicU32) = |value, flag| {
        value.set(1);
        flag.store(1, Relaxed);
    };
    let overwritten: fn(&Tracked<u32>, &AtomicU32) = |value, flag| {
        value.set(1);
        flag.store(1, Release);
        flag.store(2, Relaxed);
    };
    let counted: fn(&Tracked<u32>, &AtomicU32) = |value, flag| {
        value.set(1);
        flag.store(1, Release);
        flag.fetch_add(1, Relaxed);
    };
    assert!(hand_over(release, |flag| flag.load(Acquire) == 1).found.is_none());
    assert!(hand_over(counted, |flag| flag.load(Acquire) == 2).found.is_none());
    assert_eq!(message(hand_over(relaxed, |flag| flag.load(Acquire) == 1)), expected);
    assert_eq!(message(hand_over(release, |flag| flag.load(Relaxed) == 1)), expected);
    assert_eq!(message(hand_over(overwritten, |flag| flag.load(Acquire) == 2)), expected);
    // An exchange that fails is a load.
    assert!(hand_over(release, |flag| flag.compare_exchange(0, 0, Relaxed, Acquire).is_err()).found.is_none());
    assert_eq!(message(hand_over(release, |flag| flag.compare_exchange(0, 0, Acquire, Relaxed).is_err())), expected);
}

#[test]
fn a_write_after_the_release_is_not_ordered_by_it() {
    let late: fn(&Tracked<u32>, &AtomicU32) = |value, flag| {
        flag.store(1, Release);
        value.set(1);
    };
    assert!(hand_over(late, |flag| flag.load(Acquire) == 1).found.is_some());
}

#[test]
fn reads_and_writes_are_steps() {
    let exploration = only_the_usual(|| two("reader", |value| _ = value.get(), |value| value.set(1)));
    let recording = exploration.found.unwrap().recording;
    let done = recording.events.iter().filter(|event| event.mark == Mark::Done);
    let steps: Vec<_> = done.map(|event| event.operation).take(4).collect();
    assert_eq!(steps, ["spawn", "write", "end of write", "join"]);
    assert!(recording.events.iter().any(|event| event.operation == "read"), "{recording:#?}");
}

#[test]
fn an_access_within_an_access_of_the_same_task_is_refused() {
    let value = Tracked::new(0);
    let nested = std::panic::AssertUnwindSafe(|| value.write(|_| value.get()));
    assert!(std::panic::catch_unwind(nested).is_err());
    value.read(|outer| value.read(|inner| assert_eq!(outer, inner)));
    value.set(7);
    assert_eq!(value.into_inner(), 7);
}

/// A thread that does something with a shared value and gives it back, and one that waits until it has the value for itself.
fn after_the_last_other(own: fn(Arc<Tracked<u32>>, &Tracked<u32>)) -> Exploration {
    let phases = vec![Phase::Bounded { preemptions: 2, most: 100_000 }];
    let plan = Plan { phases, steps: u64::MAX, limits: Limits::default() };
    explore(&plan, move || {
        let (value, beside) = (Arc::new(Tracked::new(0)), Arc::new(Tracked::new(0)));
        let theirs = (Arc::clone(&value), Arc::clone(&beside));
        let thread = thread::spawn(move || {
            theirs.1.set(1);
            theirs.0.set(1);
            drop(theirs.0);
        });
        while Arc::strong_count(&value) > 1 {
            thread::yield_now();
        }
        own(value, &beside);
        thread.join().unwrap();
    })
}

#[test]
fn whoever_has_a_value_for_himself_does_not_race_for_it() {
    type Waits = fn(Arc<Tracked<u32>>, &Tracked<u32>);
    let waits: [Waits; 2] = [
        |mut value, beside| {
            let value = Arc::get_mut(&mut value).expect("the other one is gone");
            *value.get_mut() += 1;
            assert_eq!((value.get(), beside.get()), (2, 1));
        },
        |value, beside| {
            let value = Arc::into_inner(value).expect("the other one is gone");
            assert_eq!((value.into_inner(), beside.get()), (1, 1));
        },
    ];
    for own in waits {
        let exploration = after_the_last_other(own);
        assert!(exploration.found.is_none(), "{exploration:#?}");
        assert!(exploration.covered[0].exhausted);
    }
}

#[test]
fn what_is_done_to_an_own_value_is_a_write() {
    let exploration = only_the_usual(|| {
        // The real type tells the engine of no order.
        let place = Arc::new(std::sync::OnceLock::<Tracked<u32>>::new());
        let theirs = Arc::clone(&place);
        let reader = thread::Builder::new().name("reader".to_owned()).spawn(move || {
            while theirs.get().is_none() {
                thread::yield_now();
            }
            theirs.get().unwrap().get()
        });
        let mut value = Tracked::new(0);
        *value.get_mut() = 1;
        place.set(value).unwrap();
        reader.unwrap().join().unwrap();
    });
    assert_eq!(message(exploration), "reader reads it while nothing orders this after the scenario's write");
}
