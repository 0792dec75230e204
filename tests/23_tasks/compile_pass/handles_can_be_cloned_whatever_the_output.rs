//! Handles can be cloned, whatever the output is.
use std::marker::PhantomPinned;
use subject::{Task, create_task};

struct Plain(#[expect(dead_code, reason = "what it is does not matter")] PhantomPinned);

fn clone_of(task: &Task<Plain>) -> Task<Plain> {
    task.clone()
}

fn main() {
    let make = || create_task(async { Plain(PhantomPinned) });
    let tasks: Option<[Task<Plain>; 2]> = None;
    drop(tasks.map(|[task, other]| [clone_of(&task), other, make()]));
}
