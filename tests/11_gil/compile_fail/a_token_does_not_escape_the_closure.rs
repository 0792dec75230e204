//! A token cannot be kept after `with` has returned.
use subject::Gil;

fn main() {
    let gil = Gil::new(100);
    let mut kept = None;
    gil.with(|py| {
        kept = Some(py); //~ E0521
    });
    drop(kept);
}
