//! The lock is handed to whoever has waited longest and never let go in between. Who waits stands in a list behind a
//! tiny spin lock.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LockResult, PoisonError, TryLockError, TryLockResult};
use std::thread::{self, Thread};

/// A value that one thread at a time may use.
pub struct Lock<T> {
    door: Door,
    poisoned: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the door lets one thread at a time to the value.
unsafe impl<T: Send> Sync for Lock<T> {}

struct Door {
    /// Held for a few instructions around `queue`.
    busy: AtomicBool,
    queue: UnsafeCell<Queue>,
}

struct Queue {
    is_taken: bool,
    waiting: VecDeque<Arc<Turn>>,
}

struct Turn {
    thread: Thread,
    has_come: AtomicBool,
}

// SAFETY: `with` lets one thread at a time to the queue.
unsafe impl Sync for Door {}

impl Door {
    fn with<R>(&self, work: impl FnOnce(&mut Queue) -> R) -> R {
        while self.busy.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            std::hint::spin_loop();
        }
        // SAFETY: `busy` was false, and is true until the end.
        let result = work(unsafe { &mut *self.queue.get() });
        self.busy.store(false, Ordering::Release);
        result
    }

    fn try_acquire(&self) -> bool {
        self.with(|queue| !std::mem::replace(&mut queue.is_taken, true))
    }

    fn acquire(&self) {
        if self.try_acquire() {
            return;
        }
        let turn = Arc::new(Turn { thread: thread::current(), has_come: AtomicBool::new(false) });
        let theirs = Arc::clone(&turn);
        let entered = self.with(|queue| {
            if queue.is_taken {
                queue.waiting.push_back(theirs);
            }
            !std::mem::replace(&mut queue.is_taken, true)
        });
        while !entered && !turn.has_come.load(Ordering::Acquire) {
            thread::park();
        }
    }

    fn release(&self) {
        let next = self.with(|queue| {
            let next = queue.waiting.pop_front();
            queue.is_taken = next.is_some();
            next
        });
        if let Some(next) = next {
            next.has_come.store(true, Ordering::Release);
            next.thread.unpark();
        }
    }
}

impl<T> Lock<T> {
    /// A lock around `value` that nobody holds. It can be the value of a `static`.
    pub const fn new(value: T) -> Lock<T> {
        let queue = UnsafeCell::new(Queue { is_taken: false, waiting: VecDeque::new() });
        let door = Door { busy: AtomicBool::new(false), queue };
        Lock { door, poisoned: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        self.door.acquire();
        self.marked(Guard::new(self))
    }

    /// Like [`Lock::lock`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if somebody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        if !self.door.try_acquire() {
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.marked(Guard::new(self))?)
    }

    /// The value, without taking the lock.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the reference.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        if *self.poisoned.get_mut() { Err(PoisonError::new(self.value.get_mut())) } else { Ok(self.value.get_mut()) }
    }

    /// Takes the lock apart.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.poisoned.into_inner();
        let value = self.value.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    /// Whether a thread has panicked while it held the lock.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    /// Declares the value sound again.
    pub fn clear_poison(&self) {
        self.poisoned.store(false, Ordering::Relaxed);
    }

    fn marked<'a>(&self, guard: Guard<'a, T>) -> LockResult<Guard<'a, T>> {
        if self.is_poisoned() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }
}

/// Exclusive access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    was_panicking: bool,
    /// Not `Send`.
    thread_bound: PhantomData<*mut ()>,
}

// SAFETY: a shared guard gives out `&T` only.
unsafe impl<T: Sync + Send> Sync for Guard<'_, T> {}

impl<'a, T> Guard<'a, T> {
    fn new(lock: &'a Lock<T>) -> Guard<'a, T> {
        Guard { lock, was_panicking: thread::panicking(), thread_bound: PhantomData }
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: there is one guard at a time, and it is borrowed.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is one guard at a time, and it is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if !self.was_panicking && thread::panicking() {
            self.lock.poisoned.store(true, Ordering::Relaxed);
        }
        self.lock.door.release();
    }
}
