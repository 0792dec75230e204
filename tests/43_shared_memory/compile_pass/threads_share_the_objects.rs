//! Threads share a value and an array, also for as long as the program runs, and errors go where errors go.
use std::sync::Arc;
use subject::{SharedArray, SharedValue, TryLockError};

struct Worker {
    total: Arc<SharedValue>,
    numbers: SharedArray,
}

fn work(worker: Worker) -> i64 {
    let sum: i32 = match worker.numbers.try_lock() {
        Ok(guard) => guard.iter().sum(),
        Err(TryLockError::WouldBlock) => 0,
        Err(TryLockError::OwnerDied(died)) => died.recover().iter().sum(),
    };
    worker.total.fetch_add(i64::from(sum))
}

fn main() -> std::io::Result<()> {
    let total = Arc::new(SharedValue::new(0)?);
    let numbers = SharedArray::new(&[1, 2, 3])?;
    std::thread::scope(|scope| {
        scope.spawn(|| total.lock().unwrap_or_else(|died| died.recover()).set(1));
        scope.spawn(|| numbers.lock().unwrap().fill(0));
    });
    let worker = Worker { total: Arc::clone(&total), numbers };
    std::thread::spawn(move || work(worker)).join().unwrap();
    let text = total.try_lock().map(|guard| guard.get()).map_err(|error| error.to_string());
    println!("{text:?} {:?}", total.lock().unwrap().get());
    Ok(())
}
