//! If the children and their outputs can be sent to another thread, so can the gather.
use subject::{gather, gather_settled, try_gather};

fn is_send(_: impl Send) {}

async fn child(n: u32) -> u32 {
    std::future::ready(()).await;
    n
}

fn main() {
    is_send(gather([child(1), child(2)]));
    is_send(try_gather([1, 2].map(|n| async move { Ok::<_, String>(child(n).await) })));
    is_send(gather_settled(vec![child(1), child(2)]));
}
