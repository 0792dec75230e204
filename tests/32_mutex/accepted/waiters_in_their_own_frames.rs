//! One word: a bit that says whether the lock is held, and a pointer to a stack of those who wait, which live in their own
//! frames. The holder alone takes somebody off the stack.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
use std::thread::{self, Thread};

const HELD: usize = 1;
const LOOKS: u32 = 60;

/// A value that one thread at a time may use.
pub struct Lock<T> {
    word: AtomicPtr<Waiter>,
    poisoned: AtomicBool,
    value: UnsafeCell<T>,
}

/// Somebody who waits, on the stack of that thread.
#[repr(align(8))]
struct Waiter {
    thread: Thread,
    next: *mut Waiter,
    called: AtomicBool,
}

// SAFETY: threads take turns with the value. The waiters that the word points to are not touched without an order.
unsafe impl<T: Send> Sync for Lock<T> {}
// SAFETY: nobody waits at a lock that is moved, so all that moves is the value.
unsafe impl<T: Send> Send for Lock<T> {}

fn is_held(word: *mut Waiter) -> bool {
    word.addr() & HELD != 0
}

fn held(word: *mut Waiter) -> *mut Waiter {
    word.map_addr(|address| address | HELD)
}

fn first(word: *mut Waiter) -> *mut Waiter {
    word.map_addr(|address| address & !HELD)
}

impl<T> Lock<T> {
    fn acquire(&self) {
        let mut looks = 0;
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if !is_held(word) {
                match self.word.compare_exchange_weak(word, held(word), Ordering::Acquire, Ordering::Relaxed) {
                    Ok(_) => return,
                    Err(now) => word = now,
                }
            } else if looks < LOOKS {
                looks += 1;
                std::hint::spin_loop();
                word = self.word.load(Ordering::Relaxed);
            } else {
                let mut waiter =
                    Waiter { thread: thread::current(), next: first(word), called: AtomicBool::new(false) };
                let pushed = held(ptr::from_mut(&mut waiter));
                match self.word.compare_exchange_weak(word, pushed, Ordering::Release, Ordering::Relaxed) {
                    Ok(_) => {
                        // From here on others see the waiter, until it is called.
                        while !waiter.called.load(Ordering::Acquire) {
                            thread::park();
                        }
                        looks = 0;
                        word = self.word.load(Ordering::Relaxed);
                    }
                    Err(now) => word = now,
                }
            }
        }
    }

    fn try_acquire(&self) -> bool {
        let free = |word| (!is_held(word)).then(|| held(word));
        self.word.fetch_update(Ordering::Acquire, Ordering::Relaxed, free).is_ok()
    }

    /// To be called by the holder.
    fn release(&self) {
        let mut word = self.word.load(Ordering::Acquire);
        loop {
            let waiter = first(word);
            let rest = if waiter.is_null() {
                waiter
            } else {
                // SAFETY: only a holder takes waiters off, and a waiter stays until it was called.
                unsafe { (*waiter).next }
            };
            match self.word.compare_exchange_weak(word, rest, Ordering::Release, Ordering::Acquire) {
                Ok(_) => {
                    if !waiter.is_null() {
                        // SAFETY: it is off the stack and not called yet: it is there, and nobody else looks at it.
                        let thread = unsafe { (*waiter).thread.clone() };
                        // SAFETY: as before; this is the last time that it is touched.
                        unsafe { (*waiter).called.store(true, Ordering::Release) };
                        thread.unpark();
                    }
                    return;
                }
                Err(now) => word = now,
            }
        }
    }
}

impl<T> Lock<T> {
    /// A lock around `value` that nobody holds. It can be the value of a `static`.
    pub const fn new(value: T) -> Lock<T> {
        Lock { word: AtomicPtr::new(ptr::null_mut()), poisoned: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        self.acquire();
        self.marked(Guard::new(self))
    }

    /// Like [`Lock::lock`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if somebody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        if !self.try_acquire() {
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
        self.lock.release();
    }
}
