//! caught-by: compile_fail — a_value_does_not_outlive_what_it_borrows
//! Pointers without a type, and a `PhantomData<T>`: the compiler takes an object of long-lived references for one of short-lived ones.

use std::cell::RefCell;
use std::collections::HashMap;
use std::marker::PhantomData;
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

pub struct ThreadLocal<T> {
    id: usize,
    alive: Arc<()>,
    values: Mutex<Vec<*mut ()>>,
    owns: PhantomData<T>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let id = NEXT.fetch_add(1, SeqCst);
        ThreadLocal { id, alive: Arc::new(()), values: Mutex::default(), owns: PhantomData }
    }

    pub fn get(&self) -> Option<&T> {
        let value = CACHE.with_borrow(|cache| cache.get(&self.id).map(|(value, _)| *value))?;
        // SAFETY: the value lives as long as this object.
        Some(unsafe { &*value.cast::<T>() })
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        let value = Box::into_raw(Box::new(made));
        self.values.lock().unwrap().push(value.cast());
        CACHE.with_borrow_mut(|cache| {
            sweep(cache);
            cache.insert(self.id, (value.cast_const().cast(), Arc::downgrade(&self.alive)));
        });
        // SAFETY: as in `get`.
        unsafe { &*value }
    }
}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let values = mem::take(self.values.get_mut().unwrap());
        // SAFETY: each pointer came out of a box, and goes back once.
        values.into_iter().map(|value| *unsafe { Box::from_raw(value.cast()) }).collect()
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
