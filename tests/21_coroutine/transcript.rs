//! The program of `oracle.py` over the learner's functions. What Python raises is here a panic, and what it cancels is
//! dropped.

use harness::{Log, catch_panic};
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use subject::{block_on, sleep};

/// Coroutines do nothing until they are run, wait without holding anybody up, and end with a result, an error or not at all.
#[harness::transcript]
fn transcript() -> String {
    let log = Log::new();

    log.line("== calling runs nothing");
    let coroutine = greet(&log, "A", 2);
    let never = greet(&log, "nobody", 2);
    drop(never);
    log.line("a coroutine, and nothing has run");
    log.line(block_on(coroutine));

    log.line("== one after the other");
    block_on(async {
        log.line(greet(&log, "B", 4).await);
        log.line(greet(&log, "C", 2).await);
    });

    log.line("== two at once");
    let greetings = block_on(both(greet(&log, "D", 40), greet(&log, "E", 160)));
    greetings.iter().for_each(|greeting| log.line(greeting));

    log.line("== an error comes out where the coroutine is run");
    if let Err(payload) = catch_panic(|| block_on(break_off(&log, "F"))) {
        log.line(format!("failed: {}", payload.downcast_ref::<String>().map_or("an unknown error", String::as_str)));
    }

    log.line("== giving up");
    match block_on(within(5, greet(&log, "G", 3_600_000))) {
        Some(greeting) => log.line(greeting),
        None => log.line("no time left for G"),
    }

    log.text()
}

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

async fn greet(log: &Log, name: &str, delay: u64) -> String {
    let mut given_up = AtTheEnd { log, line: Some(format!("{name}: is given up")) };
    log.line(format!("{name}: begins"));
    sleep(milliseconds(delay)).await;
    given_up.line = None;
    log.line(format!("{name}: goes on"));
    format!("hello from {name}")
}

async fn break_off(log: &Log, name: &str) {
    let _cleaning = AtTheEnd { log, line: Some(format!("{name}: cleans up")) };
    log.line(format!("{name}: begins"));
    sleep(milliseconds(2)).await;
    // As a panic, but without words on stderr.
    resume_unwind(Box::new(format!("{name} broke")));
}

/// Both outputs; a poll polls whatever is not ready.
async fn both<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> [T; 2] {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut outputs = [None, None];
    poll_fn(|context| {
        if outputs[0].is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            outputs[0] = Some(output);
        }
        if outputs[1].is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            outputs[1] = Some(output);
        }
        if outputs.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.map(|output| output.expect("both are ready"))
}

/// The output, unless it takes longer than so many milliseconds.
async fn within<T>(time: u64, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut nap) = (pin!(future), pin!(sleep(milliseconds(time))));
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => nap.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Writes a line when it is dropped, if there is one left.
struct AtTheEnd<'a> {
    log: &'a Log,
    line: Option<String>,
}

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        self.line.iter().for_each(|line| self.log.line(line));
    }
}
