//! caught-by: behaviour — the_thread_that_was_switched_out_waits_until_another_has_had_the_gil
//! The forced switch frees the GIL, wakes a waiting thread, and takes the GIL back before that thread can move.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The lock.
pub struct Gil {
    shared: Arc<Shared>,
}

struct Shared {
    interval: u32,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    held: bool,
    waiting: u32,
    stats: Stats,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn acquire(&self, mut state: MutexGuard<'_, State>) {
        state.waiting += 1;
        while state.held {
            state = self.freed.wait(state).unwrap();
        }
        state.waiting -= 1;
        state.held = true;
        state.stats.acquisitions += 1;
    }

    fn release(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.held = false;
        self.freed.notify_one();
        state
    }
}

struct Current {
    shared: Arc<Shared>,
    ticks: u32,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

impl Gil {
    /// A free GIL.
    pub fn new(interval: u32) -> Gil {
        assert!(interval > 0, "the interval must be positive");
        Gil { shared: Arc::new(Shared { interval, state: Mutex::default(), freed: Condvar::new() }) }
    }

    /// Runs `f` with the GIL held.
    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        struct Release;
        impl Drop for Release {
            fn drop(&mut self) {
                if let Some(current) = CURRENT.take() {
                    drop(current.shared.release());
                }
            }
        }
        assert!(CURRENT.with_borrow(Option::is_none), "this thread already holds the GIL");
        self.shared.acquire(self.shared.lock());
        CURRENT.set(Some(Current { shared: Arc::clone(&self.shared), ticks: 0 }));
        let _release = Release;
        f(Python(PhantomData))
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        self.shared.lock().stats
    }
}

/// The counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How often the GIL was taken.
    pub acquisitions: u64,
    /// How often a tick gave it away.
    pub forced_switches: u64,
}

/// The token.
#[derive(Clone, Copy)]
pub struct Python<'py>(PhantomData<*mut &'py ()>);

impl Python<'_> {
    /// One bytecode has ended.
    pub fn tick(self) {
        CURRENT.with_borrow_mut(|current| {
            let Current { shared, ticks } = current.as_mut().unwrap();
            *ticks += 1;
            if *ticks == shared.interval {
                *ticks = 0;
                if shared.lock().waiting > 0 {
                    let mut state = shared.release();
                    state.stats.forced_switches += 1;
                    shared.acquire(state);
                }
            }
        });
    }
}

/// A value under the GIL.
pub struct GilCell<T>(Mutex<T>);

impl<T> GilCell<T> {
    /// A cell with a value.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(Mutex::new(value))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the value.
    pub fn get(&self, _py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.lock().clone()
    }

    /// Stores a value.
    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    /// Stores a value and returns the old one.
    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        std::mem::replace(&mut self.lock(), value)
    }
}
