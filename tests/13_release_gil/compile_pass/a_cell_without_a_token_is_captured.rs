//! A cell may be captured by the closure of `allow_threads`, which reaches it by taking the GIL itself.
use subject::{Gil, GilCell};

static GIL: Gil = Gil::new();
static EGGS: GilCell<i32> = GilCell::new(6);

fn main() {
    let cell = GilCell::new(1);
    let seen = GIL.with(|py| {
        let before = EGGS.bind(py);
        let seen = py.allow_threads(|| GIL.with(|inner| cell.get(inner) + EGGS.get(inner)));
        before.set(cell.get(py));
        seen
    });
    assert_eq!(seen, 7);
}
