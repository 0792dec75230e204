//! The baton is a message: each waiting thread blocks on a channel of its own; one thread-local holds lock and count.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What the threads of one lock share.
#[derive(Clone)]
struct Shared(Arc<Mutex<Board>>);

#[derive(Default)]
struct Board {
    /// `None` while the GIL is free.
    line: Option<VecDeque<SyncSender<()>>>,
    stats: Stats,
}

enum Outcome {
    Held,
    Wait,
}

impl Shared {
    /// Joins the line after giving the GIL to its head, if `giving`; a thread that gives it stays unless somebody waits.
    fn take(&self, giving: bool) {
        let (baton, arrival) = sync_channel(1);
        let outcome = {
            let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let outcome = match &mut board.line {
                None => {
                    board.line = Some(VecDeque::new());
                    Outcome::Held
                }
                Some(line) => {
                    line.push_back(baton);
                    if giving {
                        let next = line.pop_front().expect("it holds at least the giver");
                        board.stats.forced_switches += 1;
                        next.send(()).expect("a thread in line listens");
                    }
                    Outcome::Wait
                }
            };
            if matches!(outcome, Outcome::Held) {
                board.stats.acquisitions += 1;
            }
            outcome
        };
        if matches!(outcome, Outcome::Wait) {
            arrival.recv().expect("the line keeps the sender until it has sent");
            self.0.lock().unwrap_or_else(PoisonError::into_inner).stats.acquisitions += 1;
        }
    }

    fn somebody_waits(&self) -> bool {
        let board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.line.as_ref().is_some_and(|line| !line.is_empty())
    }

    fn release(&self) {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match board.line.as_mut().and_then(VecDeque::pop_front) {
            Some(next) => next.send(()).expect("a thread in line listens"),
            None => board.line = None,
        }
    }
}

struct Hold {
    shared: Shared,
    interval: u32,
    ticks: Cell<u32>,
}

thread_local! {
    static HOLD: RefCell<Option<Rc<Hold>>> = const { RefCell::new(None) };
}

/// A lock for interpreters.
pub struct Gil {
    shared: Shared,
    interval: u32,
}

impl Gil {
    /// Free, and with a switch every `interval` ticks.
    pub fn new(interval: u32) -> Gil {
        if interval == 0 {
            panic!("interval 0");
        }
        Gil { shared: Shared(Arc::default()), interval }
    }

    /// Takes, runs, releases.
    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        if HOLD.with(|hold| hold.borrow().is_some()) {
            panic!("{:?} already holds the GIL", std::thread::current().id());
        }
        self.shared.take(false);
        let hold = Hold { shared: self.shared.clone(), interval: self.interval, ticks: Cell::new(0) };
        HOLD.with(|slot| *slot.borrow_mut() = Some(Rc::new(hold)));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(Python { _not_send: PhantomData })));
        HOLD.with(|slot| *slot.borrow_mut() = None);
        self.shared.release();
        result.unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    }

    /// The counts.
    pub fn stats(&self) -> Stats {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).stats
    }
}

/// The counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Times taken.
    pub acquisitions: u64,
    /// Times given away by a tick.
    pub forced_switches: u64,
}

/// The token.
#[derive(Clone, Copy)]
pub struct Python<'py> {
    _not_send: PhantomData<(Rc<()>, &'py ())>,
}

impl Python<'_> {
    /// Ends a bytecode.
    pub fn tick(self) {
        let hold = HOLD.with(|slot| slot.borrow().clone()).expect("held");
        hold.ticks.set(hold.ticks.get() + 1);
        if hold.ticks.get() == hold.interval {
            hold.ticks.set(0);
            if hold.shared.somebody_waits() {
                hold.shared.take(true);
            }
        }
    }
}

/// A value that needs the GIL.
pub struct GilCell<T> {
    inner: Mutex<T>,
}

impl<T> GilCell<T> {
    /// A new cell.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell { inner: Mutex::new(value) }
    }

    /// A copy.
    pub fn get(&self, py: Python<'_>) -> T
    where
        T: Clone,
    {
        let _ = py;
        match self.inner.lock() {
            Ok(value) => value.clone(),
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    /// Overwrites.
    pub fn set(&self, py: Python<'_>, value: T) {
        let _ = py;
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = value;
    }

    /// Swaps.
    pub fn replace(&self, py: Python<'_>, mut value: T) -> T {
        let _ = py;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *inner, &mut value);
        value
    }
}
