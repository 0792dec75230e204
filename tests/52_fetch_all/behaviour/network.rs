//! A real server, on the real clock: nothing here looks at it.

use super::outcome::{retrying, told};
use harness::{expect, expect_eq, fact, open_descriptors, unmet};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};
use std::time::Duration;
use subject::{Options, Tcp, fetch_all};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Barrier, Semaphore};

/// What the routes of the real server share.
struct Site {
    asked: AtomicUsize,
    /// Three answers for `/gate` at a time, and none before three are asked for.
    gate: Barrier,
    at_gate: AtomicUsize,
    most_at_gate: AtomicUsize,
    /// A permit for each request for `/hang`.
    hanging: Semaphore,
    /// A permit for each connection that has ended, whoever ended it.
    ended: Semaphore,
}

/// A body that comes byte by byte. It says beforehand how long it will be.
struct Trickle {
    bytes: VecDeque<u8>,
    is_turn: bool,
}

impl hyper::body::Body for Trickle {
    type Data = hyper::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        self.is_turn = !self.is_turn;
        if !self.is_turn {
            // hyper sends what it has.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let byte = self.bytes.pop_front();
        Poll::Ready(byte.map(|byte| Ok(hyper::body::Frame::data(Self::Data::copy_from_slice(&[byte])))))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        hyper::body::SizeHint::with_exact(self.bytes.len() as u64)
    }
}

impl Site {
    fn new() -> Arc<Site> {
        let (gate, hanging, ended) = (Barrier::new(3), Semaphore::new(0), Semaphore::new(0));
        let (asked, at_gate, most_at_gate) = Default::default();
        Arc::new(Site { asked, gate, at_gate, most_at_gate, hanging, ended })
    }

    async fn answer(
        self: Arc<Self>,
        request: hyper::Request<hyper::body::Incoming>,
    ) -> hyper::http::Result<hyper::Response<Trickle>> {
        let earlier = self.asked.fetch_add(1, SeqCst);
        let host = request.headers().get("host").and_then(|host| host.to_str().ok()).unwrap_or("no host");
        let (status, body) = match request.uri().path() {
            "/flaky" if earlier == 0 => (503, "later".to_owned()),
            "/flaky" | "/" => (200, format!("{} at {host}", request.uri())),
            "/long" => (200, "long ".repeat(1000)),
            "/gate" => {
                self.most_at_gate.fetch_max(self.at_gate.fetch_add(1, SeqCst) + 1, SeqCst);
                self.gate.wait().await;
                // Before the client can know.
                self.at_gate.fetch_sub(1, SeqCst);
                (200, "through".to_owned())
            }
            "/hang" => {
                self.hanging.add_permits(1);
                std::future::pending().await
            }
            _ => (404, "not here".to_owned()),
        };
        hyper::Response::builder().status(status).body(Trickle { bytes: body.into_bytes().into(), is_turn: false })
    }

    /// Serves connections, without end. A client may leave before its answer is complete: the others are served on.
    async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => accepted.expect("a connection can be accepted").0,
                Some(ended) = connections.join_next() => {
                    let _cut_off_or_not: hyper::Result<()> = ended.expect("the server does not panic");
                    self.ended.add_permits(1);
                    continue;
                }
            };
            let site = Arc::clone(&self);
            let service = hyper::service::service_fn(move |request| Arc::clone(&site).answer(request));
            let stream = hyper_util::rt::TokioIo::new(stream);
            connections.spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
        }
    }
}

/// Plays a story on the real clock, with a listener on a port of this machine.
fn on_the_network<R>(story: impl AsyncFnOnce(TcpListener, u16) -> R) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system has room for a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        story(listener, port).await
    })
}

/// No fact may fail because the machine is busy.
fn patient() -> Options {
    Options { timeout: Duration::MAX, backoff: Duration::from_millis(1), max_body: 5000, ..retrying(1) }
}

