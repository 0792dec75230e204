//! Three workers, told by themselves: they start in turn and end in the opposite order, and one of them fails.

use std::fmt::Write as _;
use std::sync::{Condvar, Mutex};
use subject::{Job, parallel_map, run_all};

/// What is written, line by line. A line has a number, and waits for the one before it.
#[derive(Default)]
struct Page {
    lines: Mutex<Vec<String>>,
    written: Condvar,
}

impl Page {
    fn line(&self, number: usize, text: String) {
        let lines = self.lines.lock().expect("no thread panics while it writes");
        let mut lines = self.written.wait_while(lines, |lines| lines.len() < number).expect("as above");
        lines.push(text);
        self.written.notify_all();
    }
}

/// Workers start and end in an order of their own; what they return, and the failure of one, come in the order of the list.
#[harness::transcript]
fn transcript() -> String {
    let page = Page::default();
    let worker = |number: usize| {
        let page = &page;
        Job::new(format!("worker {number}"), move || {
            let name = std::thread::current().name().unwrap_or("somebody").to_owned();
            page.line(number - 1, format!("{name} starts"));
            if number == 2 {
                page.line(4, format!("{name} fails"));
                panic!("out of paper");
            }
            page.line(if number == 3 { 3 } else { 5 }, format!("{name} ends"));
            number * 10
        })
    };
    let results = run_all((1..4).map(worker).collect());
    let mut text = page.lines.into_inner().expect("as above").join("\n");
    writeln!(text, "\nall workers have finished").expect("a String takes any text");
    for result in results {
        let line = result.map_or_else(|panic| panic.to_string(), |value| format!("returned {value}"));
        writeln!(text, "{line}").expect("as above");
    }
    let squares = parallel_map((1..=10).collect(), 3, |number: u32| number * number);
    writeln!(text, "squares {squares:?}").expect("as above");
    text
}
