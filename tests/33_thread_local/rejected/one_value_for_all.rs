//! caught-by: transcript — transcript
//! A global in disguise: the first thread makes the value, and all others find it.

use std::sync::OnceLock;
use std::vec;

pub struct ThreadLocal<T> {
    value: OnceLock<T>,
}

// SAFETY: none. Threads share the value.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { value: OnceLock::new() }
    }

    pub fn get(&self) -> Option<&T> {
        self.value.get()
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if self.value.get().is_none() {
            let made = make();
            let _ = self.value.set(made);
        }
        self.value.get().unwrap()
    }

    fn take(&mut self) -> Vec<T> {
        self.value.take().into_iter().collect()
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
