//! Awaiting a gather uses it up.
use subject::gather;

async fn twice() {
    let gathered = gather([std::future::ready(1)]);
    gathered.await;
    gathered.await; //~ E0382
}

fn main() {
    drop(twice());
}
