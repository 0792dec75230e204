//! A copy of the token cannot be moved into the closure of `allow_threads` either.
use subject::Gil;

fn main() {
    Gil::new().with(|py| {
        let copy = py;
        py.allow_threads(move || copy.allow_threads(|| ())); //~ E0277
    });
}
