//! Work that several consumers must not call at once (it holds a `Cell`) is refused.
use std::cell::Cell;
use std::future;
use std::sync::Arc;
use subject::run;
fn main() {
    let count = Cell::new(0);
    let source = || future::ready(None);
    let work = move |_: Arc<i32>| {
        count.set(count.get() + 1);
        future::ready(Ok::<(), ()>(()))
    };
    drop(run(vec![source], 1, 1, work)); //~ E0277
}
