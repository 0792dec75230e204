//! caught-by: schedules — two_threads_come_at_once
//! The number of the next thread is read, and written back one higher: two threads can get the same one, and with it one value.

use std::cell::UnsafeCell;
use std::mem;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};
use std::vec;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NUMBER: usize = number();
}

fn number() -> usize {
    let number = THREADS.load(SeqCst) + 1;
    THREADS.store(number, SeqCst);
    number
}

type Slot<T> = UnsafeCell<Option<Box<T>>>;

/// Bucket `b` has the slots of the threads from 2^b to 2^(b+1) - 1.
pub struct ThreadLocal<T> {
    buckets: [AtomicPtr<Slot<T>>; 40],
}

// SAFETY: values are dropped by whoever drops the object.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: each value is lent to its own thread only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    pub fn new() -> ThreadLocal<T> {
        ThreadLocal { buckets: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())) }
    }

    /// The calling thread's slot, if there is room for it already.
    fn slot(&self) -> Option<&Slot<T>> {
        let number = NUMBER.with(|number| *number);
        let bucket = number.ilog2() as usize;
        let first = self.buckets[bucket].load(Acquire);
        // SAFETY: a bucket has a slot for each of its numbers.
        (!first.is_null()).then(|| unsafe { &*first.add(number - (1 << bucket)) })
    }

    /// Room for the calling thread.
    fn grow(&self) {
        let bucket = NUMBER.with(|number| number.ilog2() as usize);
        if !self.buckets[bucket].load(Acquire).is_null() {
            return;
        }
        let slots: Box<[Slot<T>]> = (0..1 << bucket).map(|_| UnsafeCell::new(None)).collect();
        let slots = Box::into_raw(slots);
        let none = ptr::null_mut();
        if self.buckets[bucket].compare_exchange(none, slots.cast(), AcqRel, Acquire).is_err() {
            // SAFETY: another thread was faster, and nobody has seen this one.
            drop(unsafe { Box::from_raw(slots) });
        }
    }

    pub fn get(&self) -> Option<&T> {
        // SAFETY: a slot is touched by its own thread only, as long as the object is shared.
        unsafe { (*self.slot()?.get()).as_deref() }
    }

    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        self.grow();
        let slot = self.slot().unwrap();
        // SAFETY: as in `get`.
        unsafe { (*slot.get()).insert(Box::new(made)) }
    }
}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let mut values = Vec::new();
        for (bucket, first) in self.buckets.iter_mut().enumerate() {
            let first = mem::replace(first.get_mut(), ptr::null_mut());
            if !first.is_null() {
                let slots = ptr::slice_from_raw_parts_mut(first, 1 << bucket);
                // SAFETY: it came out of a box of this size.
                let slots = unsafe { Box::from_raw(slots) };
                values.extend(slots.into_iter().filter_map(UnsafeCell::into_inner).map(|value| *value));
            }
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
