//! A struct with a token in it is as good as the token, and cannot be captured.
use subject::{Gil, GilCell, Python};

struct Interpreter<'py> {
    py: Python<'py>,
    name: GilCell<String>,
}

fn main() {
    Gil::new().with(|py| {
        let interpreter = Interpreter { py, name: GilCell::new(String::new()) };
        let call = || interpreter.name.get(interpreter.py);
        py.allow_threads(call); //~ E0277
    });
}
