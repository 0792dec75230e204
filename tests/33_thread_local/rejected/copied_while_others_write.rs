//! caught-by: schedules — three_threads_come_when_three_are_gone
//! A table that is full is copied to a larger one; a value that is written to the old one meanwhile stays behind.

use std::mem;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use std::vec;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NUMBER: usize = THREADS.fetch_add(1, SeqCst);
}

type Table<T> = Vec<AtomicPtr<T>>;

pub struct ThreadLocal<T> {
    table: AtomicPtr<Table<T>>,
    /// Why this lock: one thread at a time makes a larger table. The old ones are kept: somebody may be reading them.
    old: Mutex<Vec<*mut Table<T>>>,
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

fn table<T>(size: usize) -> Table<T> {
    (0..size).map(|_| AtomicPtr::new(ptr::null_mut())).collect()
}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { table: AtomicPtr::new(Box::into_raw(Box::new(table(4)))), old: Mutex::default() }
    }

    fn table(&self) -> &Table<T> {
        // SAFETY: tables live as long as the object.
        unsafe { &*self.table.load(SeqCst) }
    }

    pub fn get(&self) -> Option<&T> {
        let number = NUMBER.with(|number| *number);
        // SAFETY: a value lives as long as the object.
        unsafe { self.table().get(number)?.load(SeqCst).as_ref() }
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        let number = NUMBER.with(|number| *number);
        if number >= self.table().len() {
            let mut old = self.old.lock().unwrap();
            if number >= self.table().len() {
                let larger = table((number + 1).next_power_of_two());
                for (from, to) in self.table().iter().zip(&larger) {
                    to.store(from.load(SeqCst), SeqCst);
                }
                old.push(self.table.swap(Box::into_raw(Box::new(larger)), SeqCst));
            }
        }
        let value = Box::into_raw(Box::new(made));
        self.table()[number].store(value, SeqCst);
        // SAFETY: as in `get`.
        unsafe { &*value }
    }
}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let table = *self.table.get_mut();
        // SAFETY: nobody uses the object any more; values and tables came out of boxes.
        unsafe {
            let values = (*table).iter_mut().map(|value| mem::replace(value.get_mut(), ptr::null_mut()));
            values.filter(|value| !value.is_null()).map(|value| *Box::from_raw(value)).collect()
        }
    }
}

impl<T> Drop for ThreadLocal<T> {
    fn drop(&mut self) {
        self.take();
        let tables = mem::take(self.old.get_mut().unwrap());
        for table in tables.into_iter().chain([*self.table.get_mut()]) {
            // SAFETY: it came out of a box, and nobody uses it any more.
            drop(unsafe { Box::from_raw(table) });
        }
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
