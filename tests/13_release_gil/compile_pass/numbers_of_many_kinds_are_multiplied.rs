//! `dot` takes whole numbers, floating-point numbers, wrapping ones, and types of one's own that borrow.
use std::num::Wrapping;
use std::ops::{Add, Mul};
use subject::{Gil, Matrix, Python, dot};

#[derive(Clone, Copy, Default)]
struct Named<'a>(&'a str);

impl<'a> Add for Named<'a> {
    type Output = Named<'a>;
    fn add(self, other: Named<'a>) -> Named<'a> {
        other
    }
}

impl<'a> Mul for Named<'a> {
    type Output = Named<'a>;
    fn mul(self, _: Named<'a>) -> Named<'a> {
        self
    }
}

fn square(py: Python<'_>, side: f64) -> f64 {
    let side = Matrix::new(1, 1, vec![side]);
    dot(py, &side, &side, 1).row(0)[0]
}

fn main() {
    let name = String::from("spam");
    let gil = Gil::new();
    gil.with(|py| {
        let bytes = Matrix::new(1, 1, vec![Wrapping(200_u8)]);
        assert_eq!(dot(py, &bytes, &bytes, 1).row(0), [Wrapping(64)]);
        let named = Matrix::new(1, 1, vec![Named(&name)]);
        assert_eq!(dot(py, &named, &named, 1).row(0)[0].0, "spam");
        assert!((square(py, 1.5) - 2.25).abs() < 1e-9);
    });
}
