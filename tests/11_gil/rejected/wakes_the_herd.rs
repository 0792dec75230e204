//! caught-by: timing — a_hand_over_past_many_waiting_threads
//! All waiting threads share one condition variable: each hand-over wakes every one of them, and all but one go back to sleep.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A lock that one thread at a time holds while it runs "Python", and that changes hands between two bytecodes.
pub struct Gil {
    inner: Arc<Inner>,
}

impl Gil {
    /// A GIL that nobody holds. Its holder looks for waiters on every `interval`-th tick.
    ///
    /// # Panics
    /// If `interval` is 0.
    pub fn new(interval: u32) -> Gil {
        assert!(interval > 0, "the switch interval of a GIL is at least one tick");
        Gil { inner: Arc::new(Inner { interval, line: Mutex::default(), moved: Condvar::new() }) }
    }

    /// Takes the GIL, runs `f` with the proof of it, and releases the GIL, also if `f` panics. Waits in line while
    /// other threads hold it: first come, first served.
    ///
    /// # Panics
    /// If this thread already holds a GIL, this one or another. And with the panic of `f`, if it panics.
    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        let _hold = Hold::take(&self.inner);
        f(Python { held: PhantomData })
    }

    /// What has happened so far. Waits for no holder, and needs no token.
    pub fn stats(&self) -> Stats {
        self.inner.line().stats
    }
}

/// What a [`Gil`] has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How often a thread took the GIL: once per [`Gil::with`], and once more for each return from a forced switch.
    pub acquisitions: u64,
    /// How often a tick made the holder give the GIL away.
    pub forced_switches: u64,
}

/// The proof that this thread holds a GIL. It has no size, can be copied, and leaves neither the closure nor the thread.
#[derive(Clone, Copy)]
pub struct Python<'py> {
    /// A raw pointer: it keeps the token on its thread, and its lifetime exactly what `with` made it.
    held: PhantomData<*mut &'py ()>,
}

impl Python<'_> {
    /// The end of one bytecode. On every `interval`-th tick since this thread took the GIL, and only if another thread
    /// waits, gives the GIL to the one that has waited longest and queues up behind all the others.
    pub fn tick(self) {
        let left = TICKS_LEFT.get() - 1;
        TICKS_LEFT.set(left);
        if left == 0 {
            eval_breaker();
        }
    }
}

/// A Python object's place: shared by all threads, used only with the GIL held.
///
/// The mutex is the price of safe code: the compiler does not know that a token excludes other threads, and a token of
/// *another* GIL does not. It is held for one copy or one exchange, never across a tick.
pub struct GilCell<T> {
    value: Mutex<T>,
}

impl<T> GilCell<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell { value: Mutex::new(value) }
    }

    /// A clone of the value.
    pub fn get(&self, _py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.value().clone()
    }

    /// Puts `value` in, and drops what was there.
    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    /// Puts `value` in and returns what was there.
    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        std::mem::replace(&mut self.value(), value)
    }

    /// A `clone` that panicked has not changed the value: the poison is meaningless here.
    fn value(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    /// The GIL that this thread holds. A token has no room for it; but a thread holds one at most, so its home is here.
    static HELD: RefCell<Option<Arc<Inner>>> = const { RefCell::new(None) };
    /// Counts down to the next look at the line. A variable of its own, without a destructor: a tick touches no other.
    static TICKS_LEFT: Cell<u32> = const { Cell::new(0) };
}

/// The rare half of a tick.
#[cold]
fn eval_breaker() {
    HELD.with_borrow(|held| {
        let inner = held.as_ref().expect("a token exists only while its thread holds the GIL");
        inner.give_way();
        TICKS_LEFT.set(inner.interval);
    });
}

struct Inner {
    interval: u32,
    /// Guards the numbers, not the hold: nobody keeps it locked while a closure runs.
    line: Mutex<Line>,
    /// Rung when another ticket is served.
    moved: Condvar,
}

/// Who holds the GIL and who is next. The GIL is free if `serving` is a number that nobody has drawn yet.
#[derive(Default)]
struct Line {
    next_ticket: u64,
    serving: u64,
    stats: Stats,
}

impl Inner {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nothing panics while it has the line locked")
    }

    /// Draws a ticket and returns once it is served.
    fn queue_up(&self, mut line: MutexGuard<'_, Line>) {
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        if line.serving != ticket {
            while line.serving != ticket {
                line = self.moved.wait(line).expect("nothing panics while it has the line locked");
            }
        }
        line.stats.acquisitions += 1;
    }

    /// The forced switch: serves whoever is next, and queues up again. Does nothing if no other thread waits.
    fn give_way(&self) {
        let mut line = self.line();
        if line.next_ticket > line.serving + 1 {
            line.serving += 1;
            line.stats.forced_switches += 1;
            self.moved.notify_all();
            self.queue_up(line);
        }
    }

    fn release(&self) {
        let mut line = self.line();
        line.serving += 1;
        drop(line);
        self.moved.notify_all();
    }
}

/// One stay in [`Gil::with`]. Its destructor ends the stay, however the closure ends.
struct Hold;

impl Hold {
    fn take(inner: &Arc<Inner>) -> Hold {
        if HELD.with_borrow(Option::is_some) {
            panic!("this thread already holds the GIL: it would wait for itself for ever");
        }
        inner.queue_up(inner.line());
        HELD.set(Some(Arc::clone(inner)));
        TICKS_LEFT.set(inner.interval);
        Hold
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some(inner) = HELD.take() {
            inner.release();
        }
    }
}
