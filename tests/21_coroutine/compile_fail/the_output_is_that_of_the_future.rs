//! `block_on` returns what its future does, and nothing else.
use subject::block_on;

fn main() {
    let length: String = block_on(async { 5_usize }); //~ E0308
    drop(length);
}
