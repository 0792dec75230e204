//! No cache in the thread but its number: the object is a tree of nodes, one for each thread, that only grows, and in which the bits of
//! the number lead the way. Nothing takes a lock.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::vec;

static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Never used for another thread.
    static NUMBER: u64 = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// A variable that has another value for each thread.
pub struct ThreadLocal<T> {
    root: AtomicPtr<Node<T>>,
    /// Neither `Send` nor `Sync` by itself.
    owned: PhantomData<*mut T>,
}

struct Node<T> {
    number: u64,
    value: T,
    children: [AtomicPtr<Node<T>>; 8],
}

// SAFETY: a value moves to the thread that drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: a thread gets references to the value of its own node only; of others it reads numbers and children.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T> ThreadLocal<T> {
    /// The calling thread's node, or the place where it would be.
    fn find(&self) -> Result<&Node<T>, (u64, &AtomicPtr<Node<T>>)> {
        let number = NUMBER.with(|number| *number);
        let (mut place, mut way) = (&self.root, number);
        loop {
            let node = place.load(Ordering::Acquire);
            if node.is_null() {
                return Err((number, place));
            }
            // SAFETY: nodes live as long as the object, and were published whole.
            let node = unsafe { &*node };
            if node.number == number {
                return Ok(node);
            }
            place = &node.children[(way & 7) as usize];
            way >>= 3;
        }
    }

    /// Takes all nodes away.
    fn dismantle(&mut self) -> Vec<T> {
        let mut values = Vec::new();
        let mut left = vec![std::mem::replace(self.root.get_mut(), ptr::null_mut())];
        while let Some(node) = left.pop() {
            if !node.is_null() {
                // SAFETY: it came from a box, and nobody else has the object any more.
                let mut node = unsafe { Box::from_raw(node) };
                left.extend(node.children.iter_mut().map(|child| *child.get_mut()));
                values.push(node.value);
            }
        }
        values
    }
}

impl<T: Send> ThreadLocal<T> {
    /// An object for which no thread has a value.
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { root: AtomicPtr::default(), owned: PhantomData }
    }

    /// The calling thread's value, if it has one.
    pub fn get(&self) -> Option<&T> {
        self.find().ok().map(|node| &node.value)
    }

    /// The calling thread's value. If it has none yet, it is made by `make`.
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Ok(node) = self.find() {
            return &node.value;
        }
        let value = make();
        let number = match self.find() {
            Ok(node) => return &node.value,
            Err((number, _)) => number,
        };
        let children = std::array::from_fn(|_| AtomicPtr::default());
        let node = Box::into_raw(Box::new(Node { number, value, children }));
        loop {
            let Err((_, place)) = self.find() else { unreachable!("only this thread could have put it there") };
            if place.compare_exchange(ptr::null_mut(), node, Ordering::Release, Ordering::Relaxed).is_ok() {
                // SAFETY: it belongs to the tree now, and lives as long as the object.
                return unsafe { &(*node).value };
            }
        }
    }
}

impl<T> Drop for ThreadLocal<T> {
    fn drop(&mut self) {
        self.dismantle();
    }
}

impl<T: Send> Default for ThreadLocal<T> {
    fn default() -> ThreadLocal<T> {
        ThreadLocal::new()
    }
}

impl<T: Send> IntoIterator for ThreadLocal<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    /// The values of all threads, in any order.
    fn into_iter(mut self) -> vec::IntoIter<T> {
        self.dismantle().into_iter()
    }
}
