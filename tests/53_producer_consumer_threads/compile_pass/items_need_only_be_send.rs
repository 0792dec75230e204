//! An item needs to be `Send`, nothing else: not `Sync`, not `Clone`, not `Debug`; nor does an error; nor a source more than `Send`.
use std::cell::Cell;
use std::sync::mpsc::{Receiver, channel};
use subject::run;

struct Item(Cell<u32>);
struct Refusal(Cell<u32>);

fn main() {
    let (sender, receiver): (_, Receiver<Item>) = channel();
    drop(sender);
    let result =
        run(
            vec![receiver.into_iter()],
            2,
            2,
            |item: &Item| {
                if item.0.replace(1) == 1 { Err(Refusal(Cell::new(1))) } else { Ok(()) }
            },
        );
    if let Err(failure) = result {
        let (Item(_), Refusal(_), _handled) = (failure.item, failure.error, failure.handled);
    }
}
