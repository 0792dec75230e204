//! `dot` is called with the GIL held: not inside of `allow_threads`.
use subject::{Gil, Matrix, dot};

fn main() {
    let one = Matrix::new(1, 1, vec![1]);
    Gil::new().with(|py| {
        py.allow_threads(|| dot(py, &one, &one, 1)); //~ E0277
    });
}
