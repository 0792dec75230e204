//! What makes the commands may borrow, and need not be safe to share between threads; the items are borrowed, too.
use std::cell::Cell;
use std::process::Command;
use std::rc::Rc;
use subject::hybrid_map;

fn main() {
    let (program, items) = (String::from("true"), [1, 2, 3]);
    let calls = Rc::new(Cell::new(0));
    let command = || {
        calls.set(calls.get() + 1);
        Command::new(&program)
    };
    assert_eq!(hybrid_map(&command, &items[..2], 1, 1).len(), 2);
    assert_eq!(hybrid_map(command, &items, 2, 1).len(), 3);
    assert_eq!(calls.get(), 3);
}
