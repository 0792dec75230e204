//! A source that must stay on its thread (it holds an `Rc`) cannot be given to a task.
use std::future;
use std::rc::Rc;
use std::sync::Arc;
use subject::run;
fn main() {
    let limit = Rc::new(3);
    let source = move || future::ready((*limit > 3).then_some(1));
    let work = |_: Arc<i32>| future::ready(Ok::<(), ()>(()));
    drop(run(vec![source], 1, 1, work)); //~ E0277
}
