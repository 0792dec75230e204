//! caught-by: behaviour — values_of_ended_threads_are_kept
//! As `threading.local` does it: when a thread ends, its values are dropped.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::vec;

/// Takes the value out of its object when the thread ends.
struct Entry {
    value: *const (),
    object: Weak<()>,
    at_the_end: Box<dyn Fn()>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.object.strong_count() > 0 {
            (self.at_the_end)();
        }
    }
}

type Cache = HashMap<usize, Entry>;

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

fn sweep(cache: &mut Cache) {
    if cache.len() == cache.capacity() {
        cache.retain(|_, entry| entry.object.strong_count() > 0);
        cache.reserve(cache.len());
    }
}

pub struct ThreadLocal<T> {
    id: usize,
    alive: Arc<()>,
    values: Arc<Mutex<Vec<*mut T>>>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let id = NEXT.fetch_add(1, SeqCst);
        ThreadLocal { id, alive: Arc::new(()), values: Arc::default() }
    }

    pub fn get(&self) -> Option<&T> {
        let value = CACHE.with_borrow(|cache| cache.get(&self.id).map(|entry| entry.value))?;
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
        self.values.lock().unwrap().push(value);
        CACHE.with_borrow_mut(|cache| {
            sweep(cache);
            let values: *const Mutex<Vec<*mut T>> = &*self.values;
            let at_the_end: Box<dyn Fn() + '_> = Box::new(move || {
                // SAFETY: the object is alive, and so is its list.
                let mut values = unsafe { &*values }.lock().unwrap();
                if let Some(index) = values.iter().position(|each| *each == value) {
                    // SAFETY: it came out of a box, and is not in the list any more.
                    drop(unsafe { Box::from_raw(values.swap_remove(index)) });
                }
            });
            // SAFETY: it is called only as long as the object lives, and so does what it borrows.
            let at_the_end: Box<dyn Fn()> = unsafe { mem::transmute(at_the_end) };
            let object = Arc::downgrade(&self.alive);
            cache.insert(self.id, Entry { value: value.cast_const().cast(), object, at_the_end });
        });
        // SAFETY: as in `get`.
        unsafe { &*value }
    }
}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let values = mem::take(&mut *self.values.lock().unwrap());
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

    fn into_iter(mut self) -> vec::IntoIter<T> {
        self.take().into_iter()
    }
}
