//! The output belongs to the task: a result cannot be kept longer than the handle that it was borrowed from.
use subject::create_task;

fn main() {
    let task = create_task(async { String::from("output") });
    let result = task.result();
    drop(task); //~ E0505
    println!("{result:?}");
}
