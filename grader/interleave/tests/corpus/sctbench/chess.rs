//! The programs "CHESS" of SCTBench: queues from which thieves steal work.

use super::super::bug::Version;
use super::super::platform::sync::Mutex;
use super::super::platform::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use super::super::platform::thread;
use Ordering::SeqCst;

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
