//! The threads on which `dot` multiplies: how many there are, who has the GIL meanwhile, and how they end.

use super::matrices::{GATE, gated_product, matrix};
use super::threads::{GIL, Visitor, must_be_free};
use harness::{actor, expect, expect_eq, fact, panic_payload, quiesce, threads_alive};
use std::ops::{Add, Mul};
use std::panic::panic_any;
use subject::{Matrix, dot};

fn multiply_at_once(rows: usize, threads: usize, expected: usize) {
    let caller = gated_product(rows, threads, 1);
    let about = format!("how many threads multiply {rows} rows at the same time, with {threads} allowed");
    expect_eq!(GATE.waiting(), expected, about);
    GATE.open();
    caller.finish();
    expect!(
        GATE.most_waiting() <= threads,
        about,
        format!("never more than {threads}"),
        GATE.most_waiting().to_string()
    );
}

/// As many threads as are allowed multiply at the same time, if there are rows for them.
///
/// Next: start all threads before the first is waited for, and no more than are allowed.
#[fact]
fn the_threads_multiply_at_the_same_time() {
    multiply_at_once(12, 4, 4);
}

/// One thread multiplies if one is allowed.
///
/// Next: `threads` is a limit, whatever the machine has.
#[fact]
fn one_thread_multiplies_if_one_is_allowed() {
    multiply_at_once(5, 1, 1);
}

/// With more threads than rows, each row has a thread, and the others are not needed.
///
/// Next: a thread without a row has nothing to multiply; a band has one row at least.
#[fact]
fn there_are_no_more_threads_than_rows() {
    multiply_at_once(3, 1_000_000_000, 3);
}

/// Other threads get the GIL while `dot` multiplies, however deep in calls of `with` its caller is.
///
/// Next: let go of the GIL around the whole product.
#[fact]
fn dot_lets_go_of_the_gil() {
    let caller = gated_product(4, 2, 2);
    let visitor = Visitor::start("visitor");
    visitor.must_have_the_gil("while dot multiplies");
    GATE.open();
    quiesce();
    expect!(!caller.has_finished(), "dot, when the product is done", "it waits for the GIL", "it has returned");
    visitor.leave();
    caller.finish();
    must_be_free("after everybody has left");
}

/// No thread is left behind when `dot` returns.
///
/// Next: scoped threads end with their scope.
#[fact(alone)]
fn dot_leaves_no_thread_behind() {
    let before = threads_alive();
    let product = GIL.with(|py| dot(py, &matrix::<i64>(64, 8), &matrix(8, 8), 8));
    expect_eq!(product.rows(), 64, "the rows of the product");
    quiesce();
    expect_eq!(threads_alive(), before, "how many threads there are after dot, when there were as many before");
}

/// A panic of a number's `*` comes out of `dot`, as it is; the GIL is held by then, and no other thread multiplies any more.
///
/// Next: what `join` returns in an `Err` is the payload: `resume_unwind` passes it on.
#[fact(panics)]
fn a_panic_while_multiplying_comes_out_of_dot() {
    #[derive(Clone, Copy, Debug, Default)]
    struct Touchy(u8);
    impl Add for Touchy {
        type Output = Touchy;
        fn add(self, _other: Touchy) -> Touchy {
            self
        }
    }
    impl Mul for Touchy {
        type Output = Touchy;
        fn mul(self, _other: Touchy) -> Touchy {
            match self.0 {
                0 => GATE.pass(),
                payload => panic_any(payload),
            }
            self
        }
    }
    let caller = actor("caller", || {
        GIL.with(|py| {
            let a = Matrix::new(3, 1, vec![Touchy(0), Touchy(42), Touchy(0)]);
            let product = || dot(py, &a, &Matrix::new(1, 1, vec![Touchy(0)]), 3);
            expect_eq!(panic_payload(product), Some(42_u8), "the payload of the panic that comes out of dot");
            expect_eq!(GATE.waiting(), 0, "how many threads multiply when the panic comes out of dot");
            expect_eq!(GIL.is_held_here(), true, "is_held_here() when the panic comes out of dot");
        });
    });
    quiesce();
    expect_eq!(GATE.waiting(), 2, "how many of 3 threads still multiply after one has panicked");
    GATE.open();
    caller.finish();
    must_be_free("after a panic in dot");
}
