//! SCTBench: Thomson, Donaldson, Betts, "Concurrency Testing Using Controlled Schedulers: An Empirical Study", TOPC 2016.

use super::bug::{Bug, Version, bug};
use super::platform::hint;
use super::platform::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use super::platform::sync::{Arc, Condvar, Mutex};
use super::platform::thread;
use Ordering::SeqCst;
use interleave::engine::FailureKind::{Deadlock, LostWakeup, Panic};
use std::collections::VecDeque;

corpus! {
    "SCTBench";
    account: bug("CS account_bad", Panic);
    arithmetic_prog: bug("CS arithmetic_prog_bad", Panic);
    bluetooth_driver: bug("CS bluetooth_driver_bad", Panic);
    carter01: bug("CS carter01_bad", Deadlock);
    circular_buffer: bug("CS circular_buffer_bad", Panic);
    deadlock01: bug("CS deadlock01_bad", Deadlock);
    din_phil2: bug("CS din_phil2_sat", Deadlock);
    din_phil5: bug("CS din_phil5_sat", Deadlock);
    fsbench: bug("CS fsbench_bad", Panic);
    lazy01: bug("CS lazy01_bad", Panic);
    phase01: bug("CS phase01_bad", Deadlock);
    queue: bug("CS queue_bad", Panic);
    reorder_3: bug("CS reorder_3_bad", Panic);
    reorder_10: bug("CS reorder_10_bad", Panic);
    reorder_20: bug("CS reorder_20_bad", Panic);
    stack: bug("CS stack_bad", Panic);
    stateful01: bug("CS stateful01_bad", Panic);
    sync01: bug("CS sync01_bad", LostWakeup);
    sync02: bug("CS sync02_bad", LostWakeup);
    token_ring: bug("CS token_ring_bad", Panic);
    twostage: bug("CS twostage_bad", Panic);
    twostage_20: bug("CS twostage_100_bad, with 20 threads", Panic);
    wronglock: bug("CS wronglock_bad", Panic);
    wronglock_3: bug("CS wronglock_3_bad", Panic);
    work_steal_queue: bug("CHESS WorkStealQueue", Panic);
    interlocked_work_steal_queue: bug("CHESS InterlockedWorkStealQueue", Panic).with_weak_memory();
    aget: bug("CB aget-bug2", Panic);
    pbzip2: bug("CB pbzip2-0.9.4", Panic);
    stringbuffer: bug("CB stringbuffer-jdk1.4", Panic);
    bounded_buffer: bug("Inspect boundedBuffer", LostWakeup);
    ctrace: bug("Inspect ctrace-test", Panic);
    safestack: bug("Misc safestack", Panic).deep();
}

/// A deposit is refused once money has been withdrawn, and whoever balances the books does not expect it.
pub(crate) fn account(version: Version) {
    struct Account {
        balance: i32,
        touched: bool,
    }
    let account = Mutex::new(Account { balance: 100, touched: false });
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut account = account.lock().unwrap();
            if !account.touched || version.is_mended() {
                account.balance += 20;
            }
        });
        scope.spawn(|| {
            let mut account = account.lock().unwrap();
            account.balance -= 30;
            account.touched = true;
        });
    });
    assert_eq!(account.lock().unwrap().balance, 90);
}

/// The total is announced before its last term has been added.
pub(crate) fn arithmetic_prog(version: Version) {
    let (number, changed) = (Mutex::new(0), Condvar::new());
    let (total, done) = (Mutex::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            for term in 1..=3 {
                let mut number = changed.wait_while(number.lock().unwrap(), |number| *number != 0).unwrap();
                *number = term;
                changed.notify_one();
            }
        });
        scope.spawn(|| {
            for round in 1..=3 {
                let mut number = changed.wait_while(number.lock().unwrap(), |number| *number == 0).unwrap();
                let term = std::mem::take(&mut *number);
                drop(number);
                changed.notify_one();
                if !version.is_mended() {
                    done.store(round == 3, SeqCst);
                }
                *total.lock().unwrap() += term;
                done.store(round == 3, SeqCst);
            }
        });
        if done.load(SeqCst) {
            assert_eq!(*total.lock().unwrap(), 6);
        }
    });
}

