//! Numbers that cannot be sent to another thread cannot be multiplied by several.
use std::ops::{Add, Mul};
use subject::{Gil, Matrix, dot};

#[derive(Clone, Copy, Default)]
struct Local(Option<&'static std::cell::Cell<i32>>);

impl Add for Local {
    type Output = Local;
    fn add(self, _: Local) -> Local {
        self
    }
}

impl Mul for Local {
    type Output = Local;
    fn mul(self, _: Local) -> Local {
        self
    }
}

fn main() {
    let matrix = Matrix::new(1, 1, vec![Local(None)]);
    Gil::new().with(|py| {
        dot(py, &matrix, &matrix, 2); //~ E0277
    });
}
