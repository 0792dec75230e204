//! Items and errors need not be `Clone`, `Debug` or comparable, and an error need not be `Sync`.
use std::cell::Cell;
use std::future;
use std::sync::Arc;
use subject::{Failure, run};
struct Item(u32);
struct Refused(Cell<u32>);
fn main() {
    let mut numbers = 0..3;
    let source = move || future::ready(numbers.next().map(Item));
    let work = |item: Arc<Item>| future::ready(if item.0 == 2 { Err(Refused(Cell::new(2))) } else { Ok(()) });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    if let Err(failure) = runtime.block_on(run(vec![source], 1, 1, work)) {
        let Failure { item, error, handled } = failure;
        println!("{} {} {handled}", item.0, error.0.get());
    }
}
