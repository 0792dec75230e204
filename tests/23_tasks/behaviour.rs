//! Facts about `create_task`, `Task` and `wait`.
//!
//! Most run on tokio's paused clock, which moves only when no task can go on: [`rest`] is then the moment when everything
//! that could happen has happened, and times are exact. Futures that are polled by hand have a waker that counts
//! ([`Wakes`]).

use harness::{actor, expect, expect_eq, fact};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use subject::ReturnWhen::{AllCompleted, FirstCompleted, FirstError};
use subject::{Task, TaskError, create_task, wait};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

const MODES: [subject::ReturnWhen; 3] = [FirstCompleted, FirstError, AllCompleted];

// ---- Starting

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
        let log = Arc::new(Mutex::new(Vec::new()));
        let starts = |name| {
            let log = Arc::clone(&log);
            create_task(async move { log.lock().unwrap().push(name) })
        };
        let tasks = [0, 1, 2].map(starts);
        expect_eq!(*log.lock().unwrap(), [0; 0], "futures polled before their creator has waited for anything");
        rest().await;
        expect_eq!(*log.lock().unwrap(), [0, 1, 2], "futures in the order of their first polls");
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

// ---- Results

/// All handles lend out the same output; it is neither copied nor given away.
///
/// Next: the output stays in a place that all handles share, and `result` and `join` return references into it.
#[fact]
fn all_handles_lend_out_the_same_output() {
    on_paused_clock(async {
        let task = create_task(after(1, String::from("output")));
        let clone = task.clone();
        let joined = task.join().await.map(std::ptr::from_ref);
        for handle in [&task, &clone] {
            let seen = handle.result().map(std::ptr::from_ref);
            expect!(seen == joined, "the output that result() refers to", "the one join() gave", "another one");
            let again = handle.join().await.map(std::ptr::from_ref);
            expect!(again == joined, "the output that a second join() refers to", "the same", "another one");
        }
    });
}

/// Everybody who joins a task is told of its end.
///
/// Next: a task may have many waiters, and its end concerns all of them.
#[fact]
fn everybody_who_joins_is_told() {
    on_paused_clock(async {
        let task = create_task(after(10, 7));
        let joiners = [1, 2, 3].map(|_| create_task(join_of(&task)));
        sleep(ms(20)).await;
        let told = joiners.iter().filter(|joiner| joiner.result() == Ok(&Ok(7))).count();
        expect_eq!(told, 3, "of three tasks that joined a task that has ended, those that were told");
    });
}

/// Panics end the task that panics, and become values: their text, or `Box<dyn Any>` if there is none.
///
/// Next: look into the payload for a `&'static str`, then for a `String`.
#[fact(panics)]
fn panics_become_values() {
    on_paused_clock(async {
        let payloads: [fn(); 4] = [
            || panic!("plain"),
            || panic!("{}", String::from("formatted")),
            || std::panic::panic_any(7_u8),
            || std::panic::panic_any(String::from("a String")),
        ];
        let tasks = payloads.map(|payload| {
            create_task(async move {
                rest().await;
                payload();
            })
        });
        let bystander = create_task(after(10, 7));
        for (task, text) in tasks.iter().zip(["plain", "formatted", "Box<dyn Any>", "a String"]) {
            let expected = Err(TaskError::Panicked(text.to_owned()));
            expect_eq!(task.join().await.copied(), expected, "what joining a task that panics gives");
            expect_eq!(states(task), (true, expected), "done() and result() of a task that has panicked");
            expect_eq!(task.cancel(), false, "cancel() of a task that has panicked");
        }
        expect_eq!(bystander.join().await, Ok(&7), "the result of a task beside those that panic");
        let errors = [TaskError::NotDone, TaskError::Cancelled, TaskError::Panicked("why".into())];
        let texts = ["the task is not done", "the task was cancelled", "the task panicked: why"];
        expect_eq!(errors.map(|error| error.to_string()), texts, "how errors are shown, as in the starter");
    });
}

