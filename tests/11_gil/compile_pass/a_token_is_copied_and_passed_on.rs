//! A token is `Copy`, and functions can ask for one.
use subject::{Gil, GilCell, Python};

fn increment(py: Python<'_>, counter: &GilCell<i32>) -> i32 {
    let old = counter.get(py);
    py.tick();
    counter.replace(py, old + 1)
}

struct Interpreter<'py, 'env> {
    py: Python<'py>,
    counter: &'env GilCell<i32>,
}

fn is_copy<T: Copy>(_: T) {}

fn main() {
    let (gil, counter) = (Gil::new(100), GilCell::new(1));
    let sum = gil.with(|py| {
        is_copy(py);
        let interpreter = Interpreter { py, counter: &counter };
        increment(py, &counter) + increment(interpreter.py, interpreter.counter)
    });
    println!("{sum}");
}
