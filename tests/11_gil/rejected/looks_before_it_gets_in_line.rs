//! caught-by: schedules — one_comes_while_the_other_leaves
//! A thread finds the GIL taken, lets the mutex go, and then gets in line: the holder may have left in between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Thread;

pub struct Gil {
    core: Arc<Core>,
}

struct Core {
    interval: u32,
    ticks: AtomicU32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: bool,
    waiting: VecDeque<Arc<Waiter>>,
    acquisitions: u64,
    forced_switches: u64,
}

struct Waiter {
    thread: Thread,
    granted: AtomicBool,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Core>>> = const { RefCell::new(None) };
}

impl Core {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn acquire(&self) {
        let mut state = self.state();
        if !state.held {
            state.held = true;
            state.acquisitions += 1;
            self.ticks.store(0, Ordering::Relaxed);
            return;
        }
        drop(state);
        self.wait_behind_the_others();
    }

    fn wait_behind_the_others(&self) {
        let waiter = Arc::new(Waiter { thread: std::thread::current(), granted: AtomicBool::new(false) });
        self.state().waiting.push_back(Arc::clone(&waiter));
        while !waiter.granted.load(Ordering::Acquire) {
            std::thread::park();
        }
    }

    fn grant(&self, state: &mut State, waiter: &Waiter) {
        state.acquisitions += 1;
        self.ticks.store(0, Ordering::Relaxed);
        waiter.granted.store(true, Ordering::Release);
        waiter.thread.unpark();
    }

    fn release(&self) {
        let mut state = self.state();
        match state.waiting.pop_front() {
            Some(waiter) => self.grant(&mut state, &waiter),
            None => state.held = false,
        }
    }

    fn tick(&self) {
        let ticks = self.ticks.load(Ordering::Relaxed) + 1;
        if ticks < self.interval {
            self.ticks.store(ticks, Ordering::Relaxed);
            return;
        }
        self.ticks.store(0, Ordering::Relaxed);
        let mut state = self.state();
        if let Some(waiter) = state.waiting.pop_front() {
            state.forced_switches += 1;
            self.grant(&mut state, &waiter);
            drop(state);
            self.wait_behind_the_others();
        }
    }
}

impl Gil {
    pub fn new(interval: u32) -> Gil {
        assert_ne!(interval, 0, "the interval must not be 0");
        Gil { core: Arc::new(Core { interval, ticks: AtomicU32::new(0), state: Mutex::default() }) }
    }

    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        struct Release;
        impl Drop for Release {
            fn drop(&mut self) {
                CURRENT.take().expect("set when the GIL was taken").release();
            }
        }
        assert!(CURRENT.with_borrow(Option::is_none), "with: this thread already holds the GIL");
        self.core.acquire();
        CURRENT.set(Some(Arc::clone(&self.core)));
        let _release = Release;
        f(Python(PhantomData))
    }

    pub fn stats(&self) -> Stats {
        let state = self.core.state();
        Stats { acquisitions: state.acquisitions, forced_switches: state.forced_switches }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub acquisitions: u64,
    pub forced_switches: u64,
}

#[derive(Clone, Copy)]
pub struct Python<'py>(PhantomData<(&'py (), *const ())>);

impl Python<'_> {
    pub fn tick(self) {
        CURRENT.with_borrow(|core| core.as_ref().expect("a token means that the GIL is held").tick());
    }
}

pub struct GilCell<T>(Mutex<Option<T>>);

impl<T> GilCell<T> {
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(Mutex::new(Some(value)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        match self.0.lock() {
            Ok(guard) => guard,
            Err(poisoned) => {
                self.0.clear_poison();
                poisoned.into_inner()
            }
        }
    }

    pub fn get(&self, _py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.lock().as_ref().expect("there is always a value").clone()
    }

    pub fn set(&self, py: Python<'_>, value: T) {
        self.replace(py, value);
    }

    pub fn replace(&self, _py: Python<'_>, value: T) -> T {
        self.lock().replace(value).expect("there is always a value")
    }
}
