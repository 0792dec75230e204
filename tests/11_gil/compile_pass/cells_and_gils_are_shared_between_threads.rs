//! A `Gil` and its cells can be shared: in statics, in an `Arc`, between scoped threads; a value need only be `Send`.
use std::cell::Cell;
use std::sync::{Arc, LazyLock};
use subject::{Gil, GilCell};

static GIL: LazyLock<Gil> = LazyLock::new(|| Gil::new(100));
static NAMES: GilCell<Vec<String>> = GilCell::new(Vec::new());

fn main() {
    let counter = Arc::new(GilCell::new(0_i32));
    let theirs = Arc::clone(&counter);
    let thread = std::thread::spawn(move || {
        GIL.with(|py| {
            theirs.set(py, theirs.get(py) + 1);
            NAMES.set(py, vec!["spam".into()]);
        });
    });
    thread.join().unwrap();

    let (gil, only_send) = (Gil::new(1), GilCell::new(Cell::new(1)));
    std::thread::scope(|scope| {
        scope.spawn(|| gil.with(|py| only_send.replace(py, Cell::new(2))));
    });
    println!("{}", GIL.with(|py| counter.get(py)));
}
