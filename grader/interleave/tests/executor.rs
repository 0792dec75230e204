//! Futures under the engine: what [`interleave::executor`] promises.

use interleave::engine::{Exploration, FailureKind, Limits, Mark, Phase, Plan, explore};
use interleave::executor::{self, Runtime};
use interleave::sync::{Arc, Mutex};
use interleave::thread;
use std::future::{Future, pending, poll_fn};
use std::task::{Poll, Waker};
use std::time::Duration;

fn explored(limits: Limits, body: impl Fn() + 'static) -> Exploration {
    explore(&Plan::usual(300, 300_000, limits), body)
}

#[track_caller]
fn assert_fine(body: impl Fn() + 'static) -> Exploration {
    let exploration = explored(Limits::default(), body);
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
    exploration
}

#[track_caller]
fn assert_found(kind: FailureKind, body: impl Fn() + 'static) {
    let exploration = explored(Limits::default(), body);
    assert_eq!(exploration.found.map(|found| found.failure.kind), Some(kind));
}

/// A future that gives its waker away when it is first polled, and is ready when it is polled again.
fn handing_out(wakers: Arc<Mutex<Vec<Waker>>>) -> impl Future<Output = ()> {
    let mut polled = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        wakers.lock().unwrap().push(context.waker().clone());
        Poll::Pending
    })
}

#[test]
fn a_wake_between_the_poll_and_the_wait_is_not_lost() {
    let exploration = assert_fine(|| {
        let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
        let theirs = Arc::clone(&wakers);
        let waker = thread::spawn(move || {
            while theirs.lock().unwrap().is_empty() {
                thread::yield_now();
            }
            // Twice, and once more when nobody waits any more.
            let waker: Waker = theirs.lock().unwrap()[0].clone();
            waker.wake_by_ref();
            waker.wake_by_ref();
            waker
        });
        executor::block_on(handing_out(wakers));
        waker.join().unwrap().wake();
    });
    assert!(exploration.schedules > 100);
}

#[test]
fn a_wake_of_an_earlier_execution_is_harmless() {
    std::thread_local! {
        static KEPT: std::cell::RefCell<Vec<Waker>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    assert_fine(|| {
        KEPT.take().into_iter().for_each(Waker::wake);
        let task = executor::spawn(None, async {
            poll_fn(|context| {
                KEPT.with_borrow_mut(|kept| kept.push(context.waker().clone()));
                Poll::Ready(())
            })
            .await;
        });
        executor::block_on(task).unwrap();
    });
}

#[test]
fn nobody_wakes_a_task_but_its_waker() {
    // A task that waits for something else is not disturbed by its waker. Without waits that end for no reason.
    let phases = vec![Phase::Urw { seed: 1, schedules: 300 }, Phase::Bounded { preemptions: 2, most: 1000 }];
    let plan = Plan { phases, steps: 300_000, limits: Limits::default() };
    let exploration = explore(&plan, || {
        let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
        let condition = Arc::new((Mutex::new(false), interleave::sync::Condvar::new()));
        let theirs = (Arc::clone(&wakers), Arc::clone(&condition));
        let task = executor::spawn(Some("blocks".into()), async move {
            poll_fn(|context| {
                theirs.0.lock().unwrap().push(context.waker().clone());
                let (set, changed) = &*theirs.1;
                // Deliberately without a loop: it must not be ended by the waker.
                let guard = set.lock().unwrap();
                if !*guard {
                    assert!(*changed.wait(guard).unwrap(), "woken too early");
                }
                Poll::Ready(())
            })
            .await;
        });
        while wakers.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        wakers.lock().unwrap()[0].wake_by_ref();
        *condition.0.lock().unwrap() = true;
        condition.1.notify_all();
        executor::block_on(task).unwrap();
    });
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}

#[test]
fn deadlines_come_in_order() {
    assert_fine(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        executor::block_on(async {
            let tasks: Vec<_> = [3, 1, 2]
                .into_iter()
                .map(|seconds| {
                    let log = Arc::clone(&log);
                    executor::spawn(None, async move {
                        executor::sleep(Duration::from_secs(seconds)).await;
                        log.lock().unwrap().push(seconds);
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert_eq!(*log.lock().unwrap(), [1, 2, 3]);
    });
}

#[test]
fn a_task_that_is_aborted_drops_its_future_before_its_handle_says_so() {
    assert_fine(|| {
        let owned = Arc::new(());
        let theirs = Arc::clone(&owned);
        let task = executor::spawn(None, async move {
            let _theirs = theirs;
            pending::<()>().await;
        });
        task.abort();
        let error = executor::block_on(task).unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(Arc::strong_count(&owned), 1);
    });
}

#[test]
fn a_task_that_has_a_result_has_dropped_its_future() {
    /// Takes a step when it is dropped, so that others may go on meanwhile.
    struct Counts(Arc<Mutex<u32>>);

    impl Drop for Counts {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }

    assert_fine(|| {
        let dropped = Arc::new(Mutex::new(0));
        let counts = Counts(Arc::clone(&dropped));
        let task = executor::spawn(
            None,
            poll_fn(move |_| {
                let _counts = &counts;
                Poll::Ready(())
            }),
        );
        executor::block_on(task).unwrap();
        assert_eq!(*dropped.lock().unwrap(), 1);
    });
}

#[test]
fn a_panic_is_caught_by_the_handle() {
    let limits = Limits { panics: true, ..Limits::default() };
    let exploration = explored(limits, || {
        let runtime = Runtime::current_thread();
        let message = runtime.block_on(async {
            let panics = executor::spawn(None, async { panic!("planted") });
            let error = panics.await.unwrap_err();
            // The runtime goes on.
            executor::spawn(None, async {}).await.unwrap();
            error.to_string()
        });
        assert!(message.contains("planted"), "{message}");
    });
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
    assert_found(FailureKind::Panic, || {
        let _ = executor::block_on(executor::spawn(None, async { panic!("planted") }));
    });
}

#[test]
fn what_is_never_woken_is_a_deadlock_or_a_leak() {
    assert_found(FailureKind::Deadlock, || executor::block_on(pending()));
    assert_found(FailureKind::Leak, || drop(executor::spawn(None, pending::<()>())));
}

#[test]
fn tasks_of_a_current_thread_rest_while_nobody_drives_them() {
    assert_fine(|| {
        let runtime = Runtime::current_thread();
        let seen = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&seen);
        let task = runtime.spawn(None, async move { *theirs.lock().unwrap() += 1 });
        thread::sleep(Duration::from_secs(1));
        assert_eq!(*seen.lock().unwrap(), 0);
        runtime.block_on(task).unwrap();
        assert_eq!(*seen.lock().unwrap(), 1);
        runtime.spawn(None, pending::<()>());
        runtime.shut_down();
    });
}

#[test]
fn a_waiting_task_is_shown_with_what_it_waits_for() {
    let phases = vec![Phase::Bounded { preemptions: 0, most: 1 }];
    let exploration = explore(&Plan { phases, steps: 1000, limits: Limits::default() }, || {
        executor::block_on(async {
            executor::sleep(Duration::from_secs(1)).await;
            executor::yield_now().await;
            panic!("planted");
        });
    });
    let events = exploration.found.unwrap().recording.events;
    let shown: Vec<_> = events.iter().map(|event| (event.operation, event.mark)).collect();
    assert_eq!(shown[..2], [("sleep", Mark::Blocked), ("sleep", Mark::TimedOut)], "{events:#?}");
    assert!(shown.contains(&("yield_now", Mark::Done)), "{events:#?}");
}