/// A request asks whether the driver stops, and only then says that it is under way: the driver stops in between.
pub(crate) fn bluetooth_driver(version: Version) {
    let stopping = AtomicBool::new(false);
    let stopped = AtomicBool::new(false);
    let pending = AtomicI32::new(1);
    let leave = || {
        if pending.fetch_sub(1, SeqCst) == 1 {
            stopped.store(true, SeqCst);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            stopping.store(true, SeqCst);
            leave();
        });
        scope.spawn(|| {
            if version.is_mended() {
                pending.fetch_add(1, SeqCst);
                if !stopping.load(SeqCst) {
                    assert!(!stopped.load(SeqCst));
                }
            } else if !stopping.load(SeqCst) {
                pending.fetch_add(1, SeqCst);
                assert!(!stopped.load(SeqCst));
            } else {
                return;
            }
            leave();
        });
    });
}

/// The first of a group to come takes a lock for the group, and holds the group's own lock meanwhile; the last to leave
/// needs the group's own lock to give the other one up. Two groups share both.
pub(crate) fn carter01(version: Version) {
    let (door, room) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if version.is_mended() {
                    let mut room = room.lock().unwrap();
                    *door.lock().unwrap() += 1;
                    *room += 1;
                    return;
                }
                let mut at_door = door.lock().unwrap();
                *at_door += 1;
                let mut room = room.lock().unwrap();
                drop(at_door);
                *room += 1;
                *door.lock().unwrap() -= 1;
            });
        }
    });
}

/// The writer of a ring announces a place before it has filled it.
pub(crate) fn circular_buffer(version: Version) {
    let places = [const { AtomicI32::new(0) }; 3];
    let written = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for (index, place) in places.iter().enumerate() {
                if version.is_mended() {
                    place.store(index as i32 + 1, SeqCst);
                    written.store(index + 1, SeqCst);
                } else {
                    written.store(index + 1, SeqCst);
                    place.store(index as i32 + 1, SeqCst);
                }
            }
        });
        for (index, place) in places.iter().enumerate() {
            while written.load(SeqCst) <= index {
                hint::spin_loop();
            }
            assert_eq!(place.load(SeqCst), index as i32 + 1);
        }
    });
}

/// Two locks in two orders.
pub(crate) fn deadlock01(version: Version) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut one = first.lock().unwrap();
            *second.lock().unwrap() += 1;
            *one += 1;
        });
        scope.spawn(|| {
            if version.is_mended() {
                let mut one = first.lock().unwrap();
                *second.lock().unwrap() += 1;
                *one += 1;
            } else {
                let mut two = second.lock().unwrap();
                *first.lock().unwrap() += 1;
                *two += 1;
            }
        });
    });
}

/// Every philosopher holds the fork on one side and waits for the other.
fn din_phil(version: Version, count: usize) {
    let forks: Vec<Mutex<u32>> = (0..count).map(|_| Mutex::new(0)).collect();
    thread::scope(|scope| {
        for seat in 0..count {
            let forks = &forks;
            scope.spawn(move || {
                let (mut one, mut other) = (seat, (seat + 1) % count);
                if version.is_mended() && one > other {
                    (one, other) = (other, one);
                }
                let mut one = forks[one].lock().unwrap();
                let mut other = forks[other].lock().unwrap();
                *one += 1;
                *other += 1;
            });
        }
    });
}

/// Two philosophers.
pub(crate) fn din_phil2(version: Version) {
    din_phil(version, 2);
}

/// Five philosophers: all of them must have been stopped half-way.
pub(crate) fn din_phil5(version: Version) {
    din_phil(version, 5);
}

