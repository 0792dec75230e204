//! A source is read by a thread of its own: one that holds an `Rc` cannot be.
use std::rc::Rc;
use subject::run;

fn main() {
    let step = Rc::new(2);
    let source = (0..3).map(move |item| item * *step);
    let _ = run(vec![source], 1, 1, |_: &i32| Ok::<(), ()>(())); //~ E0277
}
