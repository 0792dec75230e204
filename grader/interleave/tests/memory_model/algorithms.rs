//! Locks and other algorithms whose correctness is known, and broken ones whose fault is.

use interleave::engine::{Exploration, FailureKind, Limits, Mark, Phase, Plan, explore};
use interleave::hint;
use interleave::sync::atomic::Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use interleave::sync::atomic::{AtomicBool, AtomicUsize, fence};
use interleave::sync::{Arc, Mutex};
use interleave::thread;
use interleave::tracked::Tracked;

/// Both random searches, then all schedules with up to two deviations.
fn find(weak_memory: bool, body: impl Fn() + 'static) -> Exploration {
    let limits = Limits { weak_memory, ..Limits::default() };
    let bounded = |preemptions| Phase::Bounded { preemptions, most: 20_000 };
    let phases = vec![
        bounded(0),
        bounded(1),
        bounded(2),
        Phase::Urw { seed: 1, schedules: 500 },
        Phase::Random { seed: 2, schedules: 1000 },
    ];
    explore(&Plan { phases, steps: u64::MAX, limits }, body)
}

fn kind(exploration: &Exploration) -> Option<FailureKind> {
    exploration.found.as_ref().map(|found| found.failure.kind)
}

/// A value that only one of two threads may touch at a time.
struct Section<L> {
    lock: L,
    value: Tracked<u32>,
}

/// What two threads do, numbered 0 and 1: the second one does it twice.
fn contend<L: Default + Send + Sync + 'static>(enter: fn(&L, usize) -> bool, leave: fn(&L, usize)) -> impl Fn() {
    move || {
        let section = Arc::new(Section { lock: L::default(), value: Tracked::new(0) });
        let visit = move |section: &Section<L>, number| {
            if enter(&section.lock, number) {
                section.value.write(|value| *value += 1);
                leave(&section.lock, number);
            }
        };
        let theirs = Arc::clone(&section);
        let other = thread::spawn(move || {
            visit(&theirs, 1);
            visit(&theirs, 1);
        });
        visit(&section, 0);
        other.join().unwrap();
    }
}

#[track_caller]
fn is_correct<L: Default + Send + Sync + 'static>(enter: fn(&L, usize) -> bool, leave: fn(&L, usize)) {
    for weak_memory in [false, true] {
        let exploration = find(weak_memory, contend(enter, leave));
        assert_eq!(kind(&exploration), None, "weak memory: {weak_memory}; {exploration:#?}");
    }
}

/// Whether a race is found with every load reading the newest value, and in weak memory.
fn races<L: Default + Send + Sync + 'static>(enter: fn(&L, usize) -> bool, leave: fn(&L, usize)) -> (bool, bool) {
    let race = |weak_memory| match kind(&find(weak_memory, contend(enter, leave))) {
        None => false,
        Some(FailureKind::Race) => true,
        Some(other) => panic!("{other:?}"),
    };
    (race(false), race(true))
}

fn spin(lock: &AtomicBool, _: usize) -> bool {
    while lock.swap(true, Acquire) {
        hint::spin_loop();
    }
    true
}

#[test]
fn a_spin_lock() {
    is_correct(spin, |lock, _| lock.store(false, Release));
    // By an exchange that may fail for no reason, and a loop that only looks.
    let weak: fn(&AtomicBool, usize) -> bool = |lock, _| {
        while lock.compare_exchange_weak(false, true, Acquire, Relaxed).is_err() {
            while lock.load(Relaxed) {
                hint::spin_loop();
            }
        }
        true
    };
    is_correct(weak, |lock, _| lock.store(false, Release));
    // By fences.
    let fenced: fn(&AtomicBool, usize) -> bool = |lock, _| {
        while lock.swap(true, Relaxed) {
            hint::spin_loop();
        }
        fence(Acquire);
        true
    };
    let leave: fn(&AtomicBool, usize) = |lock, _| {
        fence(Release);
        lock.store(false, Relaxed);
    };
    is_correct(fenced, leave);
}

