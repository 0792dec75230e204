//! What an item costs on its way through a generator, a comprehension and a vector.

use harness::workload;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use subject::{collect, filter_map, generator};

const ITEMS: u64 = 50_000;

/// Fifty thousand items are emitted, two out of three are squared and handed on, and all of those are collected.
#[workload(cpu)]
fn many_items_through_a_comprehension(n: u64) -> u64 {
    let mut checksum = 0;
    for _ in 0..n {
        let numbers = generator(async |y| {
            for number in 0..ITEMS {
                y.emit(number).await;
            }
        });
        let squares = filter_map(numbers, async |number: u64| (!number.is_multiple_of(3)).then(|| number * number));
        // Nothing waits: only code that fails the facts of behaviour.rs is not ready at once.
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(items) = pin!(collect(squares)).poll(&mut context) else {
            panic!("nothing has to be waited for")
        };
        checksum += items.iter().zip(1..).map(|(item, place)| item % 1009 * place).sum::<u64>();
    }
    checksum
}
