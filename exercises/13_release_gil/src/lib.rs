//! Letting go of the GIL around work that touches no Python object, and a matrix product for which that pays. The first
//! part of this file is given; README.md says what the second part must do.
//!
//! ```
//! use release_gil::{Gil, Matrix, dot};
//!
//! let gil = Gil::new();
//! let product = gil.with(|py| {
//!     assert!(gil.is_held_here());
//!     assert!(!py.allow_threads(|| gil.is_held_here()));
//!     assert!(gil.is_held_here());
//!     dot(py, &Matrix::new(1, 2, vec![3, 4]), &Matrix::new(2, 1, vec![5, 6]), 1)
//! });
//! assert_eq!(product.row(0), [39]);
//! ```

use std::marker::PhantomData;
use std::ops::{Add, Mul};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

// ------------------------------------------------------------------------------------------------------------------
// Given: a small GIL, cells that belong to it, and matrices. Nothing here needs a change.

/// A lock that one thread at a time holds while it runs "Python". A thread may take it again while it holds it.
#[derive(Debug, Default)]
pub struct Gil {
    state: Mutex<State>,
    /// Told when `state.holder` becomes `None`.
    free: Condvar,
}

/// Who holds the GIL, and in how many calls of [`Gil::with`], one inside the other. Without a holder, in none.
#[derive(Debug, Default)]
struct State {
    holder: Option<ThreadId>,
    depth: usize,
}

impl Gil {
    /// A GIL that nobody holds.
    pub const fn new() -> Gil {
        Gil { state: Mutex::new(State { holder: None, depth: 0 }), free: Condvar::new() }
    }

    /// Takes the GIL, runs `f` with the proof of it, and releases the GIL, also if `f` panics. Waits while another thread
    /// holds it. A thread that holds it already goes on at once, and releases it when the outermost call ends.
    pub fn with<R>(&self, f: impl for<'py> FnOnce(Python<'py>) -> R) -> R {
        self.enter();
        let _leave = Leave(self);
        f(Python { gil: self, not_send: PhantomData })
    }

    /// Whether the calling thread holds this GIL. CPython's `PyGILState_Check`.
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

    /// Saturates, since the depth is wrong already if somebody else has got the GIL meanwhile: the fault is to be seen, and
    /// not to end the process.
    fn leave(&self) {
        let mut state = self.state();
        state.depth = state.depth.saturating_sub(1);
        if state.depth == 0 {
            state.holder = None;
            self.free.notify_one();
        }
    }

    /// Locked for a few instructions at a time; never while anybody's closure runs.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect(NO_PANIC)
    }
}

/// Why locking the state cannot fail.
const NO_PANIC: &str = "nothing panics while it has the state locked";

/// The end of one call of [`Gil::with`].
struct Leave<'gil>(&'gil Gil);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// The proof that this thread holds a GIL. It can be copied, and leaves neither the closure nor the thread.
#[derive(Clone, Copy, Debug)]
pub struct Python<'py> {
    gil: &'py Gil,
    /// A raw pointer is neither `Send` nor `Sync`, and so neither is the token.
    not_send: PhantomData<*mut ()>,
}

/// A Python object's place: shared by all threads, used only with a token. PyO3's `Py<T>`.
#[derive(Debug, Default)]
pub struct GilCell<T> {
    /// Locked for one copy or one exchange. It is free whenever the GIL is held.
    value: Mutex<T>,
}

impl<T> GilCell<T> {
    /// A cell that holds `value`.
    pub const fn new(value: T) -> GilCell<T> {
        GilCell { value: Mutex::new(value) }
    }

