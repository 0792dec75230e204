//! The program of `oracle.py` over the learner's functions: the article's generator, asked by a loop, by comprehensions,
//! by nobody, and by somebody who has enough.

use harness::paused_clock;
use std::cell::RefCell;
use std::fmt::Display;
use std::time::Duration;
use subject::{Stream, collect, filter_map, generator, next};
use tokio::time::{Instant, sleep};

/// A generator waits and yields only while somebody asks, and closes when it has ended or is no longer wanted.
#[harness::transcript]
fn transcript() -> String {
    paused_clock!().block_on(async {
        let log = Log { start: Instant::now(), lines: RefCell::default() };
        tell(&log).await;
        log.lines.into_inner()
    })
}

async fn tell(log: &Log) {
    log.title("async for");
    let mut stream = readings(log, 3);
    while let Some(n) = next(&mut stream).await {
        log.line(format!("got {n}"));
        sleep(Duration::from_millis(200)).await;
    }
    log.title("a comprehension");
    let squares = filter_map(readings(log, 5), async |n| (n % 2 == 0).then_some(n * n));
    log.line(format!("{:?}", collect(squares).await));

    log.title("a comprehension that waits");
    let doubled = filter_map(readings(log, 3), async |n| Some(double(n).await));
    log.line(format!("{:?}", collect(doubled).await));

    log.title("nobody asks");
    drop(readings(log, 3));
    log.line("not even opened");

    log.title("enough after two");
    let mut stream = readings(log, 5);
    for _ in 0..2 {
        log.line(next(&mut stream).await.map_or_else(|| String::from("no more"), |n| n.to_string()));
    }
    log.line("enough");
    drop(stream);
    log.line("closed");
}

fn readings(log: &Log, count: u32) -> impl Stream<Item = u32> + Unpin {
    generator(async move |y| {
        log.line("open");
        let _closes = Closes(log);
        for n in 0..count {
            sleep(Duration::from_millis(100)).await;
            log.line(format!("yield {n}"));
            y.emit(n).await;
        }
        log.line("end");
    })
}

async fn double(n: u32) -> u32 {
    sleep(Duration::from_millis(50)).await;
    2 * n
}

/// What is `finally` in Python: it runs at the end, and when the generator is dropped at its `emit`.
struct Closes<'a>(&'a Log);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.line("close");
    }
}

struct Log {
    start: Instant,
    lines: RefCell<String>,
}

impl Log {
    fn title(&self, title: &str) {
        self.lines.borrow_mut().push_str(&format!("== {title}\n"));
    }

    fn line(&self, line: impl Display) {
        let line = format!("{:4} ms  {line}\n", self.start.elapsed().as_millis());
        self.lines.borrow_mut().push_str(&line);
    }
}
