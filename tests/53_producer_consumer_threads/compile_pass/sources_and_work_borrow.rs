//! Sources, items and work may borrow from the caller's stack.
use std::sync::Mutex;
use subject::{Failure, Summary, run};

fn main() {
    let words = vec![String::from("one"), String::from("two")];
    let (seen, limit) = (Mutex::new(Vec::new()), 3);
    let sources: Vec<_> = words.chunks(1).map(|chunk| chunk.iter().map(String::as_str)).collect();
    let result: Result<Summary, Failure<&str, &str>> = run(sources, 2, limit, |word: &&str| {
        seen.lock().unwrap().push(*word);
        if word.len() > limit { Err(*word) } else { Ok(()) }
    });
    let failed: Option<&str> = result.err().map(|failure| failure.item);
    drop((seen, failed));
    drop(words);
}
