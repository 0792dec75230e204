//! caught-by: schedules — the_lock_is_taken_again_as_a_thread_is_about_to_park
//! Whoever is about to park looks whether somebody holds the lock, not whether that one knows of those who wait: it may
//! have come in since, and then wakes nobody.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::hint;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
use std::thread::{self, Thread};

const FREE: u8 = 0;
const HELD: u8 = 1;
const AWAITED: u8 = 2;

pub struct Lock<T> {
    state: AtomicU8,
    waiting: Waiting,
    poisoned: AtomicBool,
    value: UnsafeCell<T>,
}

unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub const fn new(value: T) -> Lock<T> {
        Lock {
            state: AtomicU8::new(FREE),
            waiting: Waiting::new(),
            poisoned: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        if !self.take() {
            self.wait_and_take();
        }
        self.guard()
    }

    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        if self.take() { Ok(self.guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        marked(self.value.get_mut(), poisoned)
    }

    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        marked(self.value.into_inner(), poisoned)
    }

    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Relaxed)
    }

    pub fn clear_poison(&self) {
        self.poisoned.store(false, Relaxed);
    }

    fn take(&self) -> bool {
        self.state.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok()
    }

    fn wait_and_take(&self) {
        for _ in 0..100 {
            if self.take() {
                return;
            }
            hint::spin_loop();
        }
        while self.state.swap(AWAITED, Acquire) != FREE {
            self.waiting.park_if(|| self.state.load(Relaxed) != FREE);
        }
    }

    fn guard(&self) -> LockResult<Guard<'_, T>> {
        let guard = Guard { lock: self, was_panicking: thread::panicking(), not_send: PhantomData };
        marked(guard, self.is_poisoned())
    }
}

fn marked<G>(guard: G, poisoned: bool) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

struct Waiting {
    busy: AtomicBool,
    threads: UnsafeCell<VecDeque<Thread>>,
}

impl Waiting {
    const fn new() -> Waiting {
        Waiting { busy: AtomicBool::new(false), threads: UnsafeCell::new(VecDeque::new()) }
    }

    fn with<R>(&self, action: impl FnOnce(&mut VecDeque<Thread>) -> R) -> R {
        while self.busy.swap(true, Acquire) {
            hint::spin_loop();
        }
        let result = action(unsafe { &mut *self.threads.get() });
        self.busy.store(false, Release);
        result
    }

    fn park_if(&self, condition: impl FnOnce() -> bool) {
        let me = thread::current();
        let enters = |threads: &mut VecDeque<Thread>| {
            let holds = condition();
            if holds {
                threads.push_back(me.clone());
            }
            holds
        };
        if self.with(enters) {
            thread::park();
            self.with(|threads| threads.retain(|thread| thread.id() != me.id()));
        }
    }

    fn wake_one(&self) {
        if let Some(thread) = self.with(VecDeque::pop_front) {
            thread.unpark();
        }
    }
}

#[must_use]
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    was_panicking: bool,
    not_send: PhantomData<*mut T>,
}

unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.lock.poisoned.store(true, Relaxed);
        }
        if self.lock.state.swap(FREE, Release) == AWAITED {
            self.lock.waiting.wake_one();
        }
    }
}
