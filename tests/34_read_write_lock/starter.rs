//! A read-write lock made of a mutex and condition variables: many readers or one writer, and a writer that waits is not
//! overtaken. README.md says what it must do.
//!
//! ```
//! use read_write_lock::{RwLock, WriteGuard};
//!
//! let lock = RwLock::new(vec![1, 2]);
//! let mut guard = lock.write().unwrap();
//! guard.push(3);
//! let guard = WriteGuard::downgrade(guard);
//! assert_eq!(*guard, [1, 2, 3]);
//! assert!(lock.try_read().is_ok(), "a second reader is let in");
//! assert!(lock.try_write().is_err(), "a writer is not");
//! ```

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{LockResult, TryLockResult};

/// A value that many threads may read at once, or one may write.
///
/// A reader that comes while a writer waits goes behind that writer. Whoever takes the lock twice on one thread may wait
/// for itself for ever.
pub struct RwLock<T> {
    // Yours to design: a mutex around a state, one condition variable or more, and the value in an `UnsafeCell`.
    // An `UnsafeCell` makes the lock lose `Sync`: say for which `T` it has it all the same.
    value: PhantomData<T>,
}

impl<T> RwLock<T> {
    /// A lock around `value` that nobody holds.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// assert_eq!(RwLock::new(5).into_inner().unwrap(), 5);
    /// ```
    pub fn new(value: T) -> RwLock<T> {
        let _ = value;
        todo!("a lock that nobody holds")
    }

    /// Waits until no writer holds the lock and none waits that came earlier; then reads, beside other readers.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// let guard = lock.read().unwrap();
    /// assert_eq!(*guard, 5);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(lock.try_read().is_ok(), "there is room for a second reader"));
    /// });
    /// ```
    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        todo!("wait for writers, then count one reader in")
    }

    /// Waits until nobody holds the lock; then writes, alone.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// *lock.write().unwrap() += 1;
    /// assert_eq!(*lock.read().unwrap(), 6);
    /// ```
    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        todo!("wait for everybody, then go in alone")
    }

    /// Like [`RwLock::read`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if a writer holds the lock or waits for it; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// assert_eq!(*lock.try_read().unwrap(), 5);
    /// ```
    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        todo!("go in, or say that it would block")
    }

    /// Like [`RwLock::write`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if anybody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// use std::sync::TryLockError;
    ///
    /// let lock = RwLock::new(5);
    /// let reader = lock.read().unwrap();
    /// assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    /// drop(reader);
    /// assert!(lock.try_write().is_ok());
    /// ```
    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        todo!("go in, or say that it would block")
    }

    /// Takes the lock apart. No guard can be alive any more.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    pub fn into_inner(self) -> LockResult<T> {
        todo!("the value, and whether the lock is poisoned")
    }

    /// Whether a writer has panicked while it held the lock. Does not wait for readers or writers.
    ///
    /// ```
    /// # use read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// std::thread::scope(|scope| {
    ///     let writer = scope.spawn(|| {
    ///         let _guard = lock.write().unwrap();
    ///         panic!("half way");
    ///     });
    ///     assert!(writer.join().is_err());
    /// });
    /// assert!(lock.is_poisoned());
    /// let error = lock.into_inner().unwrap_err();
    /// assert_eq!(error.into_inner(), 5);
    /// ```
    pub fn is_poisoned(&self) -> bool {
        todo!("look at the state")
    }

    /// Declares the value sound again. Does not wait for readers or writers.
    pub fn clear_poison(&self) {
        todo!("change the state")
    }
}

/// Shared access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    // Yours to design; so is `impl Drop`, which releases the lock.
    lock: PhantomData<&'a RwLock<T>>,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        todo!("lend the value")
    }
}

/// Exclusive access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    // Yours to design; so is `impl Drop`, which releases the lock.
    lock: PhantomData<&'a RwLock<T>>,
}

impl<'a, T> WriteGuard<'a, T> {
    /// Turns exclusive access into shared access. No writer can come in between.
    ///
    /// An associated function, so that it does not hide a method of `T` with this name.
    ///
    /// ```
    /// # use read_write_lock::{RwLock, WriteGuard};
    /// let lock = RwLock::new(0);
    /// let mut guard = lock.write().unwrap();
    /// *guard = 7;
    /// let guard = WriteGuard::downgrade(guard);
    /// assert_eq!(*guard, 7);
    /// ```
    pub fn downgrade(guard: WriteGuard<'a, T>) -> ReadGuard<'a, T> {
        let _ = guard;
        todo!("from writer to reader in one step")
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        todo!("lend the value")
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!("lend the value")
    }
}
