//! Handles can be sent to other threads and shared between them.
use subject::{Task, create_task};

fn is_send_and_sync(_: &(impl Send + Sync + 'static)) {}

fn use_of(task: Task<String>) {
    is_send_and_sync(&task);
    std::thread::scope(|scope| {
        scope.spawn(|| task.done());
        scope.spawn(|| task.result().map(String::len));
        scope.spawn(|| task.cancel());
    });
}

fn main() {
    let make = || create_task(async { String::from("output") });
    let task = None::<Task<String>>;
    task.map(|task| use_of([task, make()].into_iter().next().unwrap()));
}
