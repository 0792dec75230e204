//! Wakers and executors of the program's own making.

use super::assert_fine;
use interleave::engine::{Limits, Phase, Plan, explore};
use interleave::{executor, sync, thread};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio_standin::sync::mpsc;
use tokio_standin::time::{Duration, sleep, timeout};

/// A waker of the program's own making, around another one.
struct Wrapped(Waker, sync::Mutex<u32>);

impl std::task::Wake for Wrapped {
    fn wake(self: Arc<Self>) {
        *self.1.lock().unwrap() += 1;
        self.0.wake_by_ref();
    }
}

#[test]
fn a_timer_calls_a_waker_of_the_programs_own_making() {
    // Who is polled for no reason just when the time has come needs no waker.
    let mut plan = Plan::usual(300, 300_000, Limits::default());
    plan.phases.retain(|phase| !matches!(phase, Phase::Spurious { .. }));
    let exploration = explore(&plan, || {
        let woken = executor::block_on(async {
            let mut sleep = Box::pin(sleep(Duration::from_secs(1)));
            let mut wrapped = None;
            poll_fn(|context| {
                let wrapped =
                    wrapped.get_or_insert_with(|| Arc::new(Wrapped(context.waker().clone(), sync::Mutex::new(0))));
                sleep.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(wrapped))))
            })
            .await;
            *wrapped.unwrap().1.lock().unwrap()
        });
        assert_eq!(woken, 1);
    });
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}

/// Polls a future by hand on a thread, which parks meanwhile: what an executor of a learner's own does.
struct Unpark(thread::Thread);

impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn poll_by_hand<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn an_executor_of_the_programs_own_making_works() {
    assert_fine(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = thread::spawn(move || {
            poll_by_hand(async {
                sleep(Duration::from_millis(2)).await;
                sender.send(5).await.unwrap();
            });
        });
        let received = poll_by_hand(async {
            assert!(timeout(Duration::from_millis(1), receiver.recv()).await.is_err());
            receiver.recv().await
        });
        assert_eq!(received, Some(5));
        other.join().unwrap();
    });
}
