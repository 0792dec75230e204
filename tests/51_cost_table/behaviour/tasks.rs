//! The contender of tasks: what it creates, and what is left of it.

use super::places::{noting, used};
use harness::{expect, expect_eq, fact, open_descriptors, threads_alive};
use std::sync::Arc;
use subject::{Contender, Tasks};

/// `create` is one new task of a current-thread runtime, which does the work once, on the thread that called `create`.
///
/// Next: make the runtime in `new`; `block_on` a `spawn`ed task.
#[fact(negated)]
fn a_created_task_is_a_task_of_its_own() {
    let (places, work) = noting();
    let before = threads_alive();
    let mut tasks = Tasks::new(work).expect("there is room for a runtime");
    let (created, partner) = used(&mut tasks, &places);
    expect_eq!(threads_alive(), before, "threads, while there is a runtime");
    let me = std::thread::current().id();
    let all = || created.iter().chain([&partner]);
    expect!(all().all(|place| place.thread == me), "the threads of tasks", "the caller's", format!("{created:?}"));
    let mut ids: Vec<_> = all().filter_map(|place| place.task).collect();
    ids.sort_unstable_by_key(|id| id.to_string());
    ids.dedup();
    expect_eq!(ids.len(), 6, "how many different tasks did the work of 5 creations and of their partner");
    let one = all().all(|place| place.runtime.is_some() && place.runtime == partner.runtime);
    expect!(one, "the runtimes of the tasks", "one runtime for all", format!("{created:?}"));
}

/// When `Tasks` is dropped, its partner and its runtime are gone, and nothing keeps the work.
///
/// Next: a runtime that is dropped drops its tasks.
#[fact]
fn dropped_tasks_leave_nothing_behind() {
    let before = (threads_alive(), open_descriptors());
    let kept = Arc::new(());
    let theirs = Arc::clone(&kept);
    let mut tasks = Tasks::new(move || assert_eq!(*theirs, ())).expect("there is room for a runtime");
    tasks.create().expect("a task can be spawned");
    tasks.round_trip().expect("the partner answers");
    drop(tasks);
    expect_eq!(Arc::strong_count(&kept), 1, "owners of what the work holds, after the drop of Tasks");
    expect_eq!((threads_alive(), open_descriptors()), before, "threads and descriptors after the drop of Tasks");
}