/// A file system looks for a free block under the block's lock, and takes it under another acquisition of that lock: two files
/// get the same block.
pub(crate) fn fsbench(version: Version) {
    let busy = [const { Mutex::new(false) }; 3];
    let owner = [const { AtomicI32::new(0) }; 3];
    thread::scope(|scope| {
        for file in 1..=3 {
            let (busy, owner) = (&busy, &owner);
            scope.spawn(move || {
                for (busy, owner) in busy.iter().zip(owner) {
                    let mut guard = busy.lock().unwrap();
                    if *guard {
                        continue;
                    }
                    if !version.is_mended() {
                        drop(guard);
                        guard = busy.lock().unwrap();
                    }
                    *guard = true;
                    assert_eq!(owner.swap(file, SeqCst), 0, "the block has a file");
                    return;
                }
            });
        }
    });
}

/// A third thread takes for granted that it comes before the work of the other two is complete.
pub(crate) fn lazy01(version: Version) {
    let data = Mutex::new(0);
    thread::scope(|scope| {
        let first = scope.spawn(|| *data.lock().unwrap() += 1);
        let check = scope.spawn(|| assert!(*data.lock().unwrap() < 3));
        if version.is_mended() {
            first.join().unwrap();
            check.join().unwrap();
        }
        scope.spawn(|| *data.lock().unwrap() += 2);
    });
}

/// A second phase takes the lock that the first one still holds.
pub(crate) fn phase01(version: Version) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut phase = first.lock().unwrap();
            *phase += 1;
            *second.lock().unwrap() += 1;
            if version.is_mended() {
                drop(phase);
            }
            *first.lock().unwrap() += 1;
        });
    });
}

/// Whether there is something in the queue is asked under one acquisition of the lock, and it is taken under another.
pub(crate) fn queue(version: Version) {
    let queue = Mutex::new(VecDeque::from([1, 2, 3]));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2 {
                    if version.is_mended() {
                        queue.lock().unwrap().pop_front();
                    } else if !queue.lock().unwrap().is_empty() {
                        queue.lock().unwrap().pop_front().expect("it was not empty");
                    }
                }
            });
        }
    });
}

/// Setters write one variable and then the other; whoever reads both sees a pair that no setter has written.
fn reorder(version: Version, setters: usize) {
    let (one, other) = (AtomicI32::new(0), AtomicI32::new(0));
    let lock = Mutex::new(());
    thread::scope(|scope| {
        for _ in 0..setters {
            scope.spawn(|| {
                let _lock = version.is_mended().then(|| lock.lock().unwrap());
                one.store(1, SeqCst);
                other.store(-1, SeqCst);
            });
        }
        scope.spawn(|| {
            let _lock = version.is_mended().then(|| lock.lock().unwrap());
            let pair = (one.load(SeqCst), other.load(SeqCst));
            assert!(pair == (0, 0) || pair == (1, -1), "{pair:?}");
        });
    });
}

/// Two setters, one checker.
pub(crate) fn reorder_3(version: Version) {
    reorder(version, 2);
}

/// Nine setters, one checker: every setter that comes through first hides the bug.
pub(crate) fn reorder_10(version: Version) {
    reorder(version, 9);
}

/// Nineteen setters, one checker.
pub(crate) fn reorder_20(version: Version) {
    reorder(version, 19);
}

/// "Something has been pushed" is taken for "there is something": two poppers wait for the first push only.
pub(crate) fn stack(version: Version) {
    let (stack, pushed) = (Mutex::new((Vec::new(), false)), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            for value in 0..2 {
                let mut stack = stack.lock().unwrap();
                stack.0.push(value);
                stack.1 = true;
                drop(stack);
                pushed.notify_all();
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let nothing = |stack: &mut (Vec<i32>, bool)| match version {
                    Version::Broken => !stack.1,
                    Version::Mended => stack.0.is_empty(),
                };
                let mut stack = pushed.wait_while(stack.lock().unwrap(), nothing).unwrap();
                stack.0.pop().expect("something has been pushed");
            });
        }
    });
}

