//! To wait for a `Sleep` uses it up.
use std::time::Duration;
use subject::{block_on, sleep};

fn main() {
    let nap = sleep(Duration::ZERO);
    block_on(nap);
    block_on(nap); //~ E0382
}
