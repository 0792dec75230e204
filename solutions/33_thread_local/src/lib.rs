//! A value per thread and object, like Python's `threading.local`.
//!
//! An object owns the values that threads have made for it. A thread finds its own one by way of a cache of its own: from the
//! object's number to the place of the value. So `get` touches nothing that another thread touches.
//!
//! ```
//! use solution_thread_local::ThreadLocal;
//! use std::cell::Cell;
//!
//! let hits = ThreadLocal::new();
//! std::thread::scope(|scope| {
//!     for _ in 0..3 {
//!         scope.spawn(|| {
//!             for _ in 0..100 {
//!                 let mine = hits.get_or(|| Cell::new(0));
//!                 mine.set(mine.get() + 1);
//!             }
//!         });
//!     }
//! });
//! assert_eq!(hits.get(), None, "this thread has none");
//! let all: Vec<i32> = hits.into_iter().map(Cell::into_inner).collect();
//! assert_eq!(all, [100, 100, 100]);
//! ```

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::vec;

/// A variable that has another value for each thread.
///
/// Values of threads that have ended are kept, and dropped with the object. `T` need only be `Send`: a `Cell` is fine.
pub struct ThreadLocal<T> {
    /// Never given out twice. An address would be: that of an object that is gone can be that of the next one.
    number: u64,
    /// Tells the caches of all threads, by its end, that the object is gone.
    life: Arc<()>,
    /// The values of all threads, each in a `Box` that was leaked: it stays where it is however long the list becomes.
    ///
    /// Why this lock: threads add to the list, once each. Looking at a value does not need the list.
    values: Mutex<Vec<NonNull<T>>>,
}

// SAFETY: whoever gets the object gets the values in it, to drop them or to take them out: hence `T: Send`.
unsafe impl<T: Send> Send for ThreadLocal<T> {}

// SAFETY: a shared object lends a value to the thread that made it and to no other, so `T` need not be `Sync`. But each thread leaves
// a value in it that another thread will drop or take out: hence `T: Send`.
unsafe impl<T: Send> Sync for ThreadLocal<T> {}

impl<T: Send> ThreadLocal<T> {
    /// An object for which no thread has a value.
    pub fn new() -> ThreadLocal<T> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        // Relaxed is enough for numbers to differ.
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        ThreadLocal { number, life: Arc::new(()), values: Mutex::default() }
    }

    /// The calling thread's value, if it has one.
    ///
    /// ```
    /// # use solution_thread_local::ThreadLocal;
    /// let name = ThreadLocal::new();
    /// assert_eq!(name.get(), None);
    /// name.get_or(|| "main");
    /// assert_eq!(name.get(), Some(&"main"));
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert_eq!(name.get(), None, "that was another thread's"));
    /// });
    /// ```
    pub fn get(&self) -> Option<&T> {
        let place = CACHE.with_borrow(|cache| cache.place(self.number))?;
        // SAFETY: this place was put into the cache for this number, hence for this object, as that of a `T`. The object keeps the
        // value until it is dropped or taken apart, neither of which can happen while `&self` is in use. It was made by this thread,
        // and no other one gets to see it.
        Some(unsafe { place.cast().as_ref() })
    }

    /// The calling thread's value. If it has none yet, it is made by `make`.
    ///
    /// If `make` itself gives this thread a value, by a call of `get_or`, that one stays, and what `make` returns is dropped.
    ///
    /// ```
    /// # use solution_thread_local::ThreadLocal;
    /// let number = ThreadLocal::new();
    /// assert_eq!(number.get_or(|| 1), &1);
    /// assert_eq!(number.get_or(|| 2), &1);
    /// ```
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        // Nothing is locked or borrowed meanwhile: `make` may take its time, panic, or use any object, this one too.
        let made = make();
        // It did use this one, and somebody may hold on to that value.
        if let Some(value) = self.get() {
            return value;
        }
        let place = NonNull::from(Box::leak(Box::new(made)));
        self.values.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        CACHE.with_borrow_mut(|cache| cache.add(self.number, place.cast(), Arc::downgrade(&self.life)));
        // SAFETY: as in `get`.
        unsafe { place.as_ref() }
    }
}

impl<T> ThreadLocal<T> {
    /// Takes all values out.
    fn take(&mut self) -> Vec<T> {
        let places = mem::take(self.values.get_mut().unwrap_or_else(PoisonError::into_inner));
        // SAFETY: each place came from a `Box` and is in the list once, so it is turned back once. `&mut self` shows that nobody
        // looks at a value any more.
        places.into_iter().map(|place| *unsafe { Box::from_raw(place.as_ptr()) }).collect()
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

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// Where this thread finds its values.
#[derive(Default)]
struct Cache {
    /// By the number of the object: the place of the value, and whether the object lives.
    places: HashMap<u64, (NonNull<()>, Weak<()>)>,
}

impl Cache {
    fn place(&self, number: u64) -> Option<NonNull<()>> {
        self.places.get(&number).map(|(place, _)| *place)
    }

    fn add(&mut self, number: u64, place: NonNull<()>, life: Weak<()>) {
        // An object cannot reach the caches of other threads when it goes; so each thread clears its own up, when it is full. If
        // much is left, it doubles: each entry pays for a few looks, however many objects come and go.
        if self.places.len() == self.places.capacity() {
            self.places.retain(|_, (_, life)| life.strong_count() > 0);
            self.places.reserve(self.places.len());
        }
        self.places.insert(number, (place, life));
    }
}