#[test]
fn a_spin_lock_with_a_relaxed_side_races_even_if_every_load_reads_the_newest() {
    assert_eq!(races(spin, |lock, _| lock.store(false, Relaxed)), (true, true));
    let relaxed: fn(&AtomicBool, usize) -> bool = |lock, _| {
        while lock.swap(true, Relaxed) {
            hint::spin_loop();
        }
        true
    };
    assert_eq!(races(relaxed, |lock, _| lock.store(false, Release)), (true, true));
}

#[test]
fn a_spin_lock_that_looks_before_it_stores_races() {
    let enter: fn(&AtomicBool, usize) -> bool = |lock, _| {
        while lock.load(Acquire) {
            hint::spin_loop();
        }
        lock.store(true, Release);
        true
    };
    assert_eq!(races(enter, |lock, _| lock.store(false, Release)), (true, true));
}

/// G. L. Peterson, "Myths about the mutual exclusion problem", 1981.
#[derive(Default)]
struct Peterson {
    wants: [AtomicBool; 2],
    turn: AtomicUsize,
}

impl Peterson {
    fn wait(&self, me: usize, load: Ordering) -> bool {
        while self.wants[1 - me].load(load) && self.turn.load(load) == 1 - me {
            hint::spin_loop();
        }
        true
    }

    fn leave(&self, me: usize) {
        self.wants[me].store(false, Release);
    }
}

#[test]
fn petersons_lock_with_seq_cst() {
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, SeqCst);
        lock.turn.store(1 - me, SeqCst);
        lock.wait(me, SeqCst)
    };
    is_correct(enter, Peterson::leave);
}

#[test]
fn petersons_lock_with_release_and_acquire_breaks_in_weak_memory() {
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, Release);
        lock.turn.store(1 - me, Release);
        lock.wait(me, Acquire)
    };
    assert_eq!(races(enter, Peterson::leave), (false, true));
}

#[test]
fn petersons_lock_with_fences() {
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, Relaxed);
        fence(SeqCst);
        lock.turn.store(1 - me, Relaxed);
        fence(SeqCst);
        lock.wait(me, Acquire)
    };
    is_correct(enter, Peterson::leave);
}

#[test]
fn petersons_lock_with_one_fence_breaks_in_weak_memory() {
    // Nothing makes the other's wish known before its turn is.
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, Release);
        lock.turn.store(1 - me, Release);
        fence(SeqCst);
        lock.wait(me, Acquire)
    };
    assert_eq!(races(enter, Peterson::leave), (false, true));
}

#[test]
fn petersons_lock_by_exchanging_the_turn() {
    // A. Williams, "Peterson's lock with C++0x atomics", 2008, after D. Vyukov.
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, Relaxed);
        lock.turn.swap(1 - me, AcqRel);
        lock.wait(me, Acquire)
    };
    is_correct(enter, Peterson::leave);
}

#[test]
fn petersons_lock_that_looks_at_the_turn_with_relaxed_ordering_races_since_cpp20() {
    // As published. Who enters because the other has come back reads only what the other has stored since it left: a relaxed
    // store, which continued the release sequence of the one before until P0982.
    let enter: fn(&Peterson, usize) -> bool = |lock, me| {
        lock.wants[me].store(true, Relaxed);
        lock.turn.swap(1 - me, AcqRel);
        while lock.wants[1 - me].load(Acquire) && lock.turn.load(Relaxed) == 1 - me {
            hint::spin_loop();
        }
        true
    };
    assert_eq!(races(enter, Peterson::leave), (true, true));
}

/// T. J. Dekker's idea, without the waiting: whoever sees the other's flag gives up.
type Dekker = [AtomicBool; 2];

#[test]
fn dekkers_flags() {
    let enter: fn(&Dekker, usize) -> bool = |flags, me| {
        flags[me].store(true, SeqCst);
        !flags[1 - me].load(SeqCst)
    };
    let leave: fn(&Dekker, usize) = |_, _| {};
    is_correct(enter, leave);
    let fenced: fn(&Dekker, usize) -> bool = |flags, me| {
        flags[me].store(true, Relaxed);
        fence(SeqCst);
        !flags[1 - me].load(Relaxed)
    };
    is_correct(fenced, leave);
}

