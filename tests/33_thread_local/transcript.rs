//! Three workers that count, one after the other, and a main thread that adds up what they have left.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;
use subject::ThreadLocal;

/// Every worker begins without a value and counts on its own; the main thread has no value and finds those of all workers.
#[harness::transcript]
fn transcript() -> String {
    let (counts, text) = (ThreadLocal::new(), Mutex::new(String::new()));
    let line = |name: &str, what: &str| {
        let mut text = text.lock().expect("no thread panics while it writes");
        writeln!(text, "{name}: {what}").expect("a String takes any text");
    };
    let worker = |number: u32| {
        let name = format!("worker {number}");
        line(&name, &format!("begins with {:?}", counts.get().map(Cell::get)));
        for _ in 0..number * 10 {
            let count = counts.get_or(|| Cell::new(0));
            count.set(count.get() + 1);
        }
        line(&name, &format!("counts to {}", counts.get_or(|| Cell::new(0)).get()));
    };
    for number in 1..4 {
        thread::scope(|scope| _ = scope.spawn(|| worker(number)));
    }
    line("main", &format!("has {:?}", counts.get().map(Cell::get)));
    let values: Vec<u32> = counts.into_iter().map(Cell::into_inner).collect();
    line("main", &format!("finds {} in {} values", values.iter().sum::<u32>(), values.len()));
    text.into_inner().expect("as above")
}
