//! A connector that cannot be shared between threads is refused: fetches may run on several.
use std::cell::Cell;
use std::io;
use subject::{Connect, Options, fetch_all};
use tokio::io::{Empty, Join, Sink};

struct Counting(Cell<usize>);

impl Connect for Counting {
    type Stream = Join<Empty, Sink>;

    fn connect(&self, _host: &str, _port: u16) -> impl Future<Output = io::Result<Self::Stream>> + Send {
        self.0.set(self.0.get() + 1);
        std::future::ready(Ok(tokio::io::join(tokio::io::empty(), tokio::io::sink())))
    }
}

fn main() {
    let connector = Counting(Cell::new(0));
    drop(fetch_all(connector, Vec::new(), Options::default())); //~ E0277
}
