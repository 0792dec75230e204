//! Children need not be `Unpin`, and neither need their outputs.
use std::marker::PhantomPinned;
use subject::{gather, gather_settled, try_gather};

async fn child() -> (String, PhantomPinned) {
    let text = String::from("borrowed across an await");
    let borrowed = &text;
    std::future::ready(()).await;
    (borrowed.clone(), PhantomPinned)
}

async fn all() {
    let _ = gather([child()]).await;
    let _ = gather_settled([child()]).await;
    let _ = try_gather([async { Ok::<_, PhantomPinned>(child().await) }]).await;
}

fn main() {
    drop(all());
}
