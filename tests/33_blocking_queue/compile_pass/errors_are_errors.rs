//! The results are of the types that the brief names, and the errors are errors like others.
use std::error::Error;
use std::time::Duration;
use subject::{GetError, PutError, Queue, TaskDoneError};
fn main() -> Result<(), Box<dyn Error>> {
    let queue: Queue<u8> = Queue::bounded(3);
    queue.put(1)?;
    let result: Result<(), PutError<u8>> = queue.try_put(2);
    result?;
    let result: Result<(), PutError<u8>> = queue.put_timeout(3, Duration::ZERO);
    result?;
    let item: Result<u8, GetError> = queue.get();
    let next: Result<u8, GetError> = queue.try_get();
    let last: Result<u8, GetError> = queue.get_timeout(Duration::ZERO);
    let done: Result<(), TaskDoneError> = queue.task_done();
    done?;
    queue.shutdown(true);
    queue.task_done().and(queue.task_done())?;
    queue.join();
    let seen: (usize, bool, bool) = (queue.len(), queue.is_empty(), queue.is_full());
    println!("{} {seen:?}", item? + next? + last?);
    Ok(())
}
