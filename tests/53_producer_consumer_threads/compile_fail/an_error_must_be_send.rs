//! An error goes from its consumer to the caller: an `Rc` cannot.
use std::rc::Rc;
use subject::run;

fn main() {
    let _ = run(vec![0..3], 1, 1, |item: &i32| Err::<(), Rc<i32>>(Rc::new(*item))); //~ E0277
}
