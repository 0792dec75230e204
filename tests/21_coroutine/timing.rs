//! What a sleep costs the timer: it must hardly depend on how many others there are.

use harness::workload;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use subject::{Sleep, block_on, sleep};

const SLEEPS: usize = 10_000;

/// Ten thousand sleeps between 1 and 2 ms begin at the same time and end in a task that polls those that were woken.
#[workload]
fn many_sleeps_at_once(n: u64) -> u64 {
    (0..n).map(|_| round()).sum()
}

fn round() -> u64 {
    let woken = Arc::new(Woken::default());
    // 7919 is prime: the deadlines come in no order.
    let nap = |index: usize| sleep(Duration::from_nanos(1_000_000 + (index * 7919 % SLEEPS * 100) as u64));
    let naps: RefCell<Vec<Option<Sleep>>> = RefCell::new((0..SLEEPS).map(|index| Some(nap(index))).collect());
    let wakers: Vec<Waker> =
        (0..SLEEPS).map(|index| Waker::from(Arc::new(Child { index, woken: woken.clone() }))).collect();
    *woken.list.lock().unwrap() = (0..SLEEPS).collect();
    let mut left = SLEEPS;
    let mut checksum = 0;
    block_on(poll_fn(|context| {
        *woken.task.lock().unwrap() = Some(context.waker().clone());
        let list = std::mem::take(&mut *woken.list.lock().unwrap());
        let mut naps = naps.borrow_mut();
        for index in list {
            let Some(nap) = &mut naps[index] else { continue };
            if Pin::new(nap).poll(&mut Context::from_waker(&wakers[index])).is_ready() {
                naps[index] = None;
                left -= 1;
                checksum += index as u64;
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    }));
    checksum
}

#[derive(Default)]
struct Woken {
    list: Mutex<Vec<usize>>,
    task: Mutex<Option<Waker>>,
}

struct Child {
    index: usize,
    woken: Arc<Woken>,
}

impl Wake for Child {
    fn wake(self: Arc<Self>) {
        self.woken.list.lock().unwrap().push(self.index);
        let task = self.woken.task.lock().unwrap().take();
        task.into_iter().for_each(Waker::wake);
    }
}
