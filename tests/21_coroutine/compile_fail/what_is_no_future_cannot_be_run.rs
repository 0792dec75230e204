//! `block_on` runs futures: what is no future is refused.
use subject::block_on;

fn main() {
    block_on(5); //~ E0277
}
