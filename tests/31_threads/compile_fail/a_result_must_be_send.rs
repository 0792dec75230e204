//! Results come from other threads: an `Rc` cannot.
use std::rc::Rc;
use subject::parallel_map;

fn main() {
    let _ = parallel_map(vec![1, 2], 2, |item: i32| Rc::new(item)); //~ E0277
}
