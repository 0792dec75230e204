//! caught-by: timing — readers_and_writers
//! Whoever enters takes a ticket and looks through all earlier ones. Tickets of those who have left are never thrown away.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

#[derive(Clone, Copy, PartialEq)]
enum Ticket {
    Reader,
    Writer,
    Gone,
}

#[derive(Default)]
struct State {
    tickets: Vec<Ticket>,
    poisoned: bool,
}

impl State {
    /// First come, first served, except that readers do not mind each other.
    fn may_enter(&self, number: usize) -> bool {
        let minds = |other: &Ticket| match self.tickets[number] {
            Ticket::Reader => *other == Ticket::Writer,
            _ => *other != Ticket::Gone,
        };
        !self.tickets[..number].iter().any(minds)
    }
}

pub struct RwLock<T> {
    state: Mutex<State>,
    changed: Condvar,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send + Sync> Sync for RwLock<T> {}

impl<T> RwLock<T> {
    pub fn new(value: T) -> RwLock<T> {
        RwLock { state: Mutex::default(), changed: Condvar::new(), value: UnsafeCell::new(value) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, ticket: Ticket) -> (usize, bool) {
        let mut state = self.state();
        let number = state.tickets.len();
        state.tickets.push(ticket);
        while !state.may_enter(number) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (number, state.poisoned)
    }

    fn try_enter(&self, ticket: Ticket) -> Option<(usize, bool)> {
        let mut state = self.state();
        let number = state.tickets.len();
        state.tickets.push(ticket);
        if !state.may_enter(number) {
            state.tickets.pop();
            return None;
        }
        Some((number, state.poisoned))
    }

    pub fn read(&self) -> LockResult<ReadGuard<'_, T>> {
        let (number, poisoned) = self.enter(Ticket::Reader);
        result(poisoned, ReadGuard { lock: self, number, not_send: PhantomData })
    }

    pub fn write(&self) -> LockResult<WriteGuard<'_, T>> {
        let (number, poisoned) = self.enter(Ticket::Writer);
        let panicking = std::thread::panicking();
        result(poisoned, WriteGuard { lock: self, number, panicking, not_send: PhantomData })
    }

    pub fn try_read(&self) -> TryLockResult<ReadGuard<'_, T>> {
        let (number, poisoned) = self.try_enter(Ticket::Reader).ok_or(TryLockError::WouldBlock)?;
        Ok(result(poisoned, ReadGuard { lock: self, number, not_send: PhantomData })?)
    }

    pub fn try_write(&self) -> TryLockResult<WriteGuard<'_, T>> {
        let (number, poisoned) = self.try_enter(Ticket::Writer).ok_or(TryLockError::WouldBlock)?;
        let panicking = std::thread::panicking();
        Ok(result(poisoned, WriteGuard { lock: self, number, panicking, not_send: PhantomData })?)
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
    number: usize,
    not_send: PhantomData<MutexGuard<'a, ()>>,
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.state().tickets[self.number] = Ticket::Gone;
        self.lock.changed.notify_all();
    }
}

#[must_use = "the lock is released when the guard is dropped"]
pub struct WriteGuard<'a, T> {
    lock: &'a RwLock<T>,
    number: usize,
    panicking: bool,
    not_send: PhantomData<MutexGuard<'a, ()>>,
}

impl<'a, T> WriteGuard<'a, T> {
    pub fn downgrade(guard: Self) -> ReadGuard<'a, T> {
        let WriteGuard { lock, number, .. } = *std::mem::ManuallyDrop::new(guard);
        lock.state().tickets[number] = Ticket::Reader;
        lock.changed.notify_all();
        ReadGuard { lock, number, not_send: PhantomData }
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
        state.tickets[self.number] = Ticket::Gone;
        state.poisoned |= !self.panicking && std::thread::panicking();
        self.lock.changed.notify_all();
    }
}
