//! Handles on several threads lend out the same output: it must be `Sync`.
use std::cell::Cell;
use subject::create_task;

fn main() {
    create_task(async { Cell::new(7) }); //~ E0277
}
