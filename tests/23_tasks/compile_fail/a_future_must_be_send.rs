//! A task may run on any of the runtime's threads: its future must be `Send`.
use std::pin::Pin;
use subject::create_task;

fn main() {
    let future: Pin<Box<dyn Future<Output = i32>>> = Box::pin(async { 7 });
    create_task(future); //~ E0277
}
