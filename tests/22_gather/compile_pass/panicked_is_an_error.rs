//! `Panicked` is an error type like any other: it can be boxed, sent, cloned, compared and shown.
use std::error::Error;
use subject::{Panicked, gather_settled};

async fn all() -> Result<u8, Box<dyn Error + Send + Sync>> {
    let results: Vec<Result<u8, Panicked>> = gather_settled([std::future::ready(1)]).await;
    assert_eq!(results.clone(), results);
    let message: Option<&str> = results[0].as_ref().err().and_then(Panicked::message);
    println!("{message:?} {results:?}");
    let mut sum = 0;
    for result in results {
        sum += result?;
    }
    Ok(sum)
}

fn main() {
    drop(all());
}
