//! caught-by: schedules — one_comes_while_the_other_leaves
//! A number is served without the mutex under which its owner looks, and perhaps between its look and its wait.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

const STRIPES: usize = 64;

pub struct Gil {
    office: Arc<Office>,
}

struct Office {
    interval: u64,
    drawn: AtomicU64,
    served: AtomicU64,
    forced_switches: AtomicU64,
    acquisitions: AtomicU64,
    seats: [(Mutex<()>, Condvar); STRIPES],
}

impl Office {
    fn seat(&self, ticket: u64) -> &(Mutex<()>, Condvar) {
        &self.seats[(ticket % STRIPES as u64) as usize]
    }

    fn draw(&self) -> u64 {
        self.drawn.fetch_add(1, Ordering::SeqCst)
    }

    fn wait_for(&self, ticket: u64) {
        if self.served.load(Ordering::SeqCst) != ticket {
            let (lock, bell) = self.seat(ticket);
            let seated = lock.lock().unwrap();
            drop(bell.wait_while(seated, |()| self.served.load(Ordering::SeqCst) != ticket).unwrap());
        }
        self.acquisitions.fetch_add(1, Ordering::SeqCst);
    }

    fn serve_after(&self, mine: u64) {
        self.served.store(mine + 1, Ordering::SeqCst);
        self.seat(mine + 1).1.notify_all();
    }
}

#[derive(Clone, Copy, Default)]
struct Count {
    ticket: u64,
    ticks: u64,
    interval: u64,
}

thread_local! {
    static OFFICE: RefCell<Option<Arc<Office>>> = const { RefCell::new(None) };
    static COUNT: Cell<Count> = const { Cell::new(Count { ticket: 0, ticks: 0, interval: 0 }) };
}

struct Seat;

impl Drop for Seat {
    fn drop(&mut self) {
        let office = OFFICE.take().unwrap();
        office.serve_after(COUNT.take().ticket);
    }
}

impl Gil {
    pub fn new(interval: u32) -> Gil {
        assert!(interval >= 1, "interval must be at least 1");
        Gil {
            office: Arc::new(Office {
                interval: u64::from(interval),
                drawn: AtomicU64::new(0),
                served: AtomicU64::new(0),
                forced_switches: AtomicU64::new(0),
                acquisitions: AtomicU64::new(0),
                seats: std::array::from_fn(|_| Default::default()),
            }),
        }
    }

    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        let nested = OFFICE.with(|office| office.borrow().is_some());
        assert!(!nested, "the current thread already holds the GIL");
        let ticket = self.office.draw();
        self.office.wait_for(ticket);
        OFFICE.set(Some(Arc::clone(&self.office)));
        COUNT.set(Count { ticket, ticks: 0, interval: self.office.interval });
        let seat = Seat;
        let result = f(Python { _lifetime: PhantomData, _thread: PhantomData });
        drop(seat);
        result
    }

    pub fn stats(&self) -> Stats {
        Stats {
            acquisitions: self.office.acquisitions.load(Ordering::SeqCst),
            forced_switches: self.office.forced_switches.load(Ordering::SeqCst),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub acquisitions: u64,
    pub forced_switches: u64,
}

#[derive(Clone, Copy)]
pub struct Python<'py> {
    _lifetime: PhantomData<fn(&'py ()) -> &'py ()>,
    _thread: PhantomData<*const ()>,
}

impl Python<'_> {
    pub fn tick(self) {
        let mut count = COUNT.get();
        count.ticks += 1;
        if count.ticks.is_multiple_of(count.interval) {
            OFFICE.with(|office| {
                let office = office.borrow();
                let office = office.as_ref().unwrap();
                let drawn = office.drawn.load(Ordering::SeqCst);
                if drawn > count.ticket + 1 {
                    let behind = office.draw();
                    office.forced_switches.fetch_add(1, Ordering::SeqCst);
                    office.serve_after(count.ticket);
                    office.wait_for(behind);
                    count = Count { ticket: behind, ticks: 0, ..count };
                }
            });
        }
        COUNT.set(count);
    }
}

pub struct GilCell<T>(Mutex<T>);

impl<T> GilCell<T> {
    pub const fn new(value: T) -> GilCell<T> {
        GilCell(Mutex::new(value))
    }

    pub fn get(&self, _: Python<'_>) -> T
    where
        T: Clone,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, _: Python<'_>, value: T) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *inner, value);
        drop(inner);
        drop(old);
    }

    pub fn replace(&self, _: Python<'_>, value: T) -> T {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), value)
    }
}
