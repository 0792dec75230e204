//! caught-by: behaviour — looking_takes_no_lock
//! One map for all threads, and one lock around it: each look waits for every other one.

use std::collections::HashMap;
use std::ptr;
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::vec;

pub struct ThreadLocal<T> {
    values: Mutex<HashMap<ThreadId, Box<T>>>,
}

// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { values: Mutex::default() }
    }

    pub fn get(&self) -> Option<&T> {
        let values = self.values.lock().unwrap();
        let value = ptr::from_ref(&**values.get(&thread::current().id())?);
        // SAFETY: a box is not moved by the map, and lives as long as it.
        Some(unsafe { &*value })
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        self.values.lock().unwrap().insert(thread::current().id(), Box::new(made));
        self.get().unwrap()
    }

    fn take(&mut self) -> Vec<T> {
        let values = self.values.get_mut().unwrap();
        values.drain().map(|(_, value)| *value).collect()
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
