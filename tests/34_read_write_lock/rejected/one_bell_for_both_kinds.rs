//! caught-by: schedules — two_readers_and_a_writer
//! All wait on one condition variable, and a writer's wakeup can go to a reader, which waits on.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};
use std::thread;

struct State {
    reading: usize,
    writing: bool,
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

pub struct RwLock<T> {
    state: Mutex<State>,
    changed: Condvar,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

fn result<G>(poisoned: bool, guard: G) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        let state = State { reading: 0, writing: false, waiting_writers: 0, poisoned: false };
        RwLock { state: Mutex::new(state), changed: Condvar::new(), value: UnsafeCell::new(value) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        while !state.admits_a_reader() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.reading += 1;
        result(state.poisoned, ReadGuard::new(self))
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        state.waiting_writers += 1;
        while !state.admits_a_writer() {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting_writers -= 1;
        state.writing = true;
        result(state.poisoned, WriteGuard::new(self))
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_reader() {
            return Err(TryLockError::WouldBlock);
        }
        state.reading += 1;
        Ok(result(state.poisoned, ReadGuard::new(self))?)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let mut state = self.state();
        if !state.admits_a_writer() {
            return Err(TryLockError::WouldBlock);
        }
        state.writing = true;
        Ok(result(state.poisoned, WriteGuard::new(self))?)
    }

    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        result(poisoned, self.value.into_inner())
    }

    pub fn is_poisoned(&self) -> bool {
        self.state().poisoned
    }

    pub fn clear_poison(&self) {
        self.state().poisoned = false;
    }

    fn wake_the_next(&self, state: &State) {
        if state.waiting_writers == 0 {
            self.changed.notify_all();
        } else if state.admits_a_writer() {
            self.changed.notify_one();
        }
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
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
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.lock.state();
        state.reading -= 1;
        if state.reading == 0 && state.waiting_writers > 0 {
            self.lock.changed.notify_one();
        }
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    was_panicking: bool,
    on_its_thread: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> WriteGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> Self {
        WriteGuard { lock, was_panicking: thread::panicking(), on_its_thread: PhantomData }
    }

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
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
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
