//! The output of `gather` is a vector of what its children return, and of nothing else.
use subject::gather;

async fn names() -> Vec<String> {
    let lengths = gather([std::future::ready(4), std::future::ready(5)]).await;
    lengths //~ E0308
}

fn main() {
    drop(names());
}
