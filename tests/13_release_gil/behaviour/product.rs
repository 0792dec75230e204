//! What `dot` computes, and what it refuses.

use super::matrices::{by_the_book, matrix};
use super::threads::{GIL, must_be_free};
use harness::{catch_panic, expect, expect_eq, fact};
use std::ops::{Add, Mul};
use subject::{Matrix, dot};

/// The product is right for all shapes, empty ones included, whatever the number of threads.
///
/// Next: think of rows that do not divide evenly, of more threads than rows, and of no columns at all.
#[fact(negated)]
fn products_of_all_shapes_are_right() {
    let sizes = [0, 1, 2, 3, 5, 8];
    for (rows, inner, columns) in sizes.iter().flat_map(|r| sizes.iter().flat_map(move |i| sizes.map(|c| (*r, *i, c))))
    {
        let (a, b) = (matrix::<i64>(rows, inner), matrix(inner, columns));
        let expected = Matrix::new(rows, columns, by_the_book(&a, &b));
        for threads in [1, 2, 3, 4, 7, 100] {
            let about = format!("a {rows} × {inner} matrix by a {inner} × {columns} one, with {threads} thread(s)");
            expect_eq!(GIL.with(|py| dot(py, &a, &b, threads)), expected, about);
        }
    }
}

/// Each number of `a` is multiplied by one of `b`, in this order: `a * b` need not be `b * a`.
///
/// Next: write the factor from `a` on the left.
#[fact(negated)]
fn factors_keep_their_order() {
    /// Keeps the left factor's first half and the right factor's second half.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Halves(i32, i32);
    impl Add for Halves {
        type Output = Halves;
        fn add(self, other: Halves) -> Halves {
            Halves(self.0 + other.0, self.1 + other.1)
        }
    }
    impl Mul for Halves {
        type Output = Halves;
        fn mul(self, other: Halves) -> Halves {
            Halves(self.0, other.1)
        }
    }
    let (a, b) =
        (Matrix::new(1, 2, vec![Halves(1, 2), Halves(10, 20)]), Matrix::new(2, 1, vec![Halves(3, 4), Halves(30, 40)]));
    let product = GIL.with(|py| dot(py, &a, &b, 1));
    expect_eq!(product.row(0), [Halves(11, 44)], "a product of numbers that keep one half of each factor");
}

/// What cannot be multiplied is a panic, and the GIL is as it was.
///
/// Next: `assert!` the shapes and the number of threads at the beginning.
#[fact(panics)]
fn what_cannot_be_multiplied_is_a_panic() {
    #[track_caller]
    fn panics<R>(about: &str, action: impl FnOnce() -> R) {
        expect!(catch_panic(action).is_err(), about, "a panic", "it returns");
    }
    GIL.with(|py| {
        let (wide, high) = (matrix::<i64>(2, 3), matrix::<i64>(3, 2));
        expect_eq!(dot(py, &wide, &high, 1).columns(), 2, "the columns of a 2 × 3 by 3 × 2 product");
        panics("a 2 × 3 by 2 × 3 product", || dot(py, &wide, &wide, 1));
        panics("a 3 × 2 by 3 × 2 product", || dot(py, &high, &high, 2));
        panics("a 0 × 3 by 2 × 0 product", || dot(py, &matrix::<i64>(0, 3), &matrix(2, 0), 2));
        panics("a product by 0 threads", || dot(py, &wide, &high, 0));
        panics("an empty product by 0 threads", || dot(py, &matrix::<i64>(0, 0), &matrix(0, 0), 0));
        expect_eq!(GIL.is_held_here(), true, "is_held_here() after dot has panicked");
    });
    must_be_free("after with");
    panics("Matrix::new(2, 2, …) with 3 cells", || Matrix::new(2, 2, vec![1, 2, 3]));
    panics("row(2) of 2 rows", || matrix::<i64>(2, 0).row(2).len());
}
