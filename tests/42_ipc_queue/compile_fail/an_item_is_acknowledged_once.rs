//! A delivery that has been acknowledged is gone.
use subject::Delivery;

fn twice(delivery: Delivery<'_>) {
    let _ = delivery.ack();
    let _ = delivery.ack(); //~ E0382
}

fn main() {
    let _ = twice;
}
