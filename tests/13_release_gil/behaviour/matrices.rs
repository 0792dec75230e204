//! Matrices, their product by the book, and numbers that wait at a gate while they are multiplied.

use super::threads::{GIL, nested};
use harness::{Actor, Gate, actor, expect_eq, quiesce};
use std::ops::{Add, Mul};
use std::sync::LazyLock;
use subject::{Matrix, dot};

/// The product, as it is written down in books.
pub(super) fn by_the_book<T: Copy + Default + Add<Output = T> + Mul<Output = T>>(
    a: &Matrix<T>,
    b: &Matrix<T>,
) -> Vec<T> {
    let cell = |row: usize, column| {
        (0..b.rows()).fold(T::default(), |sum, inner| sum + a.row(row)[inner] * b.row(inner)[column])
    };
    (0..a.rows())
        .flat_map(|row| (0..b.columns()).map(move |column| (row, column)))
        .map(|(row, column)| cell(row, column))
        .collect()
}

/// A matrix of small numbers, no two rows or columns of which are the same.
pub(super) fn matrix<T: From<i16>>(rows: usize, columns: usize) -> Matrix<T> {
    let cell = |at: usize| T::from(((at * at * 31 + at * 7 + 3) % 19) as i16 - 9);
    Matrix::new(rows, columns, (0..rows * columns).map(cell).collect())
}

/// A number that waits, while it is multiplied, until the gate is open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Gated(i64);

pub(super) static GATE: LazyLock<Gate> = LazyLock::new(Gate::new);

impl Add for Gated {
    type Output = Gated;
    fn add(self, other: Gated) -> Gated {
        Gated(self.0 + other.0)
    }
}

impl Mul for Gated {
    type Output = Gated;
    fn mul(self, other: Gated) -> Gated {
        GATE.pass();
        Gated(self.0 * other.0)
    }
}

/// Starts a product of gated numbers on a thread that holds the GIL so many times over. All have come to the gate when it
/// returns.
pub(super) fn gated_product(rows: usize, threads: usize, depth: usize) -> Actor<()> {
    let caller = actor("caller", move || {
        let (a, b) = (matrix::<i64>(rows, 2), matrix::<i64>(2, 2));
        let gated = |rows, cells: Vec<i64>| Matrix::new(rows, 2, cells.into_iter().map(Gated).collect());
        let all = |matrix: &Matrix<i64>| (0..matrix.rows()).flat_map(|row| matrix.row(row)).copied().collect();
        let (gated_a, gated_b, expected) = (gated(rows, all(&a)), gated(2, all(&b)), gated(rows, by_the_book(&a, &b)));
        nested(depth, |py| {
            expect_eq!(dot(py, &gated_a, &gated_b, threads), expected, "the product");
            expect_eq!(GIL.is_held_here(), true, "is_held_here() after dot");
        });
    });
    quiesce();
    caller
}
