//! Each thread has a map from the numbers of objects to where its values lie, and now and then strikes out the objects that
//! are gone. The object keeps the values themselves, in a list behind a lock.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::vec;

static OBJECTS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static VALUES: RefCell<Values> = RefCell::new(Values { map: HashMap::default(), most: 32 });
}

struct Values {
    map: HashMap<u64, Value, BuildHasherDefault<Spread>>,
    /// With so many entries it is time to look for those of objects that are gone.
    most: usize,
}

struct Value {
    address: *const (),
    object: Weak<()>,
}

/// Numbers that are all different need only be spread.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// A variable that has another value for each thread.
pub struct ThreadLocal<T> {
    /// Never used for another object.
    number: u64,
    alive: Arc<()>,
    values: Mutex<Vec<*mut T>>,
}

// SAFETY: a value moves to the thread that drops the object, or takes it apart.
unsafe impl<T: Send> Send for ThreadLocal<T> {}
// SAFETY: threads share the list, which has a lock, but each gets references to its own value only.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T> ThreadLocal<T> {
    fn take(&mut self) -> Vec<T> {
        let list = std::mem::take(self.values.get_mut().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: each came from a box, and is on the list once.
        list.into_iter().map(|value| *unsafe { Box::from_raw(value) }).collect()
    }
}

impl<T: Send> ThreadLocal<T> {
    /// An object for which no thread has a value.
    pub fn new() -> ThreadLocal<T> {
        let number = OBJECTS.fetch_add(1, Ordering::Relaxed);
        ThreadLocal { number, alive: Arc::new(()), values: Mutex::default() }
    }

    /// The calling thread's value, if it has one.
    pub fn get(&self) -> Option<&T> {
        let address = VALUES.with_borrow(|values| values.map.get(&self.number).map(|value| value.address))?;
        // SAFETY: this thread has put it there for this object, whose values live as long as the object.
        Some(unsafe { &*address.cast::<T>() })
    }

    /// The calling thread's value. If it has none yet, it is made by `make`.
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let made = make();
        if let Some(value) = self.get() {
            return value;
        }
        let value = Box::into_raw(Box::new(made));
        self.values.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        VALUES.with_borrow_mut(|values| {
            if values.map.len() >= values.most {
                values.map.retain(|_, value| value.object.strong_count() > 0);
                values.map.shrink_to(2 * values.map.len());
                values.most = 32.max(2 * values.map.len());
            }
            let object = Arc::downgrade(&self.alive);
            values.map.insert(self.number, Value { address: value.cast_const().cast(), object });
        });
        // SAFETY: the list keeps it as long as the object lives.
        unsafe { &*value }
    }
}

impl<T> Drop for ThreadLocal<T> {
    fn drop(&mut self) {
        drop(self.take());
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
