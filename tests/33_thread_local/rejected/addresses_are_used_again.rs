//! caught-by: behaviour — a_new_object_begins_without_values
//! The cache knows objects by the address of something they own. Nothing keeps that address from being the next object's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::ptr;
use std::sync::Mutex;
use std::vec;

type Cache = HashMap<usize, (*const (), bool)>;

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

pub struct ThreadLocal<T> {
    name: Box<u8>,
    values: Mutex<Vec<*mut T>>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { name: Box::new(0), values: Mutex::default() }
    }

    pub fn get(&self) -> Option<&T> {
        let value =
            CACHE.with_borrow(|cache| cache.get(&ptr::from_ref(&*self.name).addr()).map(|(value, _)| *value))?;
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
            cache.insert(ptr::from_ref(&*self.name).addr(), (value.cast_const().cast(), true));
        });
        // SAFETY: as in `get`.
        unsafe { &*value }
    }
}

impl<T> ThreadLocal<T> {
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

    fn into_iter(mut self) -> vec::IntoIter<T> {
        self.take().into_iter()
    }
}
