//! caught-by: behaviour — a_value_stays_where_it_is
//! The values lie in the list itself, which moves them when it grows.

use std::ptr;
use std::sync::Mutex;
use std::thread::{self, ThreadId};
use std::vec;

pub struct ThreadLocal<T> {
    values: Mutex<Vec<(ThreadId, T)>>,
}

// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { values: Mutex::default() }
    }

    pub fn get(&self) -> Option<&T> {
        let values = self.values.lock().unwrap();
        let mine = thread::current().id();
        let value = ptr::from_ref(values.iter().find_map(|(thread, value)| (*thread == mine).then_some(value))?);
        // SAFETY: the list lives as long as the object.
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
        self.values.lock().unwrap().push((thread::current().id(), made));
        self.get().unwrap()
    }

    fn take(&mut self) -> Vec<T> {
        let values = self.values.get_mut().unwrap();
        values.drain(..).map(|(_, value)| value).collect()
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