/// When a task is done its future has been dropped, however it ended.
///
/// Next: drop the future first, then publish the outcome; a waiter may rely on what its destructor gives back.
#[fact(panics)]
fn the_future_is_dropped_before_the_task_is_done() {
    on_paused_clock(async {
        for ending in ["a return", "a panic", "a cancellation"] {
            let (own, log) = (Arc::new(Mutex::new(None::<Task<()>>)), Arc::new(Mutex::new(Vec::new())));
            let (theirs, sees) = (Arc::clone(&own), Arc::clone(&log));
            let guard = OnDrop(move || {
                let done = theirs.lock().unwrap().as_ref().is_some_and(Task::done);
                sees.lock().unwrap().push(done);
            });
            let task = create_task(holding(guard, async move {
                rest().await;
                match ending {
                    "a return" => {}
                    "a panic" => panic!("on purpose"),
                    _ => std::future::pending().await,
                }
            }));
            *own.lock().unwrap() = Some(task.clone());
            sleep(ms(5)).await;
            let _ = ending != "a cancellation" || task.cancel();
            let _ = task.join().await;
            expect_eq!(
                *log.lock().unwrap(),
                [false],
                format!("done() at each drop of the future, the end being {ending}")
            );
        }
    });
}

/// The output is dropped once: with the last handle, or with the task if no handle is left.
///
/// Next: share the output by `Arc` rather than leaking it, and let nothing that outlives the task hold on to it.
#[fact]
fn the_output_is_dropped_with_the_last_handle() {
    on_paused_clock(async {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = || {
            let drops = Arc::clone(&drops);
            async move {
                rest().await;
                OnDrop(move || _ = drops.fetch_add(1, SeqCst))
            }
        };
        let task = create_task(output());
        let clone = task.clone();
        sleep(ms(5)).await;
        drop(task);
        expect_eq!(drops.load(SeqCst), 0, "drops of an output to which there is still a handle");
        drop(clone);
        expect_eq!(drops.load(SeqCst), 1, "drops of an output whose last handle was dropped");
        drop(create_task(output()));
        sleep(ms(5)).await;
        expect_eq!(drops.load(SeqCst), 2, "drops of two outputs after a second task, without a handle, has ended");
    });
}

