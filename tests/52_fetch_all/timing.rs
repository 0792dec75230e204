//! What a fetch costs beside waiting: tasks, permits, and looking at bytes.

use harness::workload;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use subject::{Connect, Options, fetch_all};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Every connection brings the same response, a kilobyte at a time.
struct Pieces(Arc<[u8]>);

struct Stream {
    bytes: Arc<[u8]>,
    at: usize,
    is_turn: bool,
}

impl Connect for Pieces {
    type Stream = Stream;

    async fn connect(&self, _host: &str, _port: u16) -> io::Result<Stream> {
        Ok(Stream { bytes: Arc::clone(&self.0), at: 0, is_turn: true })
    }
}

impl AsyncRead for Stream {
    /// Each second time nothing is there yet.
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.at.is_multiple_of(1024) {
            self.is_turn = !self.is_turn;
            if !self.is_turn {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let until_pause = 1024 - self.at % 1024;
        let count = buffer.remaining().min(self.bytes.len() - self.at).min(until_pause);
        buffer.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
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

/// 200 fetches, 20 at a time, of 16 KiB each.
#[workload(cpu)]
fn two_hundred_fetches(n: u64) -> u64 {
    let body: Vec<u8> = (0..16 * 1024_u32).map(|index| (index * 31 % 251) as u8).collect();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n", body.len());
    let response: Arc<[u8]> = [head.as_bytes(), &body].concat().into();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("the system has room for a runtime");
    let mut sum = 0_u64;
    for _ in 0..n {
        let urls = (0..200).map(|number| format!("http://host/{number}")).collect();
        let options = Options { limit: 20, ..Options::default() };
        for result in runtime.block_on(fetch_all(Pieces(Arc::clone(&response)), urls, options)) {
            let body = result.map(|response| response.body).unwrap_or_default();
            sum = body.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
        }
    }
    sum
}
