//! A value per thread and object, like Python's `threading.local`. README.md says what it must do.
//!
//! ```
//! use std::cell::Cell;
//! use thread_local::ThreadLocal;
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

use std::marker::PhantomData;
use std::sync::Mutex;
use std::vec;

/// A variable that has another value for each thread.
///
/// Values of threads that have ended are kept, and dropped with the object. `T` need only be `Send`: a `Cell` is fine.
pub struct ThreadLocal<T> {
    // Yours to design. A mutex makes the object `Sync` for every `T: Send`, which is what is asked for; most other fields do not. Then
    // say for which `T` it is `Sync` all the same, and why that is sound.
    values: Mutex<PhantomData<T>>,
}

impl<T: Send> ThreadLocal<T> {
    /// An object for which no thread has a value.
    pub fn new() -> ThreadLocal<T> {
        todo!("an object without values")
    }

    /// The calling thread's value, if it has one.
    ///
    /// ```
    /// # use thread_local::ThreadLocal;
    /// let name = ThreadLocal::new();
    /// assert_eq!(name.get(), None);
    /// name.get_or(|| "main");
    /// assert_eq!(name.get(), Some(&"main"));
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert_eq!(name.get(), None, "that was another thread's"));
    /// });
    /// ```
    pub fn get(&self) -> Option<&T> {
        todo!("look, without waiting for anybody")
    }

    /// The calling thread's value. If it has none yet, it is made by `make`.
    ///
    /// If `make` itself gives this thread a value, by a call of `get_or`, that one stays, and what `make` returns is dropped.
    ///
    /// ```
    /// # use thread_local::ThreadLocal;
    /// let number = ThreadLocal::new();
    /// assert_eq!(number.get_or(|| 1), &1);
    /// assert_eq!(number.get_or(|| 2), &1);
    /// ```
    pub fn get_or(&self, make: impl FnOnce() -> T) -> &T {
        let _ = make;
        todo!("look; and only then make")
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
    fn into_iter(self) -> vec::IntoIter<T> {
        let _ = self.values;
        todo!("all values, those of ended threads too")
    }
}
