//! A cell whose value must stay on its thread cannot be shared with another one.
use std::rc::Rc;
use subject::{Gil, GilCell};

fn main() {
    let (gil, cell) = (Gil::new(100), GilCell::new(Rc::new(1)));
    std::thread::scope(|scope| {
        scope.spawn(|| gil.with(|py| drop(cell.get(py)))); //~ E0277
    });
}
