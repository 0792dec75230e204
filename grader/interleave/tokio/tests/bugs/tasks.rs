//! Tasks that share a thread, that are left at the end, and that meet at a `static`.

use super::{assert_fine, assert_found};
use interleave::engine::{FailureKind, Limits, Plan, explore};
use interleave::{executor, sync, thread};
use std::sync::Arc;
use tokio_standin::runtime::Builder;
use tokio_standin::sync::{Mutex, Notify, OnceCell};
use tokio_standin::task;
use tokio_standin::time::{Duration, sleep, timeout};

#[test]
fn a_std_guard_held_across_an_await_blocks_the_thread_of_all_tasks() {
    let exploration = assert_found(&[FailureKind::Deadlock], || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let value = Arc::new(sync::Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                // Through `executor`, for such a future is not `Send`.
                executor::spawn(None, async move {
                    let mut guard = value.lock().unwrap();
                    sleep(Duration::from_millis(1)).await;
                    *guard += 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    assert_eq!(exploration.schedules, 1, "every schedule has it");
}

#[test]
fn an_asynchronous_guard_held_across_an_await_does_not() {
    assert_fine(|| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let value = Arc::new(Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                task::spawn(async move {
                    let mut guard = value.lock().await;
                    sleep(Duration::from_millis(1)).await;
                    *guard += 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(*value.lock().await, 2);
        });
    });
}

#[test]
fn a_task_that_waits_at_the_end_is_a_leak() {
    let leaves = || {
        executor::block_on(async {
            let notify = Arc::new(Notify::new());
            let theirs = Arc::clone(&notify);
            task::spawn(async move { theirs.notified().await });
            task::yield_now().await;
        });
    };
    let exploration = assert_found(&[FailureKind::Leak], leaves);
    let stuck = &exploration.found.unwrap().failure.stuck;
    assert_eq!(stuck[0].wait.operation, "notified", "{stuck:#?}");
    let limits = Limits { leftovers: true, ..Limits::default() };
    assert!(explore(&Plan::usual(20, 10_000, limits), leaves).found.is_none());
    // A runtime that is dropped takes its tasks along.
    assert_fine(|| {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.spawn(std::future::pending::<()>());
        runtime.block_on(task::yield_now());
    });
}

#[test]
fn a_static_is_as_new_in_each_execution() {
    static LOCK: Mutex<()> = Mutex::const_new(());
    static CELL: OnceCell<u32> = OnceCell::const_new();
    static PERMIT: Notify = Notify::const_new();
    // Ends with the lock held, the cell set and a permit left.
    assert_found(&[FailureKind::Deadlock], || {
        executor::block_on(async {
            let _guard = LOCK.lock().await;
            assert_eq!(CELL.set(1), Ok(()));
            PERMIT.notify_one();
            std::future::pending::<()>().await;
        });
    });
    assert_fine(|| {
        let other = thread::spawn(|| executor::block_on(async { drop(LOCK.lock().await) }));
        executor::block_on(async {
            drop(LOCK.lock().await);
            assert_eq!(CELL.get_or_init(|| async { 2 }).await, &2);
            assert!(timeout(Duration::from_millis(1), PERMIT.notified()).await.is_err());
        });
        other.join().unwrap();
    });
}

#[test]
fn tasks_of_one_thread_change_only_where_they_await() {
    fn counted(runtime: &tokio_standin::runtime::Runtime) -> u32 {
        runtime.block_on(async {
            let value = Arc::new(sync::Mutex::new(0));
            let tasks = [1, 2].map(|_| {
                let value = Arc::clone(&value);
                task::spawn(async move {
                    let read = *value.lock().unwrap();
                    *value.lock().unwrap() = read + 1;
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            *value.lock().unwrap()
        })
    }
    assert_fine(|| assert_eq!(counted(&Builder::new_current_thread().build().unwrap()), 2));
    assert_found(&[FailureKind::Panic], || assert_eq!(counted(&Builder::new_multi_thread().build().unwrap()), 2));
}
