//! First come, first served: a queue of waiting threads, each with a condition variable of its own, let in by whoever leaves.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

/// One waiting thread.
struct Ticket {
    access: Access,
    called: Condvar,
}

#[derive(Default)]
struct State {
    readers: usize,
    writer: bool,
    queue: VecDeque<Arc<Ticket>>,
    poisoned: bool,
}

impl State {
    fn has_room(&self, access: Access) -> bool {
        match access {
            Access::Read => !self.writer,
            Access::Write => !self.writer && self.readers == 0,
        }
    }

    fn enter(&mut self, access: Access) {
        match access {
            Access::Read => self.readers += 1,
            Access::Write => self.writer = true,
        }
    }

    /// Lets in as many from the front of the queue as there is room for.
    fn call(&mut self) {
        while let Some(access) = self.queue.front().map(|ticket| ticket.access)
            && self.has_room(access)
            && let Some(ticket) = self.queue.pop_front()
        {
            self.enter(access);
            ticket.called.notify_one();
        }
    }
}

pub struct RwLock<T> {
    state: Mutex<State>,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock { state: Mutex::default(), value: UnsafeCell::new(value) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the lock is poisoned, once the thread is in.
    fn enter(&self, access: Access) -> bool {
        let mut state = self.state();
        if state.queue.is_empty() && state.has_room(access) {
            state.enter(access);
            return state.poisoned;
        }
        let ticket = Arc::new(Ticket { access, called: Condvar::new() });
        state.queue.push_back(Arc::clone(&ticket));
        // Whoever leaves takes the ticket from the queue and counts its owner in.
        while state.queue.iter().any(|queued| Arc::ptr_eq(queued, &ticket)) {
            state = ticket.called.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.poisoned
    }

    fn try_enter(&self, access: Access) -> Option<bool> {
        let mut state = self.state();
        if !state.queue.is_empty() || !state.has_room(access) {
            return None;
        }
        state.enter(access);
        Some(state.poisoned)
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let poisoned = self.enter(Access::Read);
        result(poisoned, ReadGuard::new(self))
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let poisoned = self.enter(Access::Write);
        result(poisoned, WriteGuard::new(self))
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let poisoned = self.try_enter(Access::Read).ok_or(TryLockError::WouldBlock)?;
        Ok(result(poisoned, ReadGuard::new(self))?)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let poisoned = self.try_enter(Access::Write).ok_or(TryLockError::WouldBlock)?;
        Ok(result(poisoned, WriteGuard::new(self))?)
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
}

fn result<G>(poisoned: bool, guard: G) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct ReadGuard<'a, T> {
    lock: &'a RwLock<T>,
    not_send: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> ReadGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> Self {
        ReadGuard { lock, not_send: PhantomData }
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
        state.readers -= 1;
        state.call();
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    panicking: bool,
    not_send: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> WriteGuard<'a, T> {
    fn new(lock: &'a RwLock<T>) -> Self {
        WriteGuard { lock, panicking: std::thread::panicking(), not_send: PhantomData }
    }

    pub fn downgrade(guard: Self) -> ReadGuard<'a, T> {
        let lock = guard.lock;
        std::mem::forget(guard);
        let mut state = lock.state();
        state.writer = false;
        state.readers = 1;
        state.call();
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
        state.writer = false;
        state.poisoned |= !self.panicking && std::thread::panicking();
        state.call();
    }
}
