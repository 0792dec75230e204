//! The plan of the reference, with plain loops around `wait` in place of `wait_while`.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};
use std::thread;

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

// SAFETY: several threads can have `&T` at once (hence `T: Sync`), and any one of them `&mut T`, through which a value can change
// threads (hence `T: Send`); never both, and never two of the latter.
unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

fn result<G>(poisoned: bool, guard: G) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

impl<T> RwLock<T> {
    /// A lock around `value` that nobody holds.
    pub fn new(value: T) -> RwLock<T> {
        let state = State { reading: 0, writing: false, waiting_writers: 0, poisoned: false };
        RwLock {
            state: Mutex::new(state),
            readers: Condvar::new(),
            writers: Condvar::new(),
            value: UnsafeCell::new(value),
        }
    }

    /// No code of a user runs under this mutex, so its own poison means nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no writer holds the lock and none waits that came earlier; then reads, beside other readers.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        while !state.admits_a_reader() {
            state = self.readers.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.reading += 1;
        result(state.poisoned, ReadGuard::new(self))
    }

    /// Waits until nobody holds the lock; then writes, alone.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        state.waiting_writers += 1;
        while !state.admits_a_writer() {
            state = self.writers.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting_writers -= 1;
        state.writing = true;
        result(state.poisoned, WriteGuard::new(self))
    }

    /// Like [`RwLock::read`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if a writer holds the lock or waits for it; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_reader() {
            return Err(TryLockError::WouldBlock);
        }
        state.reading += 1;
        Ok(result(state.poisoned, ReadGuard::new(self))?)
    }

    /// Like [`RwLock::write`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if anybody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_writer() {
            return Err(TryLockError::WouldBlock);
        }
        state.writing = true;
        Ok(result(state.poisoned, WriteGuard::new(self))?)
    }

    /// Takes the lock apart. No guard can be alive any more.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        result(poisoned, self.value.into_inner())
    }

    /// Whether a writer has panicked while it held the lock. Does not wait for readers or writers.
    pub fn is_poisoned(&self) -> bool {
        self.state().poisoned
    }

    /// Declares the value sound again. Does not wait for readers or writers.
    pub fn clear_poison(&self) {
        self.state().poisoned = false;
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

/// Shared access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    /// Like std's guard it is not `Send`, yet as `Sync` as the lock.
    on_its_thread: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> ReadGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> Self {
        ReadGuard { lock, on_its_thread: PhantomData }
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody writes as long as this guard lives, unless through it.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.reading -= 1;
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
    fn new(lock: &'a RwLock<T>) -> Self {
        WriteGuard { lock, was_panicking: thread::panicking(), on_its_thread: PhantomData }
    }

    /// Turns exclusive access into shared access. No writer can come in between.
    ///
    /// An associated function, so that it does not hide a method of `T` with this name.
    pub fn downgrade(guard: WriteGuard<'a, T>) -> ReadGuard<'a, T> {
        let lock = guard.lock;
        mem::forget(guard);
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
        // SAFETY: nobody writes as long as this guard lives, unless through it.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this is the only guard, and it is borrowed exclusively.
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
