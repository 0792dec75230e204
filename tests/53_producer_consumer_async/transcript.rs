//! The article's producer and consumer, with an end; then a failure, several of each, and a run that is given up.
//! Every line begins with the time on tokio's paused clock.

use harness::paused_clock;
use std::fmt::Display;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::run;
use tokio::time::{Instant, sleep, timeout};

#[harness::transcript]
fn transcript() -> String {
    let log = Log { begun: Arc::default(), lines: Arc::default() };
    paused_clock!().block_on(async {
        one_of_each(&log).await;
        a_failure(&log).await;
        several_of_each(&log).await;
        given_up(&log).await;
    });
    let lines = log.lines.lock().unwrap();
    lines.clone()
}

#[derive(Clone)]
struct Log {
    begun: Arc<Mutex<Option<Instant>>>,
    lines: Arc<Mutex<String>>,
}

impl Log {
    fn title(&self, title: &str) {
        *self.begun.lock().unwrap() = Some(Instant::now());
        self.lines.lock().unwrap().push_str(&format!("{title}\n"));
    }

    fn line(&self, line: impl Display) {
        let elapsed = self.begun.lock().unwrap().map_or(Duration::ZERO, |begun| begun.elapsed());
        self.lines.lock().unwrap().push_str(&format!("  {:.2} s  {line}\n", elapsed.as_secs_f64()));
    }
}

async fn pause(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

/// Items that take a second each.
fn source(
    name: &'static str,
    count: usize,
) -> impl FnMut() -> std::pin::Pin<Box<dyn Future<Output = Option<String>> + Send>> {
    let mut numbers = 0..count;
    move || {
        let number = numbers.next();
        Box::pin(async move {
            if number.is_some() {
                pause(1.0).await;
            }
            number.map(|number| format!("{name}{number}"))
        })
    }
}

async fn one_of_each(log: &Log) {
    log.title("one producer, one consumer, room for 2");
    let theirs = log.clone();
    let work = move |item: Arc<String>| {
        let log = theirs.clone();
        async move {
            pause(1.5).await;
            log.line(format_args!("consumed {item}"));
            Ok::<(), String>(())
        }
    };
    match run(vec![source("a", 5)], 1, 2, work).await {
        Ok(summary) => log.line(format_args!("produced {:?}, handled {:?}", summary.produced, summary.handled)),
        Err(failure) => log.line(failure),
    }
}

async fn a_failure(log: &Log) {
    log.title("the consumer refuses an item");
    let theirs = log.clone();
    let work = move |item: Arc<String>| {
        let log = theirs.clone();
        async move {
            pause(1.5).await;
            if *item == "a3" {
                return Err("too big");
            }
            log.line(format_args!("consumed {item}"));
            Ok(())
        }
    };
    match run(vec![source("a", 1000)], 1, 2, work).await {
        Ok(_) => log.line("no failure"),
        Err(failure) => log.line(failure),
    }
}

async fn several_of_each(log: &Log) {
    log.title("three producers, two consumers, room for 2");
    let items = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&items);
    let work = move |item: Arc<String>| {
        theirs.lock().unwrap().push(item.to_string());
        async {
            pause(0.5).await;
            Ok::<(), String>(())
        }
    };
    match run(vec![source("a", 2), source("b", 3), source("c", 4)], 2, 2, work).await {
        Ok(summary) => {
            let handled: usize = summary.handled.iter().sum();
            log.line(format_args!("produced {:?}, handled {handled} by {}", summary.produced, summary.handled.len()));
        }
        Err(failure) => log.line(failure),
    }
    items.lock().unwrap().sort_unstable();
    log.line(items.lock().unwrap().join(" "));
}

/// Says when it is dropped before it is over.
struct Call {
    log: Log,
    item: Arc<String>,
    is_over: bool,
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over {
            self.log.line(format_args!("dropped {}", self.item));
        }
    }
}

async fn given_up(log: &Log) {
    log.title("given up after 4 s");
    let theirs = log.clone();
    let work = move |item: Arc<String>| {
        let mut call = Call { log: theirs.clone(), item, is_over: false };
        async move {
            pause(1.25).await;
            call.is_over = true;
            call.log.line(format_args!("consumed {}", call.item));
            Ok::<(), String>(())
        }
    };
    let result = timeout(Duration::from_secs(4), run(vec![source("a", 1000)], 1, 2, work)).await;
    pause(1.0).await;
    log.line(if result.is_err() { "nothing goes on" } else { "it has ended" });
}
