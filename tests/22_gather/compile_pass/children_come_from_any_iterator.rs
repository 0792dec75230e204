//! The children come from anything that can be iterated over; boxed ones may be of different types.
use std::pin::Pin;
use subject::{gather, gather_settled, try_gather};

async fn all() {
    let array: Vec<u8> = gather([std::future::ready(1), std::future::ready(2)]).await;
    let iterator: Vec<u8> = gather((0..3).map(|n| async move { n })).await;
    let option: Vec<u8> = gather(Some(std::future::ready(1))).await;
    let boxed: Vec<Pin<Box<dyn Future<Output = u8>>>> = vec![Box::pin(async { 1 }), Box::pin(std::future::ready(2))];
    let mixed: Vec<u8> = gather(boxed).await;
    let nested: Vec<Vec<u8>> = gather([gather([std::future::ready(1)]), gather([std::future::ready(2)])]).await;
    let fallible: Result<Vec<u8>, String> = try_gather(vec![std::future::ready(Ok(1))]).await;
    let settled: Vec<u8> = gather_settled(Some(async { 1 })).await.into_iter().flatten().collect();
    drop((array, iterator, option, mixed, nested, fallible, settled));
}

fn main() {
    drop(all());
}