/// Each step is locked, but what comes out depends on the order of the steps of two threads.
pub(crate) fn stateful01(version: Version) {
    let (first, second) = (Mutex::new(10), Mutex::new(10));
    thread::scope(|scope| {
        let adds = scope.spawn(|| {
            *first.lock().unwrap() += 1;
            *second.lock().unwrap() += 1;
        });
        if version.is_mended() {
            adds.join().unwrap();
        }
        scope.spawn(|| {
            *first.lock().unwrap() += 5;
            *second.lock().unwrap() *= 2;
        });
    });
    assert_eq!((*first.lock().unwrap(), *second.lock().unwrap()), (16, 22));
}

/// The condition is checked, the lock given up and taken again, and then waited: the notification comes in between.
pub(crate) fn sync01(version: Version) {
    let (ready, changed) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            if version.is_mended() {
                drop(changed.wait_while(ready.lock().unwrap(), |ready| !*ready).unwrap());
            } else if !*ready.lock().unwrap() {
                drop(changed.wait(ready.lock().unwrap()).unwrap());
            }
        });
        *ready.lock().unwrap() = true;
        changed.notify_one();
    });
}

/// Producer and consumer tell each other only at the edges, full and empty, and only one of those who wait: with two consumers,
/// one of them is never told.
pub(crate) fn sync02(version: Version) {
    let (items, not_empty) = (Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut items = not_empty.wait_while(items.lock().unwrap(), |items| *items == 0).unwrap();
                *items -= 1;
            });
        }
        for _ in 0..2 {
            let mut items = items.lock().unwrap();
            *items += 1;
            if *items == 1 || version.is_mended() {
                not_empty.notify_one();
            }
        }
    });
}

/// Each of three threads takes over what the one before it has written, but nothing makes them run in that order.
pub(crate) fn token_ring(version: Version) {
    let places = Mutex::new([1, 0, 0, 0]);
    thread::scope(|scope| {
        for index in 1..4 {
            let places = &places;
            let thread = scope.spawn(move || {
                let mut places = places.lock().unwrap();
                places[index] = places[index - 1] + 1;
            });
            if version.is_mended() {
                thread.join().unwrap();
            }
        }
    });
    assert_eq!(*places.lock().unwrap(), [1, 2, 3, 4]);
}

/// Two values that belong together are written in two stages under two locks.
fn twostages(version: Version, writers: usize) {
    let (first, second) = (Mutex::new(0), Mutex::new(0));
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                let mut one = first.lock().unwrap();
                *one = 1;
                let kept = if version.is_mended() {
                    Some(one)
                } else {
                    drop(one);
                    None
                };
                *second.lock().unwrap() = 2;
                drop(kept);
            });
        }
        scope.spawn(|| {
            let one = *first.lock().unwrap();
            if one == 0 {
                return;
            }
            assert_eq!(*second.lock().unwrap(), one + 1);
        });
    });
}

/// One writer, one reader.
pub(crate) fn twostage(version: Version) {
    twostages(version, 1);
}

/// Nineteen writers, one reader: it must meet the very first of them half-way.
pub(crate) fn twostage_20(version: Version) {
    twostages(version, 19);
}

/// Some threads guard a value with one lock, one with another.
fn wronglocks(version: Version, threads: usize) {
    let value = AtomicI32::new(0);
    let (right, wrong) = (Mutex::new(()), Mutex::new(()));
    let locks: Vec<&Mutex<()>> =
        (0..threads).map(|index| if index == 0 && !version.is_mended() { &wrong } else { &right }).collect();
    thread::scope(|scope| {
        for lock in locks {
            let value = &value;
            scope.spawn(move || {
                let _lock = lock.lock().unwrap();
                let before = value.load(SeqCst);
                value.store(before + 1, SeqCst);
                assert_eq!(value.load(SeqCst), before + 1);
            });
        }
    });
}

/// Eight threads.
pub(crate) fn wronglock(version: Version) {
    wronglocks(version, 8);
}

/// Four threads.
pub(crate) fn wronglock_3(version: Version) {
    wronglocks(version, 4);
}

