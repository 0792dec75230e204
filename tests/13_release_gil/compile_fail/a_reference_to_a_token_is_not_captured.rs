//! A reference to the token cannot be captured: the token could be copied out of it.
use subject::{Gil, GilCell};

fn main() {
    let cell = GilCell::new(1);
    Gil::new().with(|py| {
        let lent = &py;
        py.allow_threads(move || cell.get(*lent)); //~ E0277
    });
}