    /// A clone of the value.
    pub fn get(&self, py: Python<'_>) -> T
    where
        T: Clone,
    {
        self.bind(py).get()
    }

    /// Puts `value` in, and drops what was there.
    pub fn set(&self, py: Python<'_>, value: T) {
        self.bind(py).set(value);
    }

    /// The cell together with the token: what needs no token from now on, and stays on this thread for that.
    pub fn bind<'py>(&'py self, py: Python<'py>) -> Bound<'py, T> {
        Bound { cell: self, _py: py }
    }
}

/// A cell and the proof that it may be used. PyO3's `Bound<'py, T>`.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'py, T> {
    cell: &'py GilCell<T>,
    _py: Python<'py>,
}

impl<T> Bound<'_, T> {
    /// A clone of the value.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.cell.value.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts `value` in, and drops what was there.
    pub fn set(&self, value: T) {
        // Dropped at the end, when the cell is no longer locked.
        let _old = std::mem::replace(&mut *self.cell.value.lock().unwrap_or_else(PoisonError::into_inner), value);
    }
}

/// What a matrix is made of. `T::default()` is the zero: adding it changes nothing.
pub trait Number: Copy + Default + Add<Output = Self> + Mul<Output = Self> + Send + Sync {}

impl<T: Copy + Default + Add<Output = T> + Mul<Output = T> + Send + Sync> Number for T {}

/// Rows and columns of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix<T> {
    rows: usize,
    columns: usize,
    /// One row after the other.
    cells: Vec<T>,
}

impl<T> Matrix<T> {
    /// A matrix of `cells`, one row after the other.
    ///
    /// # Panics
    /// If there are not `rows * columns` cells.
    pub fn new(rows: usize, columns: usize, cells: Vec<T>) -> Matrix<T> {
        assert_eq!(cells.len(), rows * columns, "a matrix of {rows} rows and {columns} columns has as many cells");
        Matrix { rows, columns, cells }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The numbers of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[T] {
        assert!(row < self.rows, "row {row} of a matrix of {} rows", self.rows);
        &self.cells[row * self.columns..][..self.columns]
    }
}

// The end of what is given.
// ------------------------------------------------------------------------------------------------------------------

impl Python<'_> {
    /// Runs `f` without the GIL: other threads may take it meanwhile. This thread holds it again, as deeply as before, when
    /// `allow_threads` returns, and also when `f` has panicked. Waits for that while another thread holds it.
    ///
    /// `f` must be `Send`. It stays on this thread, but the token is not `Send`, and so cannot be captured.
    ///
    /// ```
    /// use release_gil::{Gil, GilCell};
    ///
    /// let (gil, eggs) = (Gil::new(), GilCell::new(6));
    /// gil.with(|py| {
    ///     std::thread::scope(|scope| {
    ///         let other = scope.spawn(|| gil.with(|py| eggs.set(py, 12)));
    ///         py.allow_threads(|| other.join().unwrap());
    ///     });
    ///     assert_eq!(eggs.get(py), 12);
    /// });
    /// ```
    ///
    /// # Panics
    /// With the panic of `f`, if it panics.
    pub fn allow_threads<R>(self, f: impl FnOnce() -> R + Send) -> R {
        let _ = (self.gil, f);
        todo!("let go of the GIL, run f, take the GIL again on every path")
    }
}

/// The matrix product of `a` and `b`, computed by so many `threads` at most, without the GIL.
///
/// ```
/// use release_gil::{Gil, Matrix, dot};
///
/// let a = Matrix::new(2, 3, vec![1, 2, 3, 4, 5, 6]);
/// let b = Matrix::new(3, 1, vec![1, 10, 100]);
/// let product = Gil::new().with(|py| dot(py, &a, &b, 2));
/// assert_eq!(product, Matrix::new(2, 1, vec![321, 654]));
/// ```
///
/// # Panics
/// If `a` does not have as many columns as `b` has rows, or if there are no threads. With the panic of a number's `+` or `*`,
/// if one panics.
pub fn dot<T: Number>(py: Python<'_>, a: &Matrix<T>, b: &Matrix<T>, threads: usize) -> Matrix<T> {
    let _ = (py, a, b, threads);
    todo!("cut the rows into bands, one for each thread, and let go of the GIL around all of it")
}
