//! All consumers share one `work`: it cannot write to a `Cell`.
use std::cell::Cell;
use subject::run;

fn main() {
    let last = Cell::new(0);
    let work = |item: &i32| Ok::<(), ()>(last.set(*item));
    let _ = run(vec![0..3], 2, 1, work); //~ E0277
}
