//! A source cannot borrow from its caller: tasks may outlive it.
use std::future;
use std::sync::Arc;
use subject::run;
fn main() {
    let items = vec![1, 2];
    let mut borrowed = items.iter(); //~ E0597
    let source = move || future::ready(borrowed.next());
    let work = |_: Arc<&i32>| future::ready(Ok::<(), ()>(()));
    drop(run(vec![source], 1, 1, work));
}
