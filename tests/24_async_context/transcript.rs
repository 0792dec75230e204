//! The program of `oracle.py` over the learner's functions. What Python raises is here an `Err`, and what it cancels is
//! a task that is aborted.

use harness::paused_clock;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::{AsyncResource, Ending, Failure, with, with_stack};
use tokio::time::{Instant, sleep};

/// A resource is acquired, used and released, and so is a stack of them: when all goes well, when a part of it fails, and when it is
/// given up half-way.
#[harness::transcript]
fn transcript() -> String {
    paused_clock!().block_on(async {
        let log = Log { lines: Arc::default(), start: Instant::now() };
        main(&log).await;
        std::mem::take(&mut *log.lines.lock().expect("nothing panics while it writes"))
    })
}

async fn main(log: &Log) {
    let fine = Article { name: "resource", log: log.clone(), enters: true, exits: true };
    let refusing = Article { enters: false, ..fine.clone() };
    let breaking = Article { exits: false, ..fine.clone() };

    log.title("the article's");
    log.report(use_one(fine.clone(), false, SHORT).await);
    log.title("the body fails");
    log.report(use_one(fine.clone(), true, SHORT).await);
    log.title("the exit fails");
    log.report(use_one(breaking.clone(), false, SHORT).await);
    log.title("both fail");
    log.report(use_one(breaking, true, SHORT).await);
    log.title("entering fails");
    log.report(use_one(refusing, false, SHORT).await);
    log.title("many");
    log.report(use_many(log.clone(), true, SHORT).await);
    log.title("one of many fails");
    log.report(use_many(log.clone(), false, SHORT).await);

    log.title("given up");
    let task = tokio::spawn(use_one(fine, false, LONG));
    sleep(Duration::from_secs(5)).await;
    task.abort();
    sleep(Duration::from_secs(5)).await;
    log.line(format!("is over: {}", if task.is_finished() { "True" } else { "False" }));
    log.title("many given up");
    let task = tokio::spawn(use_many(log.clone(), true, LONG));
    sleep(Duration::from_secs(5)).await;
    task.abort();
    sleep(Duration::from_secs(5)).await;
    log.line(format!("is over: {}", if task.is_finished() { "True" } else { "False" }));
}

const SHORT: Duration = Duration::from_millis(500);
const LONG: Duration = Duration::from_secs(60);

async fn use_one(resource: Article, fails: bool, delay: Duration) -> Result<String, Failure<String>> {
    with(resource, async |resource| {
        resource.log.line(format!("use {}", resource.name));
        sleep(delay).await;
        if fails { Err("use failed".into()) } else { Ok(format!("data of {}", resource.name)) }
    })
    .await
}

async fn use_many(log: Log, exits: bool, delay: Duration) -> Result<String, Failure<String>> {
    with_stack(async |stack| {
        let first = Article { name: "A", log: log.clone(), enters: true, exits: true };
        let first = stack.enter(first).await?;
        let theirs = log.clone();
        stack.push(move |ending| {
            theirs.line(format!("callback: {}", word_for(ending)));
            ready(Ok(()))
        });
        let second = stack.enter(Article { name: "B", log: log.clone(), enters: true, exits }).await?;
        let names = [stack.get_mut(&first).name, stack.get_mut(&second).name];
        log.line(format!("use {} and {}", names[0], names[1]));
        sleep(delay).await;
        Ok("done".into())
    })
    .await
}

/// The article's `AsyncResource`, with a name, an error on demand, and a word on how its body ended.
#[derive(Clone)]
struct Article {
    name: &'static str,
    log: Log,
    enters: bool,
    exits: bool,
}

impl AsyncResource for Article {
    type Error = String;

    async fn enter(&mut self) -> Result<(), String> {
        self.log.line(format!("acquire {}", self.name));
        sleep(Duration::from_secs(1)).await;
        if self.enters { Ok(()) } else { Err(format!("{} refused", self.name)) }
    }

    async fn exit(&mut self, ending: Ending) -> Result<(), String> {
        self.log.line(format!("release {}: {}", self.name, word_for(ending)));
        sleep(Duration::from_secs(1)).await;
        if !self.exits {
            return Err(format!("{} broke", self.name));
        }
        self.log.line(format!("released {}", self.name));
        Ok(())
    }
}

fn word_for(ending: Ending) -> &'static str {
    match ending {
        Ending::Returned => "returned",
        Ending::Failed => "failed",
        Ending::Panicked => "panicked",
        Ending::Cancelled => "cancelled",
    }
}

/// Lines with the time at which they were written.
#[derive(Clone)]
struct Log {
    lines: Arc<Mutex<String>>,
    start: Instant,
}

impl Log {
    fn write(&self, line: &str) {
        let mut lines = self.lines.lock().expect("nothing panics while it writes");
        lines.push_str(line);
        lines.push('\n');
    }

    fn title(&self, title: &str) {
        self.write(&format!("== {title}"));
    }

    fn line(&self, line: impl AsRef<str>) {
        self.write(&format!("{:.1}  {}", self.start.elapsed().as_secs_f64(), line.as_ref()));
    }

    fn report(&self, result: Result<String, Failure<String>>) {
        match result {
            Ok(value) => self.line(format!("result: {value}")),
            Err(failure) => self.line(format!("error: {failure}")),
        }
    }
}
