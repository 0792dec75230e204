//! What a poll costs: it must depend on how many children were woken, not on how many there are.

use harness::workload;
use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use subject::gather;

const CHILDREN: usize = 20_000;

/// Twenty thousand children are woken one by one, in argument order and then criss-cross, with a poll after each.
#[workload(cpu)]
fn many_children_woken_one_by_one(n: u64) -> u64 {
    let mut checksum = 0;
    for _ in 0..n {
        checksum += round(|step| step);
        // 7919 is prime: its multiples visit every child once.
        checksum += round(|step| step * 7919 % CHILDREN);
    }
    checksum
}

fn round(child_of_step: impl Fn(usize) -> usize) -> u64 {
    let wakers = RefCell::new(vec![None; CHILDREN]);
    let children = (0..CHILDREN).map(|index| Child { index, wakers: &wakers });
    let mut gathered = Box::pin(gather(children));
    let mut context = Context::from_waker(Waker::noop());
    let mut result = gathered.as_mut().poll(&mut context);
    for step in 0..CHILDREN {
        // Only code that polls children without a wake is ready sooner; the facts of behaviour.rs say so.
        if result.is_ready() {
            break;
        }
        let waker = wakers.borrow_mut()[child_of_step(step)].take();
        waker.expect("the first poll polls every child").wake();
        result = gathered.as_mut().poll(&mut context);
    }
    let Poll::Ready(outputs) = result else { panic!("every child has been woken: the gather is ready") };
    outputs.into_iter().zip(1..).map(|(output, place)| output as u64 * place).sum()
}

/// Pending once: the second poll finds it woken and finishes.
struct Child<'a> {
    index: usize,
    wakers: &'a RefCell<Vec<Option<Waker>>>,
}

impl Future for Child<'_> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<usize> {
        if self.index >= CHILDREN {
            return Poll::Ready(self.index - CHILDREN);
        }
        self.wakers.borrow_mut()[self.index] = Some(context.waker().clone());
        self.index += CHILDREN;
        Poll::Pending
    }
}
