//! What starts workers does so for as long as the pool lives, and so borrows nothing.
use std::process::Command;
use subject::{Pool, Worker};

fn pool_of(program: &str) -> std::io::Result<Pool> {
    let name = String::from(program);
    let name = name.as_str(); //~ E0597
    Pool::new(1, move || Worker::spawn(Command::new(name)))
}

fn main() {
    let _ = pool_of("true");
}
