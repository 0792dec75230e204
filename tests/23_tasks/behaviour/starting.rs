//! When a task runs: by itself, after its creator has given way, with or without a handle.

use super::clock::{after, ms, on_paused_clock, rest};
use super::handles::states;
use harness::{Log, expect_eq, fact};
use subject::{TaskError, create_task};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A task runs by itself: it is not done and its result is `NotDone`, then it is done and no `cancel` changes its result.
///
/// Next: hand the future to the runtime in `create_task`, and keep the outcome where every handle can look at it.
#[fact]
fn a_task_runs_by_itself() {
    on_paused_clock(async {
        let task = create_task(after(10, 7));
        rest().await;
        expect_eq!(states(&task), (false, Err(TaskError::NotDone)), "done() and result() of a task that waits");
        sleep(ms(10)).await;
        for _ in 0..2 {
            expect_eq!(states(&task), (true, Ok(7)), "done() and result() of a task that has returned");
            expect_eq!(task.cancel(), false, "cancel() of a task that has returned");
            rest().await;
        }
    });
}

/// `create_task` does not poll the future; tasks start in the order of their creation when their creator waits.
///
/// Next: creating a task puts it into the runtime's queue; it gets its turn when the running task gives way.
#[fact]
fn tasks_start_in_order_when_their_creator_waits() {
    on_paused_clock(async {
        let log = Log::new();
        let starts = |name| {
            let log = log.clone();
            create_task(async move { log.add(name) })
        };
        let tasks = [0, 1, 2].map(starts);
        expect_eq!(log.read(), [0; 0], "futures polled before their creator has waited for anything");
        rest().await;
        expect_eq!(log.read(), [0, 1, 2], "futures in the order of their first polls");
        drop(tasks);
    });
}

/// A task whose handles are dropped runs on to its end.
///
/// Next: dropping a handle must not abort the task, and nothing that the task needs may belong to the handle.
#[fact]
fn a_task_without_a_handle_runs_on() {
    on_paused_clock(async {
        let (sender, receiver) = oneshot::channel();
        drop(create_task(async move { sender.send(after(1000, "seen").await) }));
        expect_eq!(receiver.await, Ok("seen"), "what a task without a handle sends after 1 s");
    });
}
