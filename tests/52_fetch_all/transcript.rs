//! The article's ten pages, three at once; then what its snippet has no answer to. The server is in memory, on tokio's
//! paused clock.

use harness::paused_clock;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use subject::{Connect, FetchError, Options, fetch_all};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

/// The server. It counts how often it is asked for each path, and how many connections there are.
#[derive(Clone, Default)]
struct Site(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    asked: HashMap<String, usize>,
    attempts: usize,
    in_flight: usize,
    most: usize,
}

impl Site {
    async fn answer(self, mut stream: DuplexStream) -> io::Result<()> {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await?);
        }
        let request = String::from_utf8_lossy(&request);
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let asked = {
            let mut counts = self.0.lock().unwrap();
            let asked = counts.asked.entry(path.clone()).or_default();
            *asked += 1;
            *asked
        };
        let (mut status, mut body) = (200, format!("this is {path}"));
        match &*path {
            "/busy" if asked < 3 => (status, body) = (503, "later".into()),
            "/missing" => (status, body) = (404, "not here".into()),
            "/silent" => std::future::pending().await,
            "/broken" => return Ok(()),
            _ if path.starts_with("/page") => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => {}
        }
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await
    }
}

/// The client's end. The count goes down when it is dropped.
struct End {
    stream: DuplexStream,
    site: Site,
}

impl Connect for Site {
    type Stream = End;

    async fn connect(&self, _host: &str, _port: u16) -> io::Result<End> {
        let mut counts = self.0.lock().unwrap();
        counts.attempts += 1;
        counts.in_flight += 1;
        counts.most = counts.most.max(counts.in_flight);
        let (ours, theirs) = tokio::io::duplex(1024);
        tokio::spawn(self.clone().answer(theirs));
        Ok(End { stream: ours, site: self.clone() })
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.site.0.lock().unwrap().in_flight -= 1;
    }
}

impl AsyncRead for End {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl AsyncWrite for End {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

async fn show(text: &mut String, title: &str, paths: &[&str], options: Options) {
    let site = Site::default();
    let urls = paths.iter().map(|path| format!("http://127.0.0.1{path}")).collect();
    let results = fetch_all(site.clone(), urls, options).await;
    writeln!(text, "{title}").expect("a string takes everything");
    for (path, result) in paths.iter().zip(results) {
        let result = match result {
            Ok(response) => String::from_utf8_lossy(&response.body).into_owned(),
            Err(FetchError::Status(status)) => format!("status {status}"),
            Err(FetchError::Timeout) => "it took too long".into(),
            Err(FetchError::Connect(_) | FetchError::Io(_)) => "the connection broke".into(),
            Err(error) => error.to_string(),
        };
        writeln!(text, "  {path}: {result}").expect("a string takes everything");
    }
    let counts = site.0.lock().unwrap();
    writeln!(text, "  {} attempts, at most {} at once", counts.attempts, counts.most)
        .expect("a string takes everything");
}

/// Every page comes, in order; every failure is told where it belongs, and what may pass is tried again.
#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    let options = |limit, retries| Options { limit, retries, ..Options::default() };
    paused_clock!().block_on(async {
        let pages =
            ["/page0", "/page1", "/page2", "/page3", "/page4", "/page5", "/page6", "/page7", "/page8", "/page9"];
        show(&mut text, "ten pages, three at once", &pages, options(3, 0)).await;
        show(&mut text, "two of four fail", &["/a", "/missing", "/broken", "/b"], options(1, 0)).await;
        show(&mut text, "with two retries", &["/missing", "/busy", "/broken"], options(1, 2)).await;
        show(&mut text, "a server that says nothing, one retry", &["/silent"], options(10, 1)).await;
    });
    text
}
