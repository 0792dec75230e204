//! The closure of `allow_threads` cannot use the token: it runs without the GIL.
use subject::{Gil, GilCell};

fn main() {
    let cell = GilCell::new(1);
    Gil::new().with(|py| {
        py.allow_threads(|| cell.set(py, 2)); //~ E0277
    });
}