/// A queue whose owner works at the tail without a lock while thieves, one at a time, take from the head.
struct Deque {
    items: [AtomicUsize; 4],
    head: AtomicI32,
    tail: AtomicI32,
    lock: Mutex<()>,
    taken: [AtomicBool; 4],
}

impl Deque {
    fn new() -> Self {
        Deque {
            items: [const { AtomicUsize::new(0) }; 4],
            head: AtomicI32::new(0),
            tail: AtomicI32::new(0),
            lock: Mutex::new(()),
            taken: [const { AtomicBool::new(false) }; 4],
        }
    }

    fn push(&self, item: usize, store: Ordering) {
        let tail = self.tail.load(SeqCst);
        self.items[tail as usize].store(item, SeqCst);
        self.tail.store(tail + 1, store);
    }

    fn pop(&self, load: Ordering, store: Ordering) {
        let tail = self.tail.load(load) - 1;
        self.tail.store(tail, store);
        if self.head.load(load) > tail {
            // A thief may be after the same item: ask again when no thief is at work.
            self.tail.store(tail + 1, store);
            let _lock = self.lock.lock().unwrap();
            self.tail.store(tail, store);
            if self.head.load(load) > tail {
                self.tail.store(tail + 1, store);
                return;
            }
        }
        self.take(tail);
    }

    /// A thief first says that it takes the item, then looks whether it may.
    fn steal(&self, load: Ordering, store: Ordering) {
        let _lock = self.lock.lock().unwrap();
        let head = self.head.load(load);
        self.head.store(head + 1, store);
        if head + 1 > self.tail.load(load) {
            self.head.store(head, store);
            return;
        }
        self.take(head);
    }

    /// A thief first looks whether it may take the item, then says that it does.
    fn steal_hastily(&self) {
        let _lock = self.lock.lock().unwrap();
        let head = self.head.load(SeqCst);
        if head < self.tail.load(SeqCst) {
            self.head.store(head + 1, SeqCst);
            self.take(head);
        }
    }

    fn take(&self, index: i32) {
        let item = self.items[index as usize].load(SeqCst);
        assert!(!self.taken[item].swap(true, SeqCst), "item {item} is taken twice");
    }
}

/// Owner and thief take the same last item, since the thief looks before it leaps.
pub(crate) fn work_steal_queue(version: Version) {
    let deque = Deque::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            deque.push(0, SeqCst);
            deque.push(1, SeqCst);
            deque.pop(SeqCst, SeqCst);
            deque.pop(SeqCst, SeqCst);
        });
        for _ in 0..2 {
            match version {
                Version::Broken => deque.steal_hastily(),
                Version::Mended => deque.steal(SeqCst, SeqCst),
            }
        }
    });
}

/// Owner and thief each write their end and read the other's; unless the order of these is sequentially consistent, both
/// read the old value, and take the same item.
pub(crate) fn interlocked_work_steal_queue(version: Version) {
    let (load, store) = match version {
        Version::Broken => (Ordering::Acquire, Ordering::Release),
        Version::Mended => (SeqCst, SeqCst),
    };
    let deque = Deque::new();
    deque.push(0, store);
    thread::scope(|scope| {
        scope.spawn(|| deque.steal(load, store));
        deque.pop(load, store);
    });
}

/// A download notes how far it has come before it has written that far; when it is interrupted, what it resumes from is a
/// lie.
pub(crate) fn aget(version: Version) {
    let (noted, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            for block in 1..=3 {
                if version.is_mended() {
                    written.store(block, SeqCst);
                    noted.store(block, SeqCst);
                } else {
                    noted.store(block, SeqCst);
                    written.store(block, SeqCst);
                }
            }
        });
        // The signal handler that saves the state.
        let resume_from = noted.load(SeqCst);
        assert!(written.load(SeqCst) >= resume_from);
    });
}

