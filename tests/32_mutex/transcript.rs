//! The article's program: a thousand threads, one number.

use harness::quiesce;
use std::sync::Arc;
use std::thread;
use subject::Lock;

/// A thousand threads add 1 each to the same number, the first hundred of them after all have waited for the lock, and it ends as 1000.
#[harness::transcript]
fn transcript() -> String {
    let counter = Arc::new(Lock::new(0));
    for batch in 0..10 {
        let start = counter.lock().expect("no thread panics");
        let threads: Vec<_> = (0..100)
            .map(|_| {
                let counter = Arc::clone(&counter);
                thread::spawn(move || *counter.lock().expect("no thread panics") += 1)
            })
            .collect();
        // Once is enough to see whether a hundred can wait, and proving that they do takes time.
        if batch == 0 {
            quiesce();
        }
        drop(start);
        for thread in threads {
            thread.join().expect("no thread panics");
        }
    }
    let counter = counter.lock().expect("no thread panics");
    format!("{}\n", *counter)
}
