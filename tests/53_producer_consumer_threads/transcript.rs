//! The article's producer and consumer, with an end; then a failure; then several of each.

use std::fmt::Write;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Condvar, Mutex};
use subject::{Failure, run};

#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    one_of_each(&mut text);
    a_failure(&mut text);
    several_of_each(&mut text);
    text
}

/// The consumer stays with its first item until the producer has been asked for the last: the buffer fills.
fn one_of_each(text: &mut String) {
    text.push_str("one producer, one consumer, room for 4\n");
    let (last, asked) = (Mutex::new(false), Condvar::new());
    let source = (0..5).inspect(|item| {
        if *item == 4 {
            *last.lock().unwrap() = true;
            asked.notify_all();
        }
    });
    let lines = Mutex::new(String::new());
    let summary = run(vec![source], 1, 4, |item: &u32| {
        let _last = asked.wait_while(last.lock().unwrap(), |last| !*last).unwrap();
        writeln!(lines.lock().unwrap(), "  consumed {item}").map_err(|_| ())
    });
    text.push_str(&lines.into_inner().unwrap());
    let summary = summary.map_or((vec![], vec![]), |summary| (summary.produced, summary.handled));
    writeln!(text, "  produced {:?}, handled {:?}", summary.0, summary.1).unwrap();
}

fn a_failure(text: &mut String) {
    text.push_str("the consumer refuses an item\n");
    let lines = Mutex::new(String::new());
    let result = run(only(0..1000), 1, 2, |item: &u32| {
        if *item == 3 {
            return Err("too big");
        }
        writeln!(lines.lock().unwrap(), "  consumed {item}").map_err(|_| "no room for text")
    });
    text.push_str(&lines.into_inner().unwrap());
    match result {
        Ok(_) => text.push_str("  no failure\n"),
        Err(failure) => {
            writeln!(text, "  {failure}").unwrap();
            let Failure { item, error, handled } = failure;
            writeln!(text, "  item {item}, error '{error}', handled {handled}").unwrap();
        }
    }
}

fn several_of_each(text: &mut String) {
    text.push_str("three producers, two consumers, room for 2\n");
    let sum = AtomicU32::new(0);
    let summary = run(vec![0..10, 10..30, 30..60], 2, 2, |item: &u32| {
        sum.fetch_add(*item, SeqCst);
        Ok::<(), ()>(())
    });
    let summary = summary.map_or((vec![], vec![]), |summary| (summary.produced, summary.handled));
    writeln!(text, "  produced {:?}", summary.0).unwrap();
    writeln!(text, "  handled {} by {} consumers", summary.1.iter().sum::<usize>(), summary.1.len()).unwrap();
    writeln!(text, "  sum {}", sum.into_inner()).unwrap();
}

/// The sources of a run that has one.
fn only<S>(source: S) -> Vec<S> {
    vec![source]
}
