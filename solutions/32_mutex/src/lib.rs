//! A mutual exclusion lock made of atomics: it spins briefly, then parks.
//!
//! ```
//! use solution_mutex::Lock;
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

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::hint;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
use std::thread::{self, Thread};

/// Nobody holds the lock.
const FREE: u8 = 0;
/// Somebody holds it, and nobody is parked.
const HELD: u8 = 1;
/// Somebody holds it, and threads may be parked: whoever releases it wakes one.
const AWAITED: u8 = 2;

/// How often a thread looks again before it parks. Parking and being woken costs some microseconds; so does this.
const SPINS: usize = 100;

/// A value that one thread at a time may use.
///
/// Whoever takes the lock twice on one thread waits for itself for ever.
pub struct Lock<T> {
    state: AtomicU8,
    waiting: Waiting,
    poisoned: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: `&Lock<T>` gives `&mut T`, through which a value can be swapped out and so change threads, to one thread at a time
// (hence `T: Send`). It never gives `&T` to two of them at once, so `T: Sync` is not needed. The list is under `busy`.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A lock around `value` that nobody holds. It can be the value of a `static`.
    ///
    /// ```
    /// # use solution_mutex::Lock;
    /// static NAMES: Lock<Vec<String>> = Lock::new(Vec::new());
    /// assert!(NAMES.lock().unwrap().is_empty());
    /// ```
    pub const fn new(value: T) -> Lock<T> {
        Lock {
            state: AtomicU8::new(FREE),
            waiting: Waiting::new(),
            poisoned: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the guard.
    ///
    /// ```
    /// # use solution_mutex::Lock;
    /// let lock = Lock::new(vec![1, 2]);
    /// lock.lock().unwrap().push(3);
    /// assert_eq!(*lock.lock().unwrap(), [1, 2, 3]);
    /// ```
    pub fn lock(&self) -> LockResult<Guard<'_, T>> {
        if !self.take() {
            self.wait_and_take();
        }
        self.guard()
    }

    /// Like [`Lock::lock`], but returns instead of waiting.
    ///
    /// # Errors
    /// `WouldBlock` if somebody holds the lock; `Poisoned`, with the guard, if the lock is poisoned.
    ///
    /// ```
    /// # use solution_mutex::Lock;
    /// use std::sync::TryLockError;
    ///
    /// let lock = Lock::new(5);
    /// let guard = lock.try_lock().unwrap();
    /// assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
    /// drop(guard);
    /// assert!(lock.try_lock().is_ok());
    /// ```
    pub fn try_lock(&self) -> TryLockResult<Guard<'_, T>> {
        if self.take() { Ok(self.guard()?) } else { Err(TryLockError::WouldBlock) }
    }

    /// The value, without taking the lock: `&mut self` says that nobody else has it.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the reference.
    ///
    /// ```
    /// # use solution_mutex::Lock;
    /// let mut lock = Lock::new(5);
    /// *lock.get_mut().unwrap() += 1;
    /// assert_eq!(*lock.lock().unwrap(), 6);
    /// ```
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        marked(self.value.get_mut(), poisoned)
    }

    /// Takes the lock apart. No guard can be alive any more.
    ///
    /// # Errors
    /// If the lock is poisoned. The error holds the value.
    ///
    /// ```
    /// # use solution_mutex::Lock;
    /// assert_eq!(Lock::new(5).into_inner().unwrap(), 5);
    /// ```
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        marked(self.value.into_inner(), poisoned)
    }

    /// Whether a thread has panicked while it held the lock. Does not wait for whoever holds it.
    ///
    /// ```
    /// # use solution_mutex::Lock;
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
        // Relaxed: whoever has the lock has synchronised with whoever poisoned it; whoever has not may learn of it later.
        self.poisoned.load(Relaxed)
    }

    /// Declares the value sound again. Does not wait for whoever holds the lock.
    pub fn clear_poison(&self) {
        self.poisoned.store(false, Relaxed);
    }

    /// Takes the lock if it is free. Acquire: what the last holder did is seen by this one.
    fn take(&self) -> bool {
        self.state.compare_exchange(FREE, HELD, Acquire, Relaxed).is_ok()
    }

    #[cold]
    fn wait_and_take(&self) {
        for _ in 0..SPINS {
            if self.state.load(Relaxed) == FREE && self.take() {
                return;
            }
            hint::spin_loop();
        }
        // From here on this thread may leave others parked, so it takes the lock as one that is awaited: nobody knows better.
        while self.state.swap(AWAITED, Acquire) != FREE {
            self.waiting.park_if(|| self.state.load(Relaxed) == AWAITED);
        }
    }

    /// What the new holder of the lock gets.
    fn guard(&self) -> LockResult<Guard<'_, T>> {
        let guard = Guard { lock: self, was_panicking: thread::panicking(), on_its_thread: PhantomData };
        marked(guard, self.is_poisoned())
    }
}

fn marked<G>(guard: G, poisoned: bool) -> LockResult<G> {
    if poisoned { Err(PoisonError::new(guard)) } else { Ok(guard) }
}

/// The threads that are parked, or about to be, in the order in which they came.
struct Waiting {
    /// Guards `threads`. A lock that spins is enough for a few instructions without a wait among them.
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
        // SAFETY: whoever has set `busy` is alone here until it is cleared.
        let result = action(unsafe { &mut *self.threads.get() });
        self.busy.store(false, Release);
        result
    }

    /// Parks the calling thread if `condition` holds: until it is woken, or for no reason.
    ///
    /// The look at the condition and the entry are one step. Whoever makes the condition false and then calls
    /// [`Waiting::wake_one`] either comes before this look or finds the entry.
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
            // Who was not woken by `wake_one` is still there, and would swallow a wakeup that others need.
            self.with(|threads| threads.retain(|thread| thread.id() != me.id()));
        }
    }

    fn wake_one(&self) {
        if let Some(thread) = self.with(VecDeque::pop_front) {
            thread.unpark();
        }
    }
}

/// Exclusive access to the value, for as long as it lives. Belongs to the thread that took it.
#[must_use = "the lock is released when the guard is dropped"]
pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    /// A panic that began before the guard was taken says nothing about the value.
    was_panicking: bool,
    /// A pointer is neither `Send` nor `Sync`.
    on_its_thread: PhantomData<*mut T>,
}

// SAFETY: `&Guard<T>` gives `&T` and nothing else.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: as long as a guard lives, it is the only one.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as long as a guard lives, it is the only one, and `self` is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was_panicking {
            self.lock.poisoned.store(true, Relaxed);
        }
        // Release: what this holder did, the poison included, is seen by the next one.
        if self.lock.state.swap(FREE, Release) == AWAITED {
            self.lock.waiting.wake_one();
        }
    }
}
