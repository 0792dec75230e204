//! A cell that is bound to the token cannot be used in the closure of `allow_threads`.
use subject::{Gil, GilCell};

fn main() {
    let cell = GilCell::new(1);
    Gil::new().with(|py| {
        let bound = cell.bind(py);
        py.allow_threads(|| bound.set(2)); //~ E0277
    });
}
