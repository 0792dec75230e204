//! A future that cannot be sent to another thread can be run, and so can one whose output cannot.
use std::rc::Rc;
use std::time::Duration;
use subject::{block_on, sleep};

fn main() {
    let shared = Rc::new(5);
    let counted = block_on(async {
        let kept = Rc::clone(&shared);
        sleep(Duration::ZERO).await;
        kept
    });
    drop(counted);
}
