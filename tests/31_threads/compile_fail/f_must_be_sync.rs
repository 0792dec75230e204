//! All workers share one `f`: it cannot write to a `Cell`.
use std::cell::Cell;
use subject::parallel_map;

fn main() {
    let last = Cell::new(0);
    let f = |item: i32| last.set(item);
    let _ = parallel_map(vec![1, 2], 2, f); //~ E0277
}
