//! Threads share a pool, whose start counts without being Sync; a pool moves to another thread.
use std::cell::Cell;
use std::os::unix::net::UnixStream;
use subject::{Pool, Worker, WorkerError, serve};

fn main() {
    let started = Cell::new(0);
    let pool = Pool::new(2, move || {
        started.set(started.get() + 1);
        let (stream, theirs) = UnixStream::pair()?;
        std::thread::spawn(move || serve(theirs, |input| input));
        Ok(Worker { stream, process: None })
    });
    let pool = pool.unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| pool.map(vec![vec![1]]));
        scope.spawn(|| pool.close());
        scope.spawn(|| pool.terminate());
    });
    std::thread::spawn(move || pool.join()).join().unwrap();
}

const _: fn(WorkerError) -> Box<dyn std::error::Error + Send + Sync> = |error| Box::new(error);
