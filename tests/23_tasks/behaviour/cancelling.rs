//! Tasks that are asked to end, lose their runtime, or are handled from other threads.

use super::clock::{after, ms, on_paused_clock, rest};
use super::handles::{guard, holding, join_of, outputs, states};
use harness::{actor, expect_eq, fact, paused_clock};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use subject::ReturnWhen::FirstCompleted;
use subject::{Task, TaskError, create_task, wait};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

/// `cancel` is a request: the future is dropped a little later, where it waits, and then the task is done.
///
/// Next: ask the runtime to drop the future, and publish `Cancelled` when that has happened, not when it is asked.
#[fact]
fn cancel_is_a_request() {
    on_paused_clock(async {
        let (dropped, guard) = guard();
        let (start, task) = (Instant::now(), create_task(holding(guard, after(1_000_000, 7))));
        rest().await;
        expect_eq!([task.cancel(), task.cancel()], [true, true], "two calls of cancel() on a task that waits");
        expect_eq!(dropped.load(SeqCst), false, "whether its future was dropped inside cancel()");
        expect_eq!(states(&task), (false, Err(TaskError::NotDone)), "done() and result() right after cancel()");
        let (done, _) = wait([task.clone(), create_task(after(10, 8))], FirstCompleted, None).await;
        expect_eq!(outputs(&done), [Err(TaskError::Cancelled)], "results of what FirstCompleted calls done");
        expect_eq!(dropped.load(SeqCst), true, "whether its future has been dropped when it is done");
        expect_eq!(task.join().await, Err(TaskError::Cancelled), "what joining it gives");
        expect_eq!(states(&task), (true, Err(TaskError::Cancelled)), "done() and result() of a cancelled task");
        expect_eq!(task.cancel(), false, "cancel() of a task that has been cancelled");
        expect_eq!(start.elapsed(), ms(1), "the time until the task is done, which was cancelled after 1 ms");
    });
}

/// A task that is cancelled before it has started never runs.
///
/// Next: a request that comes before the first poll counts like any other.
#[fact(negated)]
fn a_task_cancelled_before_its_start_never_runs() {
    on_paused_clock(async {
        let (polled, (dropped, guard)) = (Arc::new(AtomicBool::new(false)), guard());
        let polls = Arc::clone(&polled);
        let task = create_task(holding(guard, async move { polls.store(true, SeqCst) }));
        expect_eq!(task.cancel(), true, "cancel() of a task that has not started");
        expect_eq!(task.join().await, Err(TaskError::Cancelled), "what joining it gives");
        expect_eq!(polled.load(SeqCst), false, "whether its future was polled");
        expect_eq!(dropped.load(SeqCst), true, "whether its future was dropped");
    });
}

/// A task that is asked to end while it is being polled has its result if it comes to its end, and else ends there.
///
/// Next: a request that comes during a poll must be seen when the poll returns pending.
#[fact]
fn a_task_may_be_cancelled_in_its_own_poll() {
    on_paused_clock(async {
        for (waits_again, expected) in [(false, Ok(true)), (true, Err(TaskError::Cancelled))] {
            let own = Arc::new(Mutex::new(None::<Task<bool>>));
            let theirs = Arc::clone(&own);
            let task = create_task(async move {
                rest().await;
                let was_asked = theirs.lock().unwrap().take().expect("the test has left a handle").cancel();
                if waits_again {
                    std::future::pending::<()>().await;
                }
                was_asked
            });
            *own.lock().unwrap() = Some(task.clone());
            sleep(ms(5)).await;
            let then = if waits_again { "waits" } else { "returns what cancel() said" };
            expect_eq!(states(&task), (true, expected), format!("a task that cancels itself and then {then}"));
        }
    });
}

/// A task whose runtime is shut down is cancelled; its handles say so from anywhere.
///
/// Next: the future of an abandoned task is dropped by the runtime: its destructor is the place to say that it is over.
#[fact(negated)]
fn a_task_whose_runtime_goes_is_cancelled() {
    let runtime = paused_clock!();
    let [started, fresh] = runtime.block_on(async {
        let started = create_task(std::future::pending::<i32>());
        rest().await;
        [started, create_task(std::future::pending::<i32>())]
    });
    let theirs = started.clone();
    let waiter = actor("waiter", move || on_paused_clock(async move { theirs.join().await.cloned() }));
    drop(runtime);
    expect_eq!(states(&started), (true, Err(TaskError::Cancelled)), "a task that waited when its runtime was dropped");
    expect_eq!(states(&fresh), (true, Err(TaskError::Cancelled)), "a task that had not started when its runtime went");
    expect_eq!(waiter.finish(), Err(TaskError::Cancelled), "what joining it gave to a task of another runtime");
}

/// Tasks of a running runtime can be joined, asked and cancelled from other threads.
///
/// Next: what a task and its handles share needs a lock or an atomic, and a wake that reaches another thread.
#[fact(negated)]
fn handles_work_on_other_threads() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("room for a runtime");
    let (sender, receiver) = oneshot::channel();
    let first = runtime.block_on(async { create_task(async { receiver.await.unwrap_or(0) }) });
    let second = runtime.block_on(async { create_task(std::future::pending::<i32>()) });
    let joiners = [&first, &second].map(|task| {
        let join = join_of(task);
        actor("joiner", move || on_paused_clock(join))
    });
    expect_eq!(states(&first), (false, Err(TaskError::NotDone)), "done() and result() of a task on another thread");
    expect_eq!(second.cancel(), true, "cancel() of a task on another thread");
    let _ = sender.send(7);
    let results = joiners.map(|joiner| joiner.finish());
    expect_eq!(results, [Ok(7), Err(TaskError::Cancelled)], "what joining them gave on other runtimes' threads");
}
