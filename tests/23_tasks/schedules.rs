//! Stories of tasks on a runtime with several threads, and of threads that ask and cancel them: each told along every
//! schedule.

use harness::{Tracked, actor, expect, expect_eq, quiesce, scenario};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use subject::ReturnWhen::{AllCompleted, FirstCompleted, FirstError};
use subject::{Task, TaskError, create_task, wait};
use tokio::runtime::{Builder, Runtime};

/// Two join a task while it ends, and both are told.
///
/// Next: between a waiter's look whether the task is done and its leaving word, the task may end.
#[scenario]
fn two_join_a_task_that_ends() {
    runtime().block_on(async {
        let task = create_task(async { 7 });
        let joiner = tokio::spawn(join_of(&task));
        expect_eq!(task.join().await, Ok(&7), "what the first join gave");
        expect_eq!(joiner.await.ok(), Some(Ok(7)), "what the second join gave");
    });
}

/// A cancel that meets the end of the task: the task ends in one way, and what is said of it never changes.
///
/// Next: who decides how a task has ended? One place, once: the first outcome stays.
#[scenario(negated)]
fn a_cancel_meets_the_end_of_the_task() {
    let runtime = runtime();
    let task = runtime.block_on(async { create_task(async { 7 }) });
    let theirs = task.clone();
    let canceller = actor("canceller", move || {
        let was_asked = theirs.cancel();
        (was_asked, theirs.result().copied())
    });
    let joined = runtime.block_on(async { task.join().await.copied() });
    let (was_asked, seen) = canceller.finish();
    expect!(
        joined == Ok(7) || was_asked && joined == Err(TaskError::Cancelled),
        "what joining the task gave",
        "Ok(7), or Err(Cancelled) if cancel() returned true",
        format!("{joined:?}, and cancel() returned {was_asked}")
    );
    expect!(
        seen == joined || was_asked && seen == Err(TaskError::NotDone),
        "result() right after cancel()",
        format!("{joined:?}, as for whoever joined, or Err(NotDone) if cancel() returned true"),
        format!("{seen:?}, and cancel() returned {was_asked}")
    );
    expect_eq!(task.result().copied(), joined, "result() at the end, compared with what joining the task gave");
    expect_eq!(task.cancel(), false, "cancel() of the task that is done");
}

/// A request to end is not lost, whether it comes before, during or after a poll, and the future is dropped first.
///
/// Next: a flag that is looked at before a poll misses the request that comes just after the look; let the runtime abort.
#[scenario(negated)]
fn a_cancel_meets_a_poll() {
    let runtime = runtime();
    let dropped = Arc::new(AtomicBool::new(false));
    let future = Endless(Arc::clone(&dropped));
    let task = runtime.block_on(async { create_task(future) });
    let theirs = task.clone();
    let canceller = actor("canceller", move || theirs.cancel());
    let joined = runtime.block_on(async { task.join().await.copied() });
    expect_eq!(joined, Err(TaskError::Cancelled), "what joining a task gave that waits for ever and was cancelled");
    expect_eq!(dropped.load(SeqCst), true, "whether its future has been dropped");
    expect_eq!(canceller.finish(), true, "what cancel() returned");
}

/// A thread that sees that a task is done sees its result and all that it has done; one that sees a result sees it done.
///
/// Next: two facts that are stored one after the other can be seen apart: store one, and derive the other.
#[scenario]
fn done_and_result_are_told_together() {
    let runtime = runtime();
    let written = Arc::new(Tracked::new(0));
    let theirs = Arc::clone(&written);
    let task = runtime.block_on(async { create_task(async move { theirs.set(7) }) });
    let observed = task.clone();
    let observer = actor("observer", move || {
        if observed.done() {
            expect_eq!(observed.result(), Ok(&()), "result() after done() was true");
            expect_eq!(written.get(), 7, "what the task has written before its end");
        }
        if observed.result().is_ok() {
            expect_eq!(observed.done(), true, "done() after result() was there");
        }
    });
    runtime.block_on(async { task.join().await.copied() }).expect("nobody cancels it");
    observer.finish();
}

