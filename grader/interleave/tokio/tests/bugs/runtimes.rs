//! Who polls when: sets of tasks on one thread, runtimes of one thread, threads that block in the place of a task.

use super::{assert_fine, assert_found};
use interleave::engine::{FailureKind, Limits, Plan, explore};
use interleave::thread;
use std::cell::Cell;
use std::rc::Rc;
use tokio_standin::runtime::{Builder, Handle, LocalOptions, LocalRuntime, Runtime};
use tokio_standin::task::{self, LocalSet};
use tokio_standin::time::{Duration, sleep};

/// Adds one in two steps, between which others of the same thread cannot come.
fn add(count: &Cell<u32>) {
    let before = count.get();
    thread::yield_now();
    count.set(before + 1);
}

async fn count_in(set: &LocalSet) -> u32 {
    let count = Rc::new(Cell::new(0));
    let tasks = [1, 2].map(|_| {
        let count = Rc::clone(&count);
        set.spawn_local(async move {
            add(&count);
            task::yield_now().await;
            add(&count);
        })
    });
    set.run_until(async {
        add(&count);
        for task in tasks {
            task.await.unwrap();
            add(&count);
        }
    })
    .await;
    count.get()
}

#[test]
fn tasks_of_a_local_set_and_their_driver_poll_in_turn() {
    assert_fine(|| {
        let runtime = Runtime::new().unwrap();
        assert_eq!(runtime.block_on(async { count_in(&LocalSet::new()).await }), 7);
    });
    assert_fine(|| {
        let runtime = Builder::new_current_thread().build().unwrap();
        let set = LocalSet::new();
        assert_eq!(set.block_on(&runtime, async { count_in(&LocalSet::new()).await }), 7);
    });
}

#[test]
fn a_local_set_takes_turns_with_the_tasks_of_its_runtime() {
    thread_local! {
        // The tasks share a thread; that they do not share what is in `interleave::thread_local!` is no matter here.
        static COUNT: Cell<u32> = const { Cell::new(0) };
    }
    fn run(runtime: &Runtime) -> u32 {
        COUNT.set(0);
        let other = runtime.spawn(async { COUNT.with(add) });
        let set = LocalSet::new();
        set.block_on(runtime, async {
            task::spawn_local(async { COUNT.with(add) }).await.unwrap();
            other.await.unwrap();
        });
        COUNT.get()
    }
    assert_fine(|| assert_eq!(run(&Builder::new_current_thread().build().unwrap()), 2));
    assert_found(&[FailureKind::Panic], || assert_eq!(run(&Runtime::new().unwrap()), 2));
}

#[test]
fn a_local_set_that_nobody_drives_does_nothing() {
    assert_found(&[FailureKind::Deadlock], || {
        Runtime::new().unwrap().block_on(async {
            let set = LocalSet::new();
            set.spawn_local(async {}).await.unwrap();
        });
    });
}

#[test]
fn a_local_set_is_dropped_with_what_waits_in_it() {
    for parallel in [false, true] {
        assert_fine(move || {
            let mut builder = if parallel { Builder::new_multi_thread() } else { Builder::new_current_thread() };
            builder.build().unwrap().block_on(async {
                let (set, alive) = (LocalSet::new(), Rc::new(()));
                let theirs = Rc::clone(&alive);
                let ended = set.run_until(async {
                    task::spawn_local(async move {
                        let _theirs = theirs;
                        sleep(Duration::from_secs(1)).await;
                    });
                    task::spawn_local(async { task::yield_now().await }).await.unwrap();
                });
                ended.await;
                drop(set);
                assert_eq!(Rc::strong_count(&alive), 1);
            });
        });
    }
}

#[test]
fn spawn_local_needs_a_set() {
    assert_fine(|| {
        let (runtime, set) = (Runtime::new().unwrap(), LocalSet::new());
        let entered = set.enter();
        // It is still entered within; the set is driven later.
        let [task] = runtime.block_on(async { [task::spawn_local(async { 5 })] });
        drop(entered);
        assert_eq!(set.block_on(&runtime, task).unwrap(), 5);
    });
    assert_found(&[FailureKind::Panic], || {
        Runtime::new().unwrap().block_on(async { task::spawn_local(async {}).await.unwrap() });
    });
}

#[test]
fn a_local_runtime_takes_local_tasks() {
    assert_fine(|| {
        let runtime = Builder::new_current_thread().build_local(LocalOptions::default()).unwrap();
        let count = Rc::new(Cell::new(0));
        let theirs = Rc::clone(&count);
        let task = runtime.spawn_local(async move {
            add(&theirs);
            let inner = Rc::clone(&theirs);
            task::spawn_local(async move { add(&inner) }).await.unwrap();
            theirs.get()
        });
        let theirs = Rc::clone(&count);
        runtime.block_on(async move {
            add(&theirs);
            assert_eq!(task.await.unwrap(), 3);
        });
        assert_eq!(LocalRuntime::new().unwrap().block_on(async { 4 }), 4);
    });
}

#[test]
fn a_task_may_block_in_place_where_others_go_on() {
    assert_fine(|| {
        Runtime::new().unwrap().block_on(async {
            let other = task::spawn(async { sleep(Duration::from_millis(1)).await });
            task::spawn(async move { task::block_in_place(|| Handle::current().block_on(other)) })
                .await
                .unwrap()
                .unwrap();
            // It polls again.
            assert!(Handle::try_current().is_ok());
        });
        assert_eq!(task::block_in_place(|| 5), 5);
    });
    assert_found(&[FailureKind::Panic], || {
        Builder::new_current_thread().build().unwrap().block_on(async { task::block_in_place(|| ()) });
    });
}

#[test]
fn a_runtime_is_entered_until_its_guard_goes() {
    assert_fine(|| {
        let (one, other) = (Runtime::new().unwrap(), Builder::new_current_thread().build().unwrap());
        let flavor = || Handle::try_current().map(|handle| handle.runtime_flavor()).ok();
        let (first, second) = (Some(one.handle().runtime_flavor()), Some(other.handle().runtime_flavor()));
        let entered = one.enter();
        assert_eq!(flavor(), first);
        {
            let _within = other.handle().enter();
            assert_eq!(flavor(), second);
        }
        assert_eq!(flavor(), first);
        let task = task::spawn(async { 7 });
        assert_eq!(one.block_on(task).unwrap(), 7);
        drop(entered);
        assert_eq!(flavor(), None);
        assert!(Handle::try_current().unwrap_err().is_missing_context());
    });
}

#[test]
fn who_asks_to_give_way_lets_others_go_on() {
    // A loop that only consumes its budget would never end if that were nothing.
    let exploration = explore(&Plan::usual(20, 20_000, Limits::default()), || {
        Builder::new_current_thread().build().unwrap().block_on(async {
            let done = std::sync::Arc::new(interleave::sync::atomic::AtomicBool::new(false));
            let theirs = std::sync::Arc::clone(&done);
            task::spawn(async move { theirs.store(true, interleave::sync::atomic::Ordering::SeqCst) });
            while !done.load(interleave::sync::atomic::Ordering::SeqCst) {
                task::coop::consume_budget().await;
            }
        });
    });
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}
