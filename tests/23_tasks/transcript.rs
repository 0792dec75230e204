//! The program of `oracle.py` over the learner's functions. What Python raises is here an `Err`, and in a task a panic.

use harness::{Log, paused_clock};
use std::time::Duration;
use subject::ReturnWhen::{AllCompleted, FirstCompleted, FirstError};
use subject::{Task, TaskError, create_task, wait};
use tokio::time::sleep;

#[harness::transcript]
fn transcript() -> String {
    let log = Log::new();
    paused_clock!().block_on(main(&log));
    log.text()
}

async fn main(log: &Log) {
    log.line("== asked before its end");
    let task = create_task(fetch(log, "A", 1.0, false));
    log.line(format!("done: {}", yes(task.done())));
    log.line(told(task.result()));
    log.line(told(task.join().await));
    log.line(format!("done: {}", yes(task.done())));
    log.line(told(task.result()));

    log.line("== cancelled while it waits");
    let task = create_task(fetch(log, "B", 1.0, false));
    seconds(0.5).await;
    log.line(format!("asked: {}", yes(task.cancel())));
    log.line(format!("done: {}", yes(task.done())));
    log.line(told(task.join().await));
    log.line(format!("done: {}", yes(task.done())));
    log.line(format!("asked: {}", yes(task.cancel())));

    log.line("== cancelled before it starts");
    let task = create_task(fetch(log, "C", 1.0, false));
    log.line(format!("asked: {}", yes(task.cancel())));
    log.line(told(task.join().await));

    log.line("== the first of three");
    let tasks = [("D", 1.0), ("E", 0.5), ("F", 2.0)].map(|(name, delay)| create_task(fetch(log, name, delay, false)));
    let (done, pending) = wait(tasks, FirstCompleted, None).await;
    show(log, &done, &pending);
    log.line("== what a timeout leaves");
    let (done, pending) = wait(pending, AllCompleted, Some(Duration::from_secs(1))).await;
    show(log, &done, &pending);
    log.line("== the rest");
    let (done, pending) = wait(pending, AllCompleted, None).await;
    show(log, &done, &pending);

    log.line("== the first that fails");
    let tasks = [("G", 3.0, false), ("H", 1.5, true), ("I", 1.0, false), ("J", 5.0, false)]
        .map(|(name, delay, breaks)| create_task(fetch(log, name, delay, breaks)));
    seconds(0.5).await;
    tasks[3].cancel();
    let (done, pending) = wait(tasks, FirstError, None).await;
    show(log, &done, &pending);

    log.line("== what is still pending is stopped");
    for task in &pending {
        log.line(format!("asked: {}", yes(task.cancel())));
        log.line(told(task.join().await));
    }

    log.line("== nobody keeps a handle");
    create_task(fetch(log, "K", 1.0, false));
    seconds(1.5).await;
}

fn fetch(log: &Log, name: &'static str, delay: f64, breaks: bool) -> impl Future<Output = String> + Send + 'static {
    let log = log.clone();
    async move {
        log.line(format!("start {name}"));
        let mut cancellation = Cancellation { log, name, is_over: false };
        seconds(delay).await;
        cancellation.is_over = true;
        if breaks {
            cancellation.log.line(format!("break {name}"));
            panic!("{name} broke");
        }
        cancellation.log.line(format!("finish {name}"));
        format!("data of {name}")
    }
}

async fn seconds(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

fn show(log: &Log, done: &[Task<String>], pending: &[Task<String>]) {
    for task in done {
        log.line(format!("done: {}", told(task.result())));
    }
    for task in pending {
        log.line(format!("pending: {}", told(task.result())));
    }
}

fn told(result: Result<&String, TaskError>) -> String {
    match result {
        Ok(output) => output.clone(),
        Err(TaskError::NotDone) => "not done".into(),
        Err(TaskError::Cancelled) => "cancelled".into(),
        Err(TaskError::Panicked(message)) => format!("failed: {message}"),
    }
}

fn yes(truth: bool) -> &'static str {
    if truth { "yes" } else { "no" }
}

/// Being dropped at the `await` is what Python calls being cancelled.
struct Cancellation {
    log: Log,
    name: &'static str,
    is_over: bool,
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        if !self.is_over {
            self.log.line(format!("cancel {}", self.name));
        }
    }
}