/// Of two tasks that end at the same time, a wait for the first returns one or both, and loses none.
///
/// Next: each of the two ends must be enough by itself, whichever of them is counted or told first.
#[scenario]
fn two_tasks_end_and_one_waits_for_the_first() {
    runtime().block_on(async {
        let tasks = [1, 2].map(|number| create_task(async move { number }));
        let (done, pending) = wait(tasks, FirstCompleted, None).await;
        expect!(!done.is_empty(), "tasks in `done` of FirstCompleted", "1 or 2", "0");
        expect_lists(&done, &pending, 2);
    });
}

/// A wait for two tasks returns when both are done, even if they end at the same moment.
///
/// Next: both take one from the count: which of them sees that nothing is missing? Can it be neither?
#[scenario]
fn two_tasks_end_and_one_waits_for_all() {
    runtime().block_on(async {
        let written = [(); 2].map(|()| Arc::new(Tracked::new(0)));
        let tasks = written.each_ref().map(|place| {
            let place = Arc::clone(place);
            create_task(async move { place.set(7) })
        });
        let (done, pending) = wait(tasks, AllCompleted, None).await;
        expect_eq!([done.len(), pending.len()], [2, 0], "tasks in `done` and in `pending` of AllCompleted");
        expect_lists(&done, &pending, 2);
        let written = written.map(|place| place.get());
        expect_eq!(written, [7, 7], "what the tasks have written before their ends");
    });
}

/// A wait for the first error returns when one task panics, whatever the others do meanwhile.
///
/// Next: does the waiter learn of the panic if another task's end is told at the same time?
#[scenario(panics)]
fn a_panic_meets_a_return() {
    runtime().block_on(async {
        let tasks = [
            create_task(async { if true { panic!("on purpose") } else { 0 } }),
            create_task(async { 1 }),
            create_task(std::future::pending()),
        ];
        let (done, pending) = wait(tasks.clone(), FirstError, None).await;
        expect_eq!(tasks[0].done(), true, "whether the task that panics is done");
        expect_lists(&done, &pending, 3);
    });
}

/// A timeout that comes as a task ends: the task is in exactly one of the two lists.
///
/// Next: a task may end between two looks: decide with one.
#[scenario]
fn a_timeout_meets_the_end_of_a_task() {
    runtime().block_on(async {
        let task = create_task(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            7
        });
        let (done, pending) = wait([task.clone()], AllCompleted, Some(Duration::from_millis(1))).await;
        expect_lists(&done, &pending, 1);
        expect_eq!(task.join().await, Ok(&7), "what joining the task gives after the wait");
    });
}

/// A wait is given up while its tasks end.
///
/// Next: a waiter that takes back its word and a task that passes it on must take your locks in the same order.
#[scenario]
fn a_wait_is_given_up_while_its_tasks_end() {
    let runtime = runtime();
    let tasks = runtime.block_on(async { [1, 2].map(|number| create_task(async move { number })) });
    let (theirs, handle) = (tasks.clone(), runtime.handle().clone());
    let impatient = actor("impatient", move || {
        handle.block_on(async {
            let mut waiting = pin!(wait(theirs, AllCompleted, None));
            let _ = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
    });
    runtime.block_on(async {
        for (task, number) in tasks.iter().zip([1, 2]) {
            expect_eq!(task.join().await, Ok(&number), "what joining the task gives");
        }
    });
    impatient.finish();
    quiesce();
}

// ---- The parts that the stories are played with

fn runtime() -> Runtime {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_time().build();
    runtime.expect("the system has room for a runtime")
}

fn join_of(task: &Task<i32>) -> impl Future<Output = Result<i32, TaskError>> + Send + 'static {
    let task = task.clone();
    async move { task.join().await.copied() }
}

fn expect_lists<T: Send + Sync + 'static>(done: &[Task<T>], pending: &[Task<T>], tasks: usize) {
    expect_eq!(done.len() + pending.len(), tasks, "tasks in the two lists together");
    expect!(done.iter().all(Task::done), "the tasks in `done`", "all are done", "one is not");
}

/// A future that waits for ever and says when it has been dropped.
struct Endless(Arc<AtomicBool>);

impl Future for Endless {
    type Output = i32;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<i32> {
        Poll::Pending
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}
