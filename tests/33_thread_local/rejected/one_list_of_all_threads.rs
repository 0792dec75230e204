//! caught-by: timing — eight_threads_among_many_look_up_their_values
//! No lock, but one list of all threads' values, that each look goes through from its front: the more threads have come, the longer it takes.

use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering::*};
use std::thread::{self, ThreadId};
use std::vec;

struct Node<T> {
    thread: ThreadId,
    value: T,
    next: *mut Node<T>,
}

pub struct ThreadLocal<T> {
    first: AtomicPtr<Node<T>>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { first: AtomicPtr::new(ptr::null_mut()) }
    }

    pub fn get(&self) -> Option<&T> {
        let mine = thread::current().id();
        let mut next = self.first.load(Acquire);
        // SAFETY: nodes live as long as the object.
        while let Some(node) = unsafe { next.as_ref() } {
            if node.thread == mine {
                return Some(&node.value);
            }
            next = node.next;
        }
        None
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        let next = self.first.load(Acquire);
        let node = Box::leak(Box::new(Node { thread: thread::current().id(), value: made, next }));
        while let Err(first) = self.first.compare_exchange(node.next, node, AcqRel, Acquire) {
            node.next = first;
        }
        &node.value
    }
}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let mut values = Vec::new();
        let mut next = mem::replace(self.first.get_mut(), ptr::null_mut());
        while !next.is_null() {
            // SAFETY: it came out of a box, and nobody uses it any more.
            let node = *unsafe { Box::from_raw(next) };
            values.push(node.value);
            next = node.next;
        }
        values
    }
}

impl<T> Drop for ThreadLocal<T> {
    fn drop(&mut self) {
        self.take();
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

    fn into_iter(mut self) -> vec::IntoIter<T> {
        self.take().into_iter()
    }
}
