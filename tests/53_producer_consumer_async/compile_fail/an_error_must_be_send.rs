//! An error that must stay on its thread (an `Rc`) cannot come back from a task.
use std::future;
use std::rc::Rc;
use std::sync::Arc;
use subject::run;
fn main() {
    let source = || future::ready(Some(1));
    let work = |_: Arc<i32>| future::ready(Err::<(), _>(Rc::new(1)));
    drop(run(vec![source], 1, 1, work)); //~ E0277
}
