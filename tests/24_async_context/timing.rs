//! What a stack costs: in proportion to what is on it.

use harness::workload;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use subject::{AsyncResource, Ending, with_stack};

const EXITS: u64 = 10_000;

/// A stack with ten thousand exits, half of them resources that are looked up once, is filled and unwound.
#[workload(cpu)]
fn deep_stacks(n: u64) -> u64 {
    (0..n).fold(0, |checksum: u64, _| checksum.wrapping_mul(7).wrapping_add(round()))
}

fn round() -> u64 {
    let sum = Arc::new(AtomicU64::new(0));
    let running = pin!(with_stack(async |stack| {
        let mut entered = Vec::new();
        for number in (0..EXITS).step_by(2) {
            entered.push(stack.enter(Counter { number, sum: Arc::clone(&sum) }).await?);
            let sum = Arc::clone(&sum);
            stack.push(move |_| async move { add(&sum, number) });
        }
        for counter in &entered {
            stack.get_mut(counter).number += 1;
        }
        Ok(())
    }));
    let result = running.poll(&mut Context::from_waker(Waker::noop()));
    assert!(result == Poll::Ready(Ok(())), "nothing waits and nothing fails: the future is ready at once");
    sum.load(Relaxed)
}

/// The order of the exits is in the sum.
fn add(sum: &AtomicU64, number: u64) -> Result<(), ()> {
    sum.store(sum.load(Relaxed).wrapping_mul(31).wrapping_add(number), Relaxed);
    Ok(())
}

struct Counter {
    number: u64,
    sum: Arc<AtomicU64>,
}

impl AsyncResource for Counter {
    type Error = ();

    async fn enter(&mut self) -> Result<(), ()> {
        Ok(())
    }

    async fn exit(&mut self, _: Ending) -> Result<(), ()> {
        add(&self.sum, self.number)
    }
}