/// The main thread disposes of the queue when all is compressed, though the compressors have not yet left it.
pub(crate) fn pbzip2(version: Version) {
    let queue = Arc::new(Mutex::new(Some(VecDeque::from([1, 2]))));
    let compressed = Arc::new(AtomicI32::new(0));
    let compressors: Vec<_> = (0..2)
        .map(|_| {
            let (queue, compressed) = (Arc::clone(&queue), Arc::clone(&compressed));
            thread::spawn(move || {
                while let Some(_block) = queue.lock().unwrap().as_mut().expect("the queue is there").pop_front() {
                    compressed.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    if version.is_mended() {
        for compressor in compressors {
            compressor.join().unwrap();
        }
    }
    while compressed.load(SeqCst) < 2 {
        hint::spin_loop();
    }
    *queue.lock().unwrap() = None;
}

/// Appending a buffer to another asks for its length, then for its content; it is cut in between.
pub(crate) fn stringbuffer(version: Version) {
    let (text, other) = (Mutex::new(String::new()), Mutex::new("abc".to_owned()));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut text = text.lock().unwrap();
            let held = version.is_mended().then(|| other.lock().unwrap());
            match held {
                Some(other) => text.push_str(&other),
                None => {
                    let length = other.lock().unwrap().len();
                    text.push_str(&other.lock().unwrap()[..length]);
                }
            }
        });
        scope.spawn(|| other.lock().unwrap().truncate(1));
    });
}

/// Producers and consumers wait on one condition variable, and each wakes one: it may be one of its own kind.
pub(crate) fn bounded_buffer(version: Version) {
    let (buffer, changed) = (Mutex::new(VecDeque::new()), Condvar::new());
    let tell = || match version {
        Version::Broken => changed.notify_one(),
        Version::Mended => changed.notify_all(),
    };
    thread::scope(|scope| {
        for producer in 0..2 {
            let (buffer, changed, tell) = (&buffer, &changed, &tell);
            scope.spawn(move || {
                for _ in 0..2 {
                    let mut buffer = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.len() == 1).unwrap();
                    buffer.push_back(producer);
                    tell();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let mut buffer = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.is_empty()).unwrap();
                    buffer.pop_front().unwrap();
                    tell();
                }
            });
        }
    });
}

/// Two threads that register themselves read how many there are, and write one more.
pub(crate) fn ctrace(version: Version) {
    let registered = AtomicI32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| match version {
                Version::Broken => registered.store(registered.load(SeqCst) + 1, SeqCst),
                Version::Mended => drop(registered.fetch_add(1, SeqCst)),
            });
        }
    });
    assert_eq!(registered.load(SeqCst), 2);
}

/// Vyukov's stack without locks, where a popped element comes back under a popper that looks away: it takes three threads
/// and five switches at the right places.
pub(crate) fn safestack(version: Version) {
    const NONE: i32 = -1;
    let head = AtomicI32::new(0);
    let next = [1, 2, NONE].map(AtomicI32::new);
    let count = AtomicI32::new(3);
    let used = [const { AtomicBool::new(false) }; 3];
    let lock = Mutex::new(());
    let pop = || {
        while count.load(SeqCst) > 1 {
            let first = head.load(SeqCst);
            let second = next[first as usize].swap(NONE, SeqCst);
            if second >= 0 {
                if head.compare_exchange(first, second, SeqCst, SeqCst).is_ok() {
                    count.fetch_sub(1, SeqCst);
                    return Some(first as usize);
                }
                next[first as usize].swap(second, SeqCst);
            }
            hint::spin_loop();
        }
        None
    };
    let push = |element: usize| {
        loop {
            let first = head.load(SeqCst);
            next[element].store(first, SeqCst);
            if head.compare_exchange(first, element as i32, SeqCst, SeqCst).is_ok() {
                break;
            }
        }
        count.fetch_add(1, SeqCst);
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2 {
                    let locked = version.is_mended().then(|| lock.lock().unwrap());
                    let element = pop();
                    drop(locked);
                    let Some(element) = element else { continue };
                    assert!(!used[element].swap(true, SeqCst), "two threads have popped {element}");
                    used[element].store(false, SeqCst);
                    let _locked = version.is_mended().then(|| lock.lock().unwrap());
                    push(element);
                }
            });
        }
    });
}
