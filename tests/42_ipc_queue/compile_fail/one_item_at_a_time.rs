//! A consumer cannot get a second item while it has one.
use subject::{Consumer, Delivery, QueueError};

fn two(consumer: &mut Consumer) -> Result<(), QueueError> {
    let first: Option<Delivery<'_>> = consumer.get()?;
    let second = consumer.get()?; //~ E0499
    drop((first, second));
    Ok(())
}

fn main() {
    let _ = two;
}
