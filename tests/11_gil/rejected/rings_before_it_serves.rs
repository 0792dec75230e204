//! caught-by: schedules — one_comes_while_the_other_leaves
//! Whoever leaves rings for the next thread and then serves its number: a quick thread looks too early, and sleeps on.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub struct Gil {
    inner: Arc<Inner>,
}

impl Gil {
    pub fn new(interval: u32) -> Gil {
        assert!(interval > 0, "the switch interval of a GIL is at least one tick");
        Gil { inner: Arc::new(Inner { interval, line: Mutex::default() }) }
    }

    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        let _hold = Hold::take(&self.inner);
        f(Python { held: PhantomData })
    }

    pub fn stats(&self) -> Stats {
        self.inner.line().stats
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub acquisitions: u64,
    pub forced_switches: u64,
}

#[derive(Clone, Copy)]
pub struct Python<'py> {
    held: PhantomData<*mut &'py ()>,
}

impl Python<'_> {
    pub fn tick(self) {
        let left = TICKS_LEFT.get() - 1;
        TICKS_LEFT.set(left);
        if left == 0 {
            eval_breaker();
        }
    }
}

pub struct GilCell<T> {
    value: Mutex<T>,
}

impl<T> GilCell<T> {
    pub const fn new(value: T) -> GilCell<T> {
        GilCell { value: Mutex::new(value) }
    }

    pub fn get(&self, _py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.value().clone()
    }

    pub fn set(&self, py: Python<'_>, value: T) {
        drop(self.replace(py, value));
    }

    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        std::mem::replace(&mut self.value(), value)
    }

    fn value(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static HELD: RefCell<Option<Arc<Inner>>> = const { RefCell::new(None) };
    static TICKS_LEFT: Cell<u32> = const { Cell::new(0) };
}

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
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    next_ticket: u64,
    serving: u64,
    bells: VecDeque<Arc<Condvar>>,
    stats: Stats,
}

impl Inner {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nothing panics while it has the line locked")
    }

    fn queue_up(&self, mut line: MutexGuard<'_, Line>) {
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        if line.serving != ticket {
            let bell = Arc::new(Condvar::new());
            line.bells.push_back(Arc::clone(&bell));
            while line.serving != ticket {
                line = bell.wait(line).expect("nothing panics while it has the line locked");
            }
        }
        line.stats.acquisitions += 1;
    }

    fn give_way(&self) {
        let mut line = self.line();
        if let Some(bell) = line.serve_next_if_any() {
            line.stats.forced_switches += 1;
            bell.notify_one();
            self.queue_up(line);
        }
    }

    fn release(&self) {
        if let Some(bell) = self.line().bells.front() {
            bell.notify_one();
        }
        let mut line = self.line();
        if line.serve_next_if_any().is_none() {
            line.serving += 1;
        }
    }
}

impl Line {
    fn serve_next_if_any(&mut self) -> Option<Arc<Condvar>> {
        let bell = self.bells.pop_front()?;
        self.serving += 1;
        Some(bell)
    }
}

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
