//! A connector must own what it needs: what borrows from the caller's stack is refused, so that tasks can be made of fetches.
use std::io;
use subject::{Connect, Options, fetch_all};
use tokio::io::{Empty, Join, Sink};

struct Borrowing<'a>(&'a [String]);

impl Connect for Borrowing<'_> {
    type Stream = Join<Empty, Sink>;

    async fn connect(&self, _host: &str, _port: u16) -> io::Result<Self::Stream> {
        let _ = self.0;
        Ok(tokio::io::join(tokio::io::empty(), tokio::io::sink()))
    }
}

fn main() {
    let names = vec![String::from("host")];
    let connector = Borrowing(&names); //~ E0597
    drop(fetch_all(connector, Vec::new(), Options::default()));
}
