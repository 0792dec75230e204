//! Items go from one thread to another: an `Rc` cannot.
use std::rc::Rc;
use subject::run;

fn main() {
    let sources = vec![(0..3).map(Rc::new)];
    let _ = run(sources, 1, 1, |_: &Rc<i32>| Ok::<(), ()>(())); //~ E0277
}
