//! Items go to other threads: an `Rc` cannot.
use std::rc::Rc;
use subject::parallel_map;

fn main() {
    let items = vec![Rc::new(1), Rc::new(2)];
    let _ = parallel_map(items, 2, |item: Rc<i32>| *item); //~ E0277
}
