//! A failure is an error like others, with a source.
use std::error::Error;
use std::fmt;
use std::future;
use std::sync::Arc;
use subject::{Summary, run};
async fn summary() -> Result<Summary, Box<dyn Error>> {
    let mut numbers = 0..3;
    let source = move || future::ready(numbers.next());
    Ok(run(vec![source], 1, 1, |_: Arc<i32>| future::ready(Err(fmt::Error))).await?)
}
fn main() {
    let result = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(summary());
    println!("{:?}", result.unwrap_err().source().is_some());
}
