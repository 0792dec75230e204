//! The future of a run is `Send`: it can be a task of its own.
use std::future;
use std::sync::Arc;
use subject::run;
async fn main_task() {
    let mut numbers = 0..3;
    let source = move || future::ready(numbers.next());
    let work = |_: Arc<i32>| async { Ok::<(), String>(()) };
    tokio::spawn(run(vec![source], 2, 1, work)).await.unwrap().unwrap();
}
fn main() {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(main_task());
}
