//! Whatever implements `Stream` can be asked, collected and filtered.
use std::pin::Pin;
use std::task::{Context, Poll};
use subject::{Stream, Yielder, collect, filter_map, generator, next};

struct Once(Option<u8>);

impl Stream for Once {
    type Item = u8;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(self.0.take())
    }
}

fn numbers(body: impl AsyncFnOnce(&mut Yielder<u8>)) -> impl Stream<Item = u8> + Unpin {
    filter_map(generator(body), async |n| Some(n))
}

async fn all() {
    let mut once = Once(Some(1));
    let _: Option<u8> = next(&mut once).await;
    let texts: Vec<String> = collect(filter_map(once, async |n: u8| Some(n.to_string()))).await;
    drop((texts, collect(numbers(async |_| ())).await));
}

fn main() {
    drop(all());
}
