//! A `FetchError` is an error like any other, and can be boxed and sent.
use std::error::Error;
use subject::{FetchError, Options, Response, Tcp, fetch_all};

async fn all(urls: Vec<String>) -> Result<Vec<Response>, Box<dyn Error + Send + Sync>> {
    let results: Vec<Result<Response, FetchError>> = fetch_all(Tcp, urls, Options::default()).await;
    let mut responses = Vec::new();
    for result in results {
        responses.push(result?);
    }
    Ok(responses)
}

fn main() {
    drop(all(Vec::new()));
}
