//! `join` and `wait`, polled by hand with a waker that counts.

use super::clock::{ms, on_paused_clock, rest};
use super::handles::{MODES, join_of};
use harness::{ManualTask, expect, expect_eq, fact, process};
use std::pin::pin;
use std::task::Poll;
use subject::ReturnWhen::AllCompleted;
use subject::{TaskError, create_task, wait};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// Whoever waits is woken when something ends, by the waker of the latest poll, and never before.
///
/// Next: leave a waker with each task, renewed at every poll, instead of looking again from time to time.
#[fact]
fn a_waiter_is_woken_at_the_end_and_not_before() {
    on_paused_clock(async {
        let (end, ended) = oneshot::channel::<()>();
        let task = create_task(async move { ended.await.is_ok() });
        let other = create_task(std::future::pending());
        let mut join = pin!(task.join());
        let mut waits = MODES.map(|mode| Box::pin(wait([task.clone(), other.clone()], mode, None)));
        let waiters = [(); 4].map(|()| ManualTask::new());
        // By another task's waker first: it is out of date when the task ends.
        for waiters in [&[(); 4].map(|()| ManualTask::new()), &waiters] {
            expect!(waiters[0].poll(join.as_mut()).is_pending(), "a poll of join()", "pending", "ready");
            for (waiter, wait) in waiters[1..].iter().zip(&mut waits) {
                expect!(waiter.poll(wait.as_mut()).is_pending(), "a poll of wait()", "pending", "ready");
            }
            sleep(ms(10_000)).await;
        }
        let seen = waiters.each_ref().map(ManualTask::wakes);
        expect_eq!(seen, [0; 4], "wakes of a join and three waits in ten seconds in which no task ended");
        let _ = end.send(());
        rest().await;
        let woken = [&waiters[0], &waiters[1]].map(|waiter| waiter.wakes() > 0);
        expect_eq!(woken, [true; 2], "whether a join, and a wait for FirstCompleted, were woken by the end of a task");
        expect_eq!(
            waiters[0].poll(join.as_mut()),
            Poll::Ready(Ok(&true)),
            "the poll of join() after the task has ended"
        );
        let ready = waits.each_mut().map(|wait| waiters[1].poll(wait.as_mut()).is_ready());
        expect_eq!(
            ready,
            [true, false, false],
            "whether waits for the first, an error, and all, are ready after an end"
        );
    });
}

/// A join or wait that is given up, or whose task is cancelled, does nothing to the tasks and leaves nothing behind.
///
/// Next: whatever a waiter enters with a task it must take back when it is dropped.
#[fact]
fn a_wait_that_is_given_up_leaves_nothing_behind() {
    on_paused_clock(async {
        let (end, ended) = oneshot::channel::<()>();
        let task = create_task(async move { ended.await.is_ok() });
        let other = create_task(std::future::pending());
        let [stays, goes] = [(); 2].map(|()| create_task(join_of(&task)));
        rest().await;
        goes.cancel();
        let waiter = ManualTask::new();
        let mut before = 0;
        for round in 0..101_000 {
            if round == 1000 {
                before = resident_kib();
            }
            drop(waiter.poll(pin!(task.join())));
            if round % 100 == 0 {
                let tasks = [task.clone(), other.clone()];
                drop(waiter.poll(pin!(wait(tasks, AllCompleted, Some(ms(1))))));
                // So that the budget that tokio gives to one poll of a task is never used up.
                tokio::task::yield_now().await;
            }
        }
        sleep(ms(5)).await;
        expect_eq!(waiter.holders(), 1, "who holds on to the waker of joins and waits that were dropped");
        let grown = resident_kib().saturating_sub(before);
        let seen = format!("{grown} KiB more");
        expect!(grown < 4096, "memory after another 100 000 joins were given up", "about as much as before", seen);
        expect_eq!(
            goes.join().await,
            Err(TaskError::Cancelled),
            "what joining a task gives that was cancelled in a join"
        );
        expect_eq!([task.done(), other.done()], [false; 2], "done() of the tasks that were waited for");
        let _ = end.send(());
        expect_eq!(stays.join().await, Ok(&Ok(true)), "what a join that was not given up gives");
    });
}

/// The memory that this process has in use, in KiB.
fn resident_kib() -> usize {
    // The first is counted page by page; the second, which every kernel has, may be a little behind.
    let size = [process::rollup(), Some(process::status())].into_iter().flatten().find_map(|text| {
        let mut lines = text.lines();
        let size = lines.find_map(|line| line.strip_prefix("Rss:").or_else(|| line.strip_prefix("VmRSS:")))?;
        size.trim().strip_suffix(" kB")?.parse().ok()
    });
    size.expect("a process can read its own size")
}