/// What the results from the real server are, in short.
fn told_by(paths: &[&str], port: u16, options: Options) -> impl Future<Output = Vec<String>> + Send + use<> {
    let urls = paths.iter().map(|path| format!("http://127.0.0.1:{port}{path}")).collect();
    async { fetch_all(Tcp, urls, options).await.iter().map(told).collect() }
}

/// A real server answers: at once, byte by byte, with an error, and at the second attempt.
///
/// Next: a real server is stricter than one in memory: look at the request, and at when you close the stream.
#[fact]
fn a_real_server_answers() {
    on_the_network(async |listener, port| {
        let site = Site::new();
        tokio::spawn(Arc::clone(&site).serve(listener));
        let results = told_by(&["/flaky?b#c"], port, patient()).await;
        let expected = format!("200 /flaky?b at 127.0.0.1:{port}");
        expect_eq!(results, [expected], "the result from a real server that is not available at first");
        let results = told_by(&["/?a", "/long", "/missing"], port, patient()).await;
        let expected = [&*format!("200 /?a at 127.0.0.1:{port}"), "200 with 5000 bytes", "Status(404)"];
        expect_eq!(results, expected, "the results from a real server");
        let results = told_by(&["/long"], port, Options { max_body: 4999, ..patient() }).await;
        expect_eq!(results, ["TooLarge"], "the result for a body of 5000 bytes from a real server, max_body 4999");
        expect_eq!(site.asked.load(SeqCst), 6, "the requests that it got");
    });
}

/// A real server sees `limit` requests at a time: it gets so many together, and never more.
///
/// Next: count attempts in flight, not attempts begun.
#[fact]
fn a_real_server_sees_the_limit() {
    on_the_network(async |listener, port| {
        let site = Site::new();
        tokio::spawn(Arc::clone(&site).serve(listener));
        let results = told_by(&["/gate"; 12], port, Options { limit: 3, ..patient() }).await;
        expect_eq!(results, ["200 through"; 12], "the results from a real server that waits until three have asked");
        expect_eq!(site.most_at_gate.load(SeqCst), 3, "the most requests that it had to answer at once, limit 3");
    });
}

/// A real connection that is refused is `Connect`, one that is reset is `Io`, and both are tried again.
///
/// Next: both are errors of the stream, not of the server's answer.
#[fact]
fn real_connections_are_refused_and_reset() {
    on_the_network(async |listener, port| {
        let server = tokio::spawn(async move {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().await.expect("a connection can be accepted");
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.expect("the client asks"));
                }
                // With no time to linger, closing is a reset.
                stream.set_zero_linger().expect("a socket has this option");
            }
        });
        let results = told_by(&["/"], port, patient()).await;
        expect_eq!(results, ["Io(ConnectionReset)"], "the result from a server that resets each of two connections");
        expect!(server.is_finished(), "what the server has seen, with one retry", "two connections", "fewer");
        // As long as the port is bound, nobody else on this machine can listen there.
        let socket = TcpSocket::new_v4().expect("there is a free descriptor");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("there is a free port");
        let port = socket.local_addr().expect("it is bound").port();
        let results = told_by(&["/"], port, patient()).await;
        expect_eq!(results, ["Connect(ConnectionRefused)"], "the result from a port on which nobody listens");
    });
}

/// When the future is dropped, a real server sees its connections closed.
///
/// Next: nothing may hold on to a stream but the future.
#[fact]
fn a_real_server_sees_that_the_future_is_dropped() {
    on_the_network(async |listener, port| {
        let site = Site::new();
        tokio::spawn(Arc::clone(&site).serve(listener));
        let before = open_descriptors();
        tokio::select! {
            results = told_by(&["/hang"; 4], port, patient()) => {
                unmet("fetch_all with a server that does not answer", "it waits", format!("{results:?}"))
            }
            permits = site.hanging.acquire_many(4) => permits.expect("nobody closes it").forget(),
        }
        site.ended.acquire_many(4).await.expect("nobody closes it").forget();
        expect!(
            open_descriptors() <= before,
            "descriptors, after fetch_all was dropped",
            "no more than before",
            "more"
        );
    });
}
