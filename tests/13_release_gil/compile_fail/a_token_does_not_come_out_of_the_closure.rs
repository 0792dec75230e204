//! No token comes out of a `with` inside the closure of `allow_threads`.
use subject::Gil;

fn main() {
    let gil = Gil::new();
    gil.with(|py| {
        py.allow_threads(|| {
            let mut kept = None;
            gil.with(|inner| {
                kept = Some(inner); //~ E0521
            });
            kept.is_some()
        });
    });
}
