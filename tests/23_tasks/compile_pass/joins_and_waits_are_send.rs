//! What `join` and `wait` return can be awaited in a task.
use std::time::Duration;
use subject::{ReturnWhen, Task, create_task, wait};

fn in_a_task(first: Task<String>, second: Task<String>) {
    let tasks = vec![first.clone(), second.clone()];
    create_task(wait(tasks, ReturnWhen::FirstCompleted, Some(Duration::from_secs(1))));
    create_task(async move { wait([second], ReturnWhen::FirstError, None).await.0.len() });
    create_task(async move { first.join().await.map_or(0, String::len) });
}

fn main() {
    let none: Option<(Task<String>, Task<String>)> = None;
    none.map(|(first, second)| in_a_task(first, second));
}