#[test]
fn dekkers_flags_with_release_and_acquire_break_in_weak_memory() {
    let enter: fn(&Dekker, usize) -> bool = |flags, me| {
        flags[me].store(true, Release);
        !flags[1 - me].load(Acquire)
    };
    assert_eq!(races(enter, |_, _| {}), (false, true));
}

/// A sequence lock of two words, read with these fences. H.-J. Boehm, "Can Seqlocks Get Along with Programming Language
/// Memory Models?", MSPC 2012.
fn sequence_lock(after_odd: Option<Ordering>, before_check: Option<Ordering>) -> impl Fn() {
    move || {
        let shared: Arc<[AtomicUsize; 3]> = Arc::default();
        let theirs = Arc::clone(&shared);
        let writer = thread::spawn(move || {
            let [sequence, first, second] = &*theirs;
            sequence.store(1, Relaxed);
            after_odd.into_iter().for_each(fence);
            first.store(7, Relaxed);
            second.store(7, Relaxed);
            sequence.store(2, Release);
        });
        let [sequence, first, second] = &*shared;
        let before = sequence.load(Acquire);
        let read = (first.load(Relaxed), second.load(Relaxed));
        before_check.into_iter().for_each(fence);
        if before % 2 == 0 && sequence.load(Relaxed) == before {
            assert_eq!(read.0, read.1, "torn");
        }
        writer.join().unwrap();
    }
}

#[test]
fn a_sequence_lock_needs_both_its_fences() {
    let torn = |after_odd, before_check| {
        [false, true].map(|weak_memory| kind(&find(weak_memory, sequence_lock(after_odd, before_check))))
    };
    assert_eq!(torn(Some(Release), Some(Acquire)), [None, None]);
    assert_eq!(torn(None, Some(Acquire)), [None, Some(FailureKind::Panic)]);
    assert_eq!(torn(Some(Release), None), [None, Some(FailureKind::Panic)]);
}

/// Initialisation by whoever comes first, checked again under the lock.
fn double_checked(publish: Ordering, check: Ordering) -> impl Fn() {
    move || {
        let shared = Arc::new((AtomicBool::new(false), Mutex::new(()), Tracked::new(0)));
        let get = move |shared: &(AtomicBool, Mutex<()>, Tracked<u32>)| {
            if !shared.0.load(check) {
                let _guard = shared.1.lock().unwrap();
                if !shared.0.load(Relaxed) {
                    shared.2.set(42);
                    shared.0.store(true, publish);
                }
            }
            assert_eq!(shared.2.get(), 42);
        };
        let theirs = Arc::clone(&shared);
        let other = thread::spawn(move || get(&theirs));
        get(&shared);
        other.join().unwrap();
    }
}

#[test]
fn double_checked_initialisation_needs_release_and_acquire() {
    let found = |publish, check| [false, true].map(|weak| kind(&find(weak, double_checked(publish, check))));
    let race = Some(FailureKind::Race);
    assert_eq!(found(Release, Acquire), [None, None]);
    assert_eq!(found(Relaxed, Acquire), [race, race]);
    assert_eq!(found(Release, Relaxed), [race, race]);
}

/// A lock whose one waiter parks. If it does not look again after it has said that it waits, the unlocking may have missed
/// that.
fn parking_lock(looks_again: bool) -> impl Fn() {
    move || {
        let shared = Arc::new((AtomicBool::new(true), Mutex::new(None::<thread::Thread>)));
        let theirs = Arc::clone(&shared);
        let waiter = thread::spawn(move || {
            let (locked, waiting) = &*theirs;
            while locked.swap(true, Acquire) {
                *waiting.lock().unwrap() = Some(thread::current());
                if !looks_again || locked.load(SeqCst) {
                    thread::park();
                }
            }
        });
        let (locked, waiting) = &*shared;
        locked.store(false, SeqCst);
        let waiting = waiting.lock().unwrap().take();
        waiting.inspect(thread::Thread::unpark);
        waiter.join().unwrap();
    }
}

