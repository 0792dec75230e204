//! Sources of different types come as boxes, of futures of different types.
use std::future;
use std::pin::Pin;
use std::sync::Arc;
use subject::run;
type Answer = Pin<Box<dyn Future<Output = Option<i32>> + Send>>;
type Source = Box<dyn FnMut() -> Answer + Send>;
fn main() {
    let mut numbers = 0..3;
    let mut last = Some(7);
    let sources: Vec<Source> = vec![
        Box::new(move || Box::pin(future::ready(numbers.next()))),
        Box::new(move || {
            let item = last.take();
            Box::pin(async move { item })
        }),
    ];
    let work = |_: Arc<i32>| future::ready(Ok::<(), ()>(()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    println!("{:?}", runtime.block_on(run(sources, 2, 1, work)).unwrap().produced);
}
