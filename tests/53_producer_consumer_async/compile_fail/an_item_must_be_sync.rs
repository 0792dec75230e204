//! An item that tasks must not share (a `Cell`) cannot be handed to work while the run keeps it, too.
use std::cell::Cell;
use std::future;
use std::sync::Arc;
use subject::run;
fn main() {
    let source = || future::ready(Some(Cell::new(1)));
    let work = |_: Arc<Cell<i32>>| future::ready(Ok::<(), ()>(()));
    drop(run(vec![source], 1, 1, work)); //~ E0277
}
