//! Jobs, items, results and `f` may borrow from the caller's stack.
use std::sync::Mutex;
use subject::{Job, JobPanic, parallel_map, run_all};

fn main() {
    let text = String::from("one two three");
    let (seen, limit) = (Mutex::new(Vec::new()), 3);
    let words: Vec<&str> = text.split(' ').collect();
    let short: Vec<Option<&str>> = parallel_map(words, 2, |word| {
        seen.lock().unwrap().push(word);
        (word.len() <= limit).then_some(word)
    });
    let mut counts = [0; 2];
    let [first, second] = &mut counts;
    let results: Vec<Result<&str, JobPanic>> = run_all(vec![
        Job::new("first", || {
            *first += limit;
            text.as_str()
        }),
        Job::new(text.clone(), || {
            *second += text.len();
            short[0].unwrap_or("")
        }),
    ]);
    drop((results, counts));
}
