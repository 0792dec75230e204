//! The future of `fetch_all` is `Send`: it can be spawned, on a runtime of several threads, too.
use std::io;
use subject::{Connect, Options, Tcp, fetch_all};
use tokio::io::{Empty, Join, Sink};

struct Nothing;

impl Connect for Nothing {
    type Stream = Join<Empty, Sink>;

    async fn connect(&self, _host: &str, _port: u16) -> io::Result<Self::Stream> {
        Ok(tokio::io::join(tokio::io::empty(), tokio::io::sink()))
    }
}

fn is_send(_: impl Send + 'static) {}

fn main() {
    is_send(fetch_all(Nothing, Vec::new(), Options::default()));
    is_send(fetch_all(Tcp, Vec::new(), Options::default()));
}
