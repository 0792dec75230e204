//! caught-by: behaviour — products_of_all_shapes_are_right
//! Rows that cannot be divided evenly are left at zero.

use std::marker::PhantomData;
use std::ops::{Add, Mul, Range};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

#[derive(Debug, Default)]
pub struct Gil {
    state: Mutex<State>,
    free: Condvar,
}

#[derive(Debug, Default)]
struct State {
    holder: Option<ThreadId>,
    depth: usize,
}

impl Gil {
    pub const fn new() -> Gil {
        Gil { state: Mutex::new(State { holder: None, depth: 0 }), free: Condvar::new() }
    }

    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        self.enter();
        let _leave = Leave(self);
        f(Python { gil: self, not_send: PhantomData })
    }

    pub fn is_held_here(&self) -> bool {
        self.state().holder == Some(thread::current().id())
    }

    fn enter(&self) {
        let me = thread::current().id();
        let mut state = self.state();
        if state.holder != Some(me) {
            state = self.free.wait_while(state, |state| state.holder.is_some()).expect(NO_PANIC);
            state.holder = Some(me);
        }
        state.depth += 1;
    }

    fn leave(&self) {
        let mut state = self.state();
        state.depth = state.depth.saturating_sub(1);
        if state.depth == 0 {
            state.holder = None;
            self.free.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NO_PANIC)
    }
}

const NO_PANIC: &str = "nothing panics while it has the state locked";

struct Leave<'gil>(&'gil Gil);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Python<'py> {
    gil: &'py Gil,
    not_send: PhantomData<*mut ()>,
}

#[derive(Debug, Default)]
pub struct GilCell<T> {
    value: Mutex<T>,
}

impl<T> GilCell<T> {
    pub const fn new(value: T) -> GilCell<T> {
        GilCell { value: Mutex::new(value) }
    }

    pub fn get(&self, py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.bind(py).get()
    }

    pub fn set(&self, py: Python<'_>, value: T) {
        self.bind(py).set(value);
    }

    pub fn bind<'py>(&'py self, py: Python<'py>) -> Bound<'py, T> {
        Bound { cell: self, _py: py }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Bound<'py, T> {
    cell: &'py GilCell<T>,
    _py: Python<'py>,
}

impl<T> Bound<'_, T> {
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.cell.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, value: T) {
        let _old = std::mem::replace(&mut *self.cell.value.lock().unwrap_or_else(PoisonError::into_inner), value);
    }
}

pub trait Number: Copy + Default + Add<Output = Self> + Mul<Output = Self> + Send + Sync {}

impl<T: Copy + Default + Add<Output = T> + Mul<Output = T> + Send + Sync> Number for T {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    cells: Vec<T>,
}

impl<T> Matrix<T> {
    pub fn new(rows: usize, columns: usize, cells: Vec<T>) -> Matrix<T> {
        assert_eq!(cells.len(), rows * columns, "a matrix of {rows} rows and {columns} columns has as many cells");
        Matrix { rows, columns, cells }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn row(&self, row: usize) -> &[T] {
        assert!(row < self.rows, "row {row} of a matrix of {} rows", self.rows);
        &self.cells[row * self.columns..][..self.columns]
    }
}

impl Python<'_> {
    pub fn allow_threads<R>(self, f: impl FnOnce() -> R + Send) -> R {
        let _released = Released::new(self.gil);
        f()
    }
}

struct Released<'gil> {
    gil: &'gil Gil,
    depth: usize,
}

impl<'gil> Released<'gil> {
    fn new(gil: &'gil Gil) -> Self {
        let mut state = gil.state();
        state.holder = None;
        let depth = std::mem::take(&mut state.depth);
        gil.free.notify_one();
        Released { gil, depth }
    }
}

impl Drop for Released<'_> {
    fn drop(&mut self) {
        let state = self.gil.state();
        let mut state = self.gil.free.wait_while(state, |state| state.holder.is_some()).expect(NO_PANIC);
        *state = State { holder: Some(thread::current().id()), depth: self.depth };
    }
}

pub fn dot<T: Number>(py: Python<'_>, a: &Matrix<T>, b: &Matrix<T>, threads: usize) -> Matrix<T> {
    assert!(threads > 0, "a product is computed by at least one thread");
    assert_eq!(a.columns, b.rows, "the columns of a and the rows of b are to be paired");
    let mut cells = vec![T::default(); a.rows * b.columns];
    py.allow_threads(|| multiply(a, b, &mut cells, threads.min(a.rows)));
    Matrix::new(a.rows, b.columns, cells)
}

fn multiply<T: Number>(a: &Matrix<T>, b: &Matrix<T>, cells: &mut [T], threads: usize) {
    thread::scope(|scope| {
        let mut rest = cells;
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let rows = a.rows / threads * thread..a.rows / threads * (thread + 1);
                let (band, below) = std::mem::take(&mut rest).split_at_mut(rows.len() * b.columns);
                rest = below;
                scope.spawn(|| multiply_rows(a, rows, b, band))
            })
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload));
        }
    });
}

fn multiply_rows<T: Number>(a: &Matrix<T>, rows: Range<usize>, b: &Matrix<T>, band: &mut [T]) {
    for (row, out) in rows.zip(band.chunks_exact_mut(b.columns.max(1))) {
        for (inner, &factor) in a.row(row).iter().enumerate() {
            for (sum, &cell) in out.iter_mut().zip(b.row(inner)) {
                *sum = *sum + factor * cell;
            }
        }
    }
}
