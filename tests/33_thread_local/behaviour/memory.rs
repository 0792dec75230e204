//! What is left of objects and threads that are gone, in bytes.

use super::threads::{Companion, on_a_new_thread};
use harness::{expect, expect_eq, fact, process};
use std::collections::HashSet;
use std::sync::Arc;
use subject::ThreadLocal;

/// How many bytes of memory this process has in use.
fn memory() -> u64 {
    let text = process::statm();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("a process can read its own size") * 4096
}

fn no_more_than_a_mebibyte(before: u64, about: &str) {
    let more = memory().saturating_sub(before);
    expect!(more < 1 << 20, format!("the memory {about}"), "less than 1 MiB more", format!("{} KiB more", more >> 10));
}

/// A thread that lives long forgets the objects that are gone, whoever drops them.
///
/// Next: an object that goes cannot reach into other threads; but each can clear up its own, now and then. How does it know which objects
/// are gone?
#[fact]
fn a_long_life_forgets_what_is_gone() {
    let mut before = None;
    let companion = Companion::new("long life");
    for batch in 0..501 {
        let objects: Arc<Vec<ThreadLocal<usize>>> = Arc::new((0..200).map(|_| ThreadLocal::new()).collect());
        let theirs = Arc::clone(&objects);
        companion.does(move || {
            for (number, object) in theirs.iter().enumerate() {
                expect_eq!(*object.get_or(|| number), number, "get_or of a new object");
            }
        });
        // Half of them go here, half of them there.
        if batch % 2 == 0 {
            drop(objects);
        } else {
            companion.does(move || drop(objects));
        }
        before.get_or_insert_with(memory);
    }
    no_more_than_a_mebibyte(before.unwrap_or_default(), "of a thread that lives on, when it has used 100 000 objects");
    companion.ends();
}

/// Threads that have ended leave nothing behind but their values.
///
/// Next: what a thread needs for itself must go when it goes: `thread_local!` sees to that, if you let it.
#[fact]
fn threads_leave_only_their_values() {
    let kept = ThreadLocal::new();
    let mut before = None;
    for number in 0..300 {
        on_a_new_thread(|| {
            kept.get_or(|| number);
            let passing: Vec<ThreadLocal<[u64; 64]>> = (0..200).map(|_| ThreadLocal::new()).collect();
            for object in &passing {
                object.get_or(|| [number; 64]);
            }
        });
        if number == 50 {
            before = Some(memory());
        }
    }
    no_more_than_a_mebibyte(before.unwrap_or_default(), "when 250 threads with 200 objects each have come and gone");
    let numbers: HashSet<_> = kept.into_iter().collect();
    expect_eq!(numbers.len(), 300, "how many different values 300 threads have left in an object that lives on");
}