#[test]
fn a_lock_by_parking_loses_the_wakeup_unless_it_looks_again() {
    assert_eq!(kind(&find(false, parking_lock(false))), Some(FailureKind::LostWakeup));
    for weak_memory in [false, true] {
        let exploration = find(weak_memory, parking_lock(true));
        assert_eq!(kind(&exploration), None, "{exploration:#?}");
    }
}

#[test]
fn a_loop_on_a_relaxed_flag_ends() {
    for spins in [true, false] {
        let exploration = find(true, move || {
            let flag = Arc::new(AtomicBool::new(false));
            let theirs = Arc::clone(&flag);
            let waiter = thread::spawn(move || {
                while !theirs.load(Relaxed) {
                    if spins {
                        hint::spin_loop();
                    }
                }
            });
            flag.store(true, Relaxed);
            waiter.join().unwrap();
        });
        assert_eq!(kind(&exploration), None, "{exploration:#?}");
    }
}

#[test]
fn a_weak_exchange_fails_for_no_reason_in_weak_memory_only() {
    let fails = |weak_memory| {
        find(weak_memory, || {
            let flag = AtomicBool::new(false);
            assert!(flag.compare_exchange_weak(false, true, SeqCst, SeqCst).is_ok());
        })
    };
    assert_eq!(kind(&fails(false)), None);
    assert_eq!(kind(&fails(true)), Some(FailureKind::Panic));
}

#[test]
fn nothing_fails_or_stays_out_of_date_for_ever() {
    let all = |body: fn()| {
        let limits = Limits { weak_memory: true, ..Limits::default() };
        let phases = vec![Phase::Bounded { preemptions: 100, most: 20_000 }];
        let exploration = explore(&Plan { phases, steps: u64::MAX, limits }, body);
        assert_eq!(kind(&exploration), None, "{exploration:#?}");
        assert!(exploration.covered[0].exhausted);
    };
    all(|| {
        let flag = AtomicBool::new(false);
        let failures = (0..).take_while(|_| flag.compare_exchange_weak(false, true, AcqRel, Relaxed).is_err());
        assert!(failures.count() <= 1);
    });
    all(|| {
        let flag = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&flag);
        let writer = thread::spawn(move || theirs.store(true, Relaxed));
        // Giving way lets the writer take a step, the fourth time at the latest.
        let looks = (0..).take_while(|_| {
            hint::spin_loop();
            !flag.load(Relaxed)
        });
        assert!(looks.count() <= 20);
        writer.join().unwrap();
    });
}

#[test]
fn steps_say_what_was_read() {
    let exploration = find(false, || {
        let count = AtomicUsize::new(3);
        count.fetch_add(1, Relaxed);
        count.store(7, Relaxed);
        fence(SeqCst);
        _ = count.compare_exchange(0, 1, AcqRel, Relaxed);
        _ = count.fetch_update(AcqRel, Relaxed, |count| Some(count + 1));
        assert_eq!(count.load(Relaxed), 0, "shown");
    });
    let recording = exploration.found.unwrap().recording;
    let done: Vec<_> = recording.events.iter().filter(|event| event.mark == Mark::Done).collect();
    let steps: Vec<_> = done.iter().map(|event| format!("{} {}", event.operation, event.detail)).collect();
    let expected = [
        "fetch_add 3 → 4",
        "store = 7",
        "fence SeqCst",
        "compare_exchange expected 0, found 7",
        "fetch_update = 7",
        "fetch_update 7 → 8",
        "load = 8",
    ];
    assert_eq!(steps[..expected.len()], expected);
    assert!(done.iter().all(|event| event.at.file().ends_with("algorithms.rs")), "{recording:#?}");
}
