//! The children of `try_gather` must return a `Result`.
use subject::try_gather;

async fn all() -> Result<Vec<u8>, String> {
    let children = [std::future::ready(1_u8), std::future::ready(2_u8)];
    try_gather(children).await //~ E0271
}

fn main() {
    drop(all());
}
