//! `sleep` takes a `Duration`, not a number of some unit.
use subject::sleep;

fn main() {
    drop(sleep(5)); //~ E0308
}
