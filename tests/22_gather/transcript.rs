//! The program of `oracle.py` over the learner's functions. What Python raises is here a panic where `gather_settled`
//! catches it, and an `Err` where `try_gather` returns it.

use harness::{Log, paused_clock};
use std::time::Duration;
use subject::{gather, gather_settled, try_gather};
use tokio::time::sleep;

#[harness::transcript]
fn transcript() -> String {
    let log = Log::new();
    paused_clock!().block_on(main(&log));
    log.text()
}

async fn main(log: &Log) {
    log.line("== all of them");
    for result in gather([("A", 1.0), ("B", 2.0), ("C", 0.5)].map(|(name, delay)| fetch(log, name, delay))).await {
        log.line(result);
    }

    log.line("== exceptions are results");
    let children = [("A", 1.0, false), ("B", 0.5, true), ("C", 2.0, false)];
    let settled = gather_settled(children.map(|(name, delay, breaks)| async move {
        fetch_or_break(log, name, delay, breaks).await.unwrap_or_else(|error| panic!("{error}"))
    }));
    for result in settled.await {
        log.line(result.unwrap_or_else(|panicked| format!("failed: {}", panicked.message().unwrap_or_default())));
    }

    log.line("== the first error ends it");
    let children = [("A", 0.5, false), ("B", 1.0, true), ("C", 2.0, false)];
    match try_gather(children.map(|(name, delay, breaks)| fetch_or_break(log, name, delay, breaks))).await {
        Ok(results) => results.into_iter().for_each(|result| log.line(result)),
        Err(error) => log.line(format!("failed: {error}")),
    }

    log.line("== nothing to wait for");
    log.line(gather(Vec::<std::future::Ready<()>>::new()).await.len().to_string());
}

async fn fetch(log: &Log, name: &str, delay: f64) -> String {
    fetch_or_break(log, name, delay, false).await.expect("this one does not break")
}

async fn fetch_or_break(log: &Log, name: &str, delay: f64, breaks: bool) -> Result<String, String> {
    log.line(format!("start {name}"));
    let mut cancellation = Cancellation { log, name, is_over: false };
    sleep(Duration::from_secs_f64(delay)).await;
    cancellation.is_over = true;
    if breaks {
        log.line(format!("break {name}"));
        return Err(format!("{name} broke"));
    }
    log.line(format!("finish {name}"));
    Ok(format!("data of {name}"))
}

/// Being dropped at the `await` is what Python calls being cancelled.
struct Cancellation<'a> {
    log: &'a Log,
    name: &'a str,
    is_over: bool,
}

impl Drop for Cancellation<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.log.line(format!("cancel {}", self.name));
        }
    }
}