// ---- Cancelling

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
#[fact]
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
#[fact]
fn a_task_whose_runtime_goes_is_cancelled() {
    let runtime = paused_clock();
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
#[fact]
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

// ---- Waiting for several

/// `AllCompleted` takes as long as the slowest; the tasks that are done come back in the order of the arguments.
///
/// Next: go through the tasks in the order in which they were given, not in the order in which they end.
#[fact]
fn wait_for_all_keeps_the_order_of_the_arguments() {
    on_paused_clock(async {
        let (start, tasks) = (Instant::now(), [30, 10, 20].map(|delay| create_task(after(delay, delay))));
        let (done, pending) = wait(tasks, AllCompleted, None).await;
        expect_eq!(start.elapsed(), ms(30), "the time that it takes to wait for tasks of 30 ms, 10 ms and 20 ms");
        expect_eq!(outputs(&done), [Ok(30), Ok(10), Ok(20)], "the results of the tasks in `done`");
        expect_eq!(pending.len(), 0, "tasks in `pending`");
    });
}

/// `FirstCompleted` returns when the first task ends, and leaves the others alone.
///
/// Next: one watcher for all the tasks, woken by whichever ends first.
#[fact]
fn first_completed_returns_with_the_first() {
    on_paused_clock(async {
        let (start, tasks) = (Instant::now(), [40, 20, 10, 30].map(|delay| create_task(after(delay, delay))));
        let mut tasks = Vec::from(tasks);
        for time in [10, 20] {
            let (done, pending) = wait(tasks, FirstCompleted, None).await;
            expect_eq!(start.elapsed(), ms(time), "when FirstCompleted returns, the tasks taking 10, 20, 30 and 40 ms");
            expect_eq!(outputs(&done), [Ok(time)], "the results of the tasks in `done`");
            tasks = pending;
        }
        let late = [Err(TaskError::NotDone), Err(TaskError::NotDone)];
        expect_eq!(outputs(&tasks), late, "the results of the tasks of 40 and 30 ms, in `pending` after 20 ms");
        sleep(ms(100)).await;
        expect_eq!(outputs(&tasks), [Ok(40), Ok(30)], "their results later, in the order of the arguments");
    });
}

/// Tasks that were done before the call are all in `done`, and count.
///
/// Next: look at each task before waiting, and sort all of them after it: more than one may be done.
#[fact(panics)]
fn tasks_that_were_done_before_count() {
    on_paused_clock(async {
        let make = || {
            let breaks = create_task(async { if true { panic!("on purpose") } else { 1 } });
            [create_task(after(1, 0)), create_task(after(5000, 1)), breaks, create_task(after(2, 3))]
        };
        for mode in MODES {
            let tasks = make();
            sleep(ms(10)).await;
            let start = Instant::now();
            let (done, pending) = wait(tasks, mode, None).await;
            let (time, lengths) = if mode == AllCompleted { (ms(4990), [4, 0]) } else { (ms(0), [3, 1]) };
            expect_eq!(start.elapsed(), time, format!("how long {mode:?} waits if 3 of 4 are done, one by a panic"));
            expect_eq!([done.len(), pending.len()], lengths, format!("tasks in `done` and `pending` of {mode:?}"));
            let (start, all) = (Instant::now(), done.len());
            let (done, _) = wait(done, mode, None).await;
            expect_eq!((start.elapsed(), done.len()), (ms(0), all), format!("{mode:?} over tasks that are all done"));
        }
    });
}

/// `FirstError` returns at the first panic; neither a cancelled task nor an `Err` value is an error to it.
///
/// Next: how did the task end? Count all ends, and stop early only at a panic.
#[fact(panics)]
fn first_error_returns_at_the_first_panic() {
    on_paused_clock(async {
        for (breaks, time, expected) in [(true, 30, [true, true, true, false]), (false, 40, [true; 4])] {
            let start = Instant::now();
            let cancelled = create_task(after(1000, Ok(0)));
            let tasks = [
                cancelled.clone(),
                create_task(after(20, Err("an ordinary output"))),
                create_task(async move {
                    sleep(ms(30)).await;
                    if breaks { panic!("on purpose") } else { Ok(2) }
                }),
                create_task(after(40, Ok(3))),
            ];
            sleep(ms(10)).await;
            cancelled.cancel();
            let (done, pending) = wait(tasks.clone(), FirstError, None).await;
            let about = if breaks { "the third panics after 30 ms" } else { "none panics" };
            let about = format!("FirstError, one task cancelled after 10 ms, others taking 20 to 40 ms; {about}");
            expect_eq!(start.elapsed(), ms(time), format!("{about}: the time until it returns"));
            expect_eq!(tasks.map(|task| task.done()), expected, format!("{about}: which are done"));
            let lengths = if breaks { [3, 1] } else { [4, 0] };
            expect_eq!([done.len(), pending.len()], lengths, format!("{about}: tasks in `done` and `pending`"));
        }
    });
}

/// A timeout ends the wait and nothing else: what is pending runs on.
///
/// Next: race one wait against one timer; the tasks are neither dropped nor cancelled.
#[fact]
fn a_timeout_cancels_nothing() {
    on_paused_clock(async {
        for mode in [FirstError, AllCompleted] {
            let (start, tasks) = (Instant::now(), [30, 10, 50].map(|delay| create_task(after(delay, delay))));
            let (done, pending) = wait(tasks, mode, Some(ms(20))).await;
            expect_eq!(start.elapsed(), ms(20), "the time that a wait with a timeout of 20 ms takes");
            expect_eq!(outputs(&done), [Ok(10)], "of tasks of 30, 10 and 50 ms, those in `done` after 20 ms");
            let (done, _) = wait(pending, mode, Some(Duration::MAX)).await;
            expect_eq!(outputs(&done), [Ok(30), Ok(50)], "the tasks that were pending, waited for without end");
            expect_eq!(start.elapsed(), ms(50), "the time until those are done");
            let tasks = [done[0].clone(), create_task(after(10, 3))];
            let (done, pending) = wait(tasks, mode, Some(Duration::ZERO)).await;
            expect_eq!([done.len(), pending.len()], [1, 1], "done and pending ones of a wait with a timeout of zero");
        }
    });
}

/// Waiting for no tasks returns two empty lists at once.
///
/// Next: nobody will ever end the wait for nothing.
#[fact]
fn waiting_for_nothing_returns_at_once() {
    on_paused_clock(async {
        for mode in MODES {
            let start = Instant::now();
            let (done, pending) = wait(Vec::<Task<i32>>::new(), mode, Some(ms(1000))).await;
            let seen = (done.len(), pending.len(), start.elapsed());
            expect_eq!(seen, (0, 0, ms(0)), format!("both lists' lengths and the time of {mode:?} without tasks"));
        }
    });
}

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
        let wakes = [(); 4].map(|()| Arc::<Wakes>::default());
        // By another task's waker first: it is out of date when the task ends.
        for wakes in [&[(); 4].map(|()| Arc::default()), &wakes] {
            expect!(wakes[0].poll(join.as_mut()).is_pending(), "a poll of join()", "pending", "ready");
            for (wakes, wait) in wakes[1..].iter().zip(&mut waits) {
                expect!(wakes.poll(wait.as_mut()).is_pending(), "a poll of wait()", "pending", "ready");
            }
            sleep(ms(10_000)).await;
        }
        let seen = wakes.each_ref().map(Wakes::count);
        expect_eq!(seen, [0; 4], "wakes of a join and three waits in ten seconds in which no task ended");
        let _ = end.send(());
        rest().await;
        let woken = [&wakes[0], &wakes[1]].map(|wakes| wakes.count() > 0);
        expect_eq!(woken, [true; 2], "whether a join, and a wait for FirstCompleted, were woken by the end of a task");
        expect_eq!(wakes[0].poll(join.as_mut()), Poll::Ready(Ok(&true)), "the poll of join() after the task has ended");
        let ready = waits.each_mut().map(|wait| wakes[1].poll(wait.as_mut()).is_ready());
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
        let wakes = Arc::<Wakes>::default();
        let mut before = 0;
        for round in 0..101_000 {
            if round == 1000 {
                before = resident_kib();
            }
            drop(wakes.poll(pin!(task.join())));
            if round % 100 == 0 {
                let tasks = [task.clone(), other.clone()];
                drop(wakes.poll(pin!(wait(tasks, AllCompleted, Some(ms(1))))));
                // So that the budget that tokio gives to one poll of a task is never used up.
                tokio::task::yield_now().await;
            }
        }
        sleep(ms(5)).await;
        expect_eq!(Arc::strong_count(&wakes), 1, "who holds on to the waker of joins and waits that were dropped");
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

// ---- The parts that the facts are played with

fn paused_clock() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().expect("the system has room for a runtime")
}

