//! `result` lends the output out: it cannot be moved out of the task.
use subject::create_task;

fn main() {
    let task = create_task(async { String::from("output") });
    let output: String = *task.result().unwrap(); //~ E0507
    println!("{output}");
}
