//! A mutual exclusion lock made of atomics: it spins briefly, then parks. README.md says what it must do.
//!
//! ```
//! use mutex::Lock;
//!
//! static VISITS: Lock<u32> = Lock::new(0);
//!
//! std::thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| *VISITS.lock().unwrap() += 1);
//!     }
//! });
//! assert_eq!(*VISITS.lock().unwrap(), 4);
//! ```

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockResult};

/// A value that one thread at a time may use.
///
/// Whoever takes the lock twice on one thread waits for itself for ever.
pub struct Lock<T> {
    // Yours to design: an atomic state, a place for the threads that wait, and the value in an `UnsafeCell`.
    // An `UnsafeCell` makes the lock lose `Sync`: say for which `T` it has it all the same.
    value: PhantomData<T>,
}

impl<T> Lock<T> {
    /// A lock around `value` that nobody holds. It can be the value of a `static`.
    ///
    /// ```
    /// # use mutex::Lock;
    /// static NAMES: Lock<Vec<String>> = Lock::new(Vec::new());
    /// assert!(NAMES.lock().unwrap().is_empty());
    /// ```
    pub const fn new(value: T) -> Lock<T> {
        // Nothing keeps the value yet, and a `const fn` cannot drop it.
        std::mem::forget(value);
        Lock { value: PhantomData }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use mutex::Lock;
    /// let lock = Lock::new(vec![1, 2]);
    /// lock.lock().unwrap().push(3);
    /// assert_eq!(*lock.lock().unwrap(), [1, 2, 3]);
    /// ```
    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        todo!("take the lock; if it is held, spin briefly, then park")
    }

    /// Like [`Lock::lock`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if somebody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use mutex::Lock;
    /// use std::sync::TryLockError;
    ///
    /// let lock = Lock::new(5);
    /// let guard = lock.try_lock().unwrap();
    /// assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    /// drop(guard);
    /// assert!(lock.try_lock().is_ok());
    /// ```
    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        todo!("take the lock, or say that it would block")
    }

    /// The value, without taking the lock: `&mut self` says that nobody else has it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the reference.
    ///
    /// ```
    /// # use mutex::Lock;
    /// let mut lock = Lock::new(5);
    /// *lock.get_mut().unwrap() += 1;
    /// assert_eq!(*lock.lock().unwrap(), 6);
    /// ```
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        todo!("lend the value, and say whether the lock is poisoned")
    }

    /// Takes the lock apart. No guard can be alive any more.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    ///
    /// ```
    /// # use mutex::Lock;
    /// assert_eq!(Lock::new(5).into_inner().unwrap(), 5);
    /// ```
    pub fn into_inner(self) -> LockResult<T> {
        todo!("the value, and whether the lock is poisoned")
    }

    /// Whether a thread has panicked while it held the lock. Does not wait for whoever holds it.
    ///
    /// ```
    /// # use mutex::Lock;
    /// let lock = Lock::new(5);
    /// std::thread::scope(|scope| {
    ///     let thread = scope.spawn(|| {
    ///         let _guard = lock.lock().unwrap();
    ///         panic!("half way");
    ///     });
    ///     assert!(thread.join().is_err());
    /// });
    /// assert!(lock.is_poisoned());
    /// let error = lock.into_inner().unwrap_err();
    /// assert_eq!(error.into_inner(), 5);
    /// ```
    pub fn is_poisoned(&self) -> bool {
        todo!("look")
    }

    /// Declares the value sound again. Does not wait for whoever holds the lock.
    pub fn clear_poison(&self) {
        todo!("forget the panic")
    }
}

/// Exclusive access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct Guard<'a, T> {
    // Yours to design; so is `impl Drop`, which releases the lock. And so are `Send` and `Sync`: what follows from the
    // fields by itself is not what README.md demands.
    lock: PhantomData<&'a Lock<T>>,
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        todo!("lend the value")
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!("lend the value")
    }
}
