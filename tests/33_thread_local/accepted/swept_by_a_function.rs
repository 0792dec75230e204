//! The plan of the reference in other words: the cache is a bare map that a function sweeps, and the values are raw pointers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::vec;

type Cache = HashMap<usize, (*const (), Weak<()>)>;

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

fn sweep(cache: &mut Cache) {
    if cache.len() == cache.capacity() {
        cache.retain(|_, (_, object)| object.strong_count() > 0);
        cache.reserve(cache.len());
    }
}

/// A variable that has another value for each thread.
///
/// Values of threads that have ended are kept, and dropped with the object. `T` need only be `Send`: a `Cell` is fine.
pub struct ThreadLocal<T> {
    id: usize,
    alive: Arc<()>,
    values: Mutex<Vec<*mut T>>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    /// An object for which no thread has a value.
    pub fn new() -> ThreadLocal<T> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let id = NEXT.fetch_add(1, SeqCst);
        ThreadLocal { id, alive: Arc::new(()), values: Mutex::default() }
    }

    /// The calling thread's value, if it has one.
    pub fn get(&self) -> Option<&T> {
        let value = CACHE.with_borrow(|cache| cache.get(&self.id).map(|(value, _)| *value))?;
        // SAFETY: the value lives as long as this object.
        Some(unsafe { &*value.cast::<T>() })
    }

    /// The calling thread's value. If it has none yet, it is made by `make`.
    ///
    /// If `make` itself gives this thread a value, by a call of `get_or`, that one stays, and what `make` returns is dropped.
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        let value = Box::into_raw(Box::new(made));
        self.values.lock().unwrap().push(value);
        CACHE.with_borrow_mut(|cache| {
            sweep(cache);
            cache.insert(self.id, (value.cast_const().cast(), Arc::downgrade(&self.alive)));
        });
        // SAFETY: as in `get`.
        unsafe { &*value }
    }
}

impl<T> ThreadLocal<T> {
    /// Takes all values out.
    fn take(&mut self) -> Vec<T> {
        let values = mem::take(self.values.get_mut().unwrap());
        // SAFETY: each pointer came out of a box, and goes back once.
        values.into_iter().map(|value| *unsafe { Box::from_raw(value) }).collect()
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

    /// The values of all threads, in any order.
    fn into_iter(mut self) -> vec::IntoIter<T> {
        self.take().into_iter()
    }
}
