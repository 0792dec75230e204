//! Futures need not be `Unpin`, nor `Sync`, nor `UnwindSafe`; outputs need not be `Clone`, `Debug` or `Default`.
use std::cell::Cell;
use std::marker::PhantomPinned;
use std::sync::{Arc, Mutex};
use subject::{Task, TaskError, create_task};

struct Plain(#[expect(dead_code, reason = "what it is does not matter")] PhantomPinned);

fn make(shared: Arc<Mutex<Vec<u8>>>) -> Task<Plain> {
    let count = Cell::new(0);
    create_task(async move {
        let pinned = PhantomPinned;
        std::future::ready(()).await;
        count.set(count.get() + 1);
        shared.lock().unwrap().push(count.get());
        Plain(pinned)
    })
}

async fn all() -> Result<(), TaskError> {
    let task = make(Arc::default());
    let _: &Plain = task.join().await?;
    let _: &Plain = task.result()?;
    Ok(())
}

fn main() {
    drop(all());
}
