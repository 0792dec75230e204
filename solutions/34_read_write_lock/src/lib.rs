//! A read-write lock made of one mutex and two condition variables: many readers or one writer, and a writer that
//! waits is not overtaken.
//!
//! ```
//! use solution_read_write_lock::{RwLock, WriteGuard};
//!
//! let lock = RwLock::new(vec![1, 2]);
//! let mut guard = lock.write().unwrap();
//! guard.push(3);
//! let guard = WriteGuard::downgrade(guard);
//! assert_eq!(*guard, [1, 2, 3]);
//! assert!(lock.try_read().is_ok(), "a second reader is let in");
//! assert!(lock.try_write().is_err(), "a writer is not");
//! ```

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};
use std::thread;

/// A value that many threads may read at once, or one may write.
///
/// A reader that comes while a writer waits goes behind that writer. Whoever takes the lock twice on one thread may wait
/// for itself for ever.
pub struct RwLock<T> {
    state: Mutex<State>,
    /// Readers wait here. All of them are woken at once: what lets one in lets all in.
    readers: Condvar,
    /// Writers wait here. One is woken at a time: only one can go in.
    writers: Condvar,
    value: UnsafeCell<T>,
}

/// Who is in, and who wants in. The mutex around it is never held while anybody waits or uses the value.
struct State {
    /// Read guards alive.
    reading: usize,
    /// Whether a write guard is alive.
    writing: bool,
    /// Writers inside [`RwLock::write`] that have not been let in yet.
    waiting_writers: usize,
    poisoned: bool,
}

impl State {
    fn admits_a_reader(&self) -> bool {
        !self.writing && self.waiting_writers == 0
    }

    fn admits_a_writer(&self) -> bool {
        !self.writing && self.reading == 0
    }
}

// SAFETY: `&RwLock<T>` gives `&T` to several threads at once (hence `T: Sync`), and `&mut T`, through which a value can be
// swapped out and so change threads, to any one of them (hence `T: Send`). The state keeps the two apart.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    /// A lock around `value` that nobody holds.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
    /// assert_eq!(RwLock::new(5).into_inner().unwrap(), 5);
    /// ```
    pub fn new(value: T) -> RwLock<T> {
        let state = State { reading: 0, writing: false, waiting_writers: 0, poisoned: false };
        RwLock {
            state: Mutex::new(state),
            readers: Condvar::new(),
            writers: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until no writer holds the lock and none waits that came earlier; then reads, beside other readers.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// let guard = lock.read().unwrap();
    /// assert_eq!(*guard, 5);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(lock.try_read().is_ok(), "there is room for a second reader"));
    /// });
    /// ```
    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let state = self.state();
        let waited = self.readers.wait_while(state, |state| !state.admits_a_reader());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.reading += 1;
        marked(ReadGuard::new(self), state.poisoned)
    }

    /// Waits until nobody holds the lock; then writes, alone.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// *lock.write().unwrap() += 1;
    /// assert_eq!(*lock.read().unwrap(), 6);
    /// ```
    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        state.waiting_writers += 1;
        let waited = self.writers.wait_while(state, |state| !state.admits_a_writer());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting_writers -= 1;
        state.writing = true;
        marked(WriteGuard::new(self), state.poisoned)
    }

    /// Like [`RwLock::read`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if a writer holds the lock or waits for it; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
    /// let lock = RwLock::new(5);
    /// assert_eq!(*lock.try_read().unwrap(), 5);
    /// ```
    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_reader() {
            return Err(TryLockError::WouldBlock);
        }
        state.reading += 1;
        Ok(marked(ReadGuard::new(self), state.poisoned)?)
    }

    /// Like [`RwLock::write`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if anybody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
    /// use std::sync::TryLockError;
    ///
    /// let lock = RwLock::new(5);
    /// let reader = lock.read().unwrap();
    /// assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    /// drop(reader);
    /// assert!(lock.try_write().is_ok());
    /// ```
    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_writer() {
            return Err(TryLockError::WouldBlock);
        }
        state.writing = true;
        Ok(marked(WriteGuard::new(self), state.poisoned)?)
    }

    /// Takes the lock apart. No guard can be alive any more.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        marked(self.value.into_inner(), poisoned)
    }

    /// Whether a writer has panicked while it held the lock. Does not wait for readers or writers.
    ///
    /// ```
    /// # use solution_read_write_lock::RwLock;
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
        self.state().poisoned
    }

    /// Declares the value sound again. Does not wait for readers or writers.
    pub fn clear_poison(&self) {
        self.state().poisoned = false;
    }

    /// No code of a user runs under this mutex, so its own poison means nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who may go in now that `state` is what it is. Called after every change that lets anybody in.
    fn wake_the_next(&self, state: &State) {
        if state.waiting_writers == 0 {
            self.readers.notify_all();
        } else if state.admits_a_writer() {
            self.writers.notify_one();
        }
    }
}

fn marked<G>(guard: G, poisoned: bool) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

/// Shared access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    /// Like std's guard it is not `Send`, yet as `Sync` as the lock.
    on_its_thread: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> ReadGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> ReadGuard<'a, T> {
        ReadGuard { lock, on_its_thread: PhantomData }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: as long as a read guard lives, no write guard does.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.reading -= 1;
        // No reader can be waiting for this one; a writer can, for the last.
        if state.reading == 0 && state.waiting_writers > 0 {
            self.lock.writers.notify_one();
        }
    }
}

/// Exclusive access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    /// A panic that began before the guard was taken says nothing about the value.
    was_panicking: bool,
    on_its_thread: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> WriteGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> WriteGuard<'a, T> {
        WriteGuard { lock, was_panicking: thread::panicking(), on_its_thread: PhantomData }
    }

    /// Turns exclusive access into shared access. No writer can come in between.
    ///
    /// An associated function, so that it does not hide a method of `T` with this name.
    ///
    /// ```
    /// # use solution_read_write_lock::{RwLock, WriteGuard};
    /// let lock = RwLock::new(0);
    /// let mut guard = lock.write().unwrap();
    /// *guard = 7;
    /// let guard = WriteGuard::downgrade(guard);
    /// assert_eq!(*guard, 7);
    /// ```
    pub fn downgrade(guard: WriteGuard<'a, T>) -> ReadGuard<'a, T> {
        let lock = guard.lock;
        mem::forget(guard); // its `drop` would let everybody in
        let mut state = lock.state();
        state.writing = false;
        state.reading = 1;
        lock.wake_the_next(&state);
        ReadGuard::new(lock)
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: as long as a write guard lives, it is the only guard.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as long as a write guard lives, it is the only guard, and `self` is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.writing = false;
        state.poisoned |= !self.was_panicking && thread::panicking();
        self.lock.wake_the_next(&state);
    }
}
