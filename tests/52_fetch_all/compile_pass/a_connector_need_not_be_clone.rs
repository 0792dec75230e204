//! A connector need not be `Clone` or `Debug`, nor its streams `Sync`.
use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use subject::{Connect, Options, fetch_all};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

struct Hosts {
    _names: Vec<String>,
}

struct Stream {
    _reads: Cell<usize>,
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connect for Hosts {
    type Stream = Stream;

    async fn connect(&self, _host: &str, _port: u16) -> io::Result<Stream> {
        Ok(Stream { _reads: Cell::new(0) })
    }
}

fn main() {
    drop(fetch_all(Hosts { _names: Vec::new() }, Vec::new(), Options::default()));
}
