//! A token cannot be put where it lives for ever.
use std::cell::Cell;
use subject::{Gil, Python};

thread_local! {
    static KEPT: Cell<Option<Python<'static>>> = const { Cell::new(None) };
}

fn main() {
    Gil::new(100).with(|py| {
        KEPT.set(Some(py)); //~ E0521
    });
}
