//! The bytes of an item cannot be used after it has been acknowledged.
use subject::Delivery;

fn late(delivery: Delivery<'_>) -> usize {
    let bytes = delivery.bytes();
    let _ = delivery.ack(); //~ E0505
    bytes.len()
}

fn main() {
    let _ = late;
}
