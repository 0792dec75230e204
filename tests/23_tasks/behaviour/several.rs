//! `wait`: when it returns, and which tasks are done and pending then.

use super::clock::{after, ms, on_paused_clock};
use super::handles::{MODES, outputs};
use harness::{expect_eq, fact};
use std::time::Duration;
use subject::ReturnWhen::{AllCompleted, FirstCompleted, FirstError};
use subject::{Task, TaskError, create_task, wait};
use tokio::time::{Instant, sleep};

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