fn on_paused_clock<F: Future>(future: F) -> F::Output {
    paused_clock().block_on(future)
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Until nothing more can happen: the clock only moves then.
async fn rest() {
    sleep(ms(1)).await;
}

async fn after<T>(milliseconds: u64, output: T) -> T {
    sleep(ms(milliseconds)).await;
    output
}

/// What a task says, twice over.
fn states<T: Clone + Send + Sync + 'static>(task: &Task<T>) -> (bool, Result<T, TaskError>) {
    (task.done(), task.result().cloned())
}

fn outputs<T: Clone + Send + Sync + 'static>(tasks: &[Task<T>]) -> Vec<Result<T, TaskError>> {
    tasks.iter().map(|task| task.result().cloned()).collect()
}

/// A future that joins a task through a handle of its own.
fn join_of<T: Clone + Send + Sync + 'static>(
    task: &Task<T>,
) -> impl Future<Output = Result<T, TaskError>> + Send + 'static + use<T> {
    let task = task.clone();
    async move { task.join().await.cloned() }
}

/// The memory that this process has in use, in KiB.
fn resident_kib() -> usize {
    // The first is counted page by page; the second, which every kernel has, may be a little behind.
    let size = ["smaps_rollup", "status"].into_iter().find_map(|file| {
        let text = std::fs::read_to_string(format!("/proc/self/{file}")).ok()?;
        let mut lines = text.lines();
        let size = lines.find_map(|line| line.strip_prefix("Rss:").or_else(|| line.strip_prefix("VmRSS:")))?;
        size.trim().strip_suffix(" kB")?.parse().ok()
    });
    size.expect("a process can read its own size")
}

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// A guard, and whether it has been dropped.
fn guard() -> (Arc<AtomicBool>, OnDrop<impl FnMut() + Send + 'static>) {
    let dropped = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&dropped);
    (dropped, OnDrop(move || theirs.store(true, SeqCst)))
}

/// The future, holding on to something until it is dropped, also after it was ready and before it was polled.
fn holding<G: Send + 'static, T>(
    guard: G,
    future: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> + Send + 'static {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        let _ = &guard;
        future.as_mut().poll(context)
    })
}

/// A waker that counts.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Wakes {
    fn count(self: &Arc<Self>) -> usize {
        self.0.load(SeqCst)
    }

    fn poll<F: Future>(self: &Arc<Self>, future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
    }
}
