//! `TaskError` can be boxed, sent, cloned, compared and shown; `ReturnWhen` can be copied.
use std::error::Error;
use subject::{ReturnWhen, Task, TaskError};

fn length(task: &Task<String>) -> Result<usize, Box<dyn Error + Send + Sync>> {
    let error = task.result().err();
    println!("{:?} {}", error.clone(), error == Some(TaskError::Panicked(String::new())));
    if let Some(TaskError::NotDone | TaskError::Cancelled) = error {
        return Ok(0);
    }
    Ok(task.result()?.len())
}

fn main() {
    let mode = ReturnWhen::FirstError;
    let modes = [mode, mode, ReturnWhen::FirstCompleted, ReturnWhen::AllCompleted];
    println!("{modes:?} {} {}", modes[0] == mode, None::<Task<String>>.map_or(0, |task| length(&task).unwrap_or(0)));
}
