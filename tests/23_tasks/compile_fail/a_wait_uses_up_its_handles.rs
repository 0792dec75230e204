//! `wait` takes the handles, and gives them back sorted: whoever wants to keep one clones it.
use subject::{ReturnWhen, create_task, wait};

async fn main_task() {
    let task = create_task(async { 7 });
    let (done, pending) = wait([task], ReturnWhen::AllCompleted, None).await;
    drop((done, pending));
    drop(task); //~ E0382
}

fn main() {
    drop(main_task());
}
