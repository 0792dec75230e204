//! A task may outlive the function that started it: its future cannot borrow from there.
use subject::create_task;

fn main() {
    let text = String::from("short-lived");
    let borrowed = &text; //~ E0597
    create_task(std::future::ready(borrowed));
}
