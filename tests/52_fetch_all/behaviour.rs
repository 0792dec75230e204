//! What `fetch_all` promises, fact by fact. Most facts play on tokio's paused clock, with servers in memory that keep to a
//! script: there a millisecond is exact and costs nothing. The last ones talk to a real server, and look at no clock.

use harness::{expect, expect_eq, fact, open_descriptors, unmet};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use subject::{Connect, FetchError, MAX_HEAD, Options, Response, Tcp, fetch_all};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Barrier, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Longer than anything that does what it should.
const LONG: Duration = Duration::from_secs(1_000_000);

/// What a server in memory does, one step after the other. At the end of the script the stream ends.
#[derive(Clone)]
enum Step {
    /// So many milliseconds pass.
    Pause(u64),
    /// `connect` returns. What stands before it happens to `connect`, what stands behind it happens to the stream.
    Accept,
    /// Bytes come, so many at a time, once the request has.
    Bytes(Vec<u8>, usize),
    /// The same bytes come again and again.
    Endless(&'static str),
    Hang,
    Fail(ErrorKind),
    /// Whoever writes is told so.
    RefuseWrites(ErrorKind),
}
use Step::{Accept, Bytes, Endless, Fail, Hang, Pause, RefuseWrites};

/// As a learner reads it, shortened.
impl fmt::Debug for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pause(milliseconds) => write!(formatter, "a pause of {milliseconds} ms"),
            Accept => formatter.write_str("connected"),
            Bytes(bytes, _) => write!(formatter, "sends {:.60}", shown(bytes)),
            Endless(pattern) => write!(formatter, "sends {pattern:?} without end"),
            Hang => formatter.write_str("silence"),
            Fail(kind) => write!(formatter, "fails with {kind:?}"),
            RefuseWrites(kind) => write!(formatter, "writes fail with {kind:?}"),
        }
    }
}

/// Text that comes all at once.
fn text(text: &str) -> Step {
    Bytes(text.as_bytes().to_vec(), usize::MAX)
}

/// A whole response.
fn response(status: u16, body: &str) -> Step {
    text(&format!("HTTP/1.1 {status} Such\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

/// A whole success, so many milliseconds after the call of `connect`.
fn after(milliseconds: u64) -> Vec<Step> {
    vec![Accept, Pause(milliseconds), response(200, "ok")]
}

/// Hosts by name, each with a script for each attempt.
#[derive(Clone)]
struct Net(Arc<Hosts>);

/// What happens at this host, at this attempt, counted from 0.
type Script = dyn Fn(&str, usize) -> Vec<Step> + Send + Sync;

struct Hosts {
    script: Box<Script>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    calls: Vec<Call>,
    in_flight: usize,
    most: usize,
    begun: Option<Instant>,
}

/// What became of a call of `connect`. Times are milliseconds since the first poll of the story.
#[derive(Clone, Default)]
struct Call {
    host: String,
    port: u16,
    began: u64,
    ended: Option<u64>,
    request: Vec<u8>,
    /// How many bytes were read.
    read: usize,
}

impl Net {
    fn new(script: impl Fn(&str, usize) -> Vec<Step> + Send + Sync + 'static) -> Net {
        Net(Arc::new(Hosts { script: Box::new(script), log: Mutex::default() }))
    }

    /// All hosts, and all attempts, have the same script.
    fn all(steps: Vec<Step>) -> Net {
        Net::new(move |_, _| steps.clone())
    }

    fn log<R>(&self, look: impl FnOnce(&mut Log) -> R) -> R {
        look(&mut self.0.log.lock().unwrap())
    }

    fn calls(&self) -> Vec<Call> {
        self.log(|log| log.calls.clone())
    }

    /// When the attempts for this host began and ended.
    fn flights(&self, host: &str) -> Vec<(u64, u64)> {
        let calls = self.calls().into_iter().filter(|call| call.host == host);
        calls.map(|call| (call.began, call.ended.unwrap_or(u64::MAX))).collect()
    }

    fn in_flight(&self) -> usize {
        self.log(|log| log.in_flight)
    }
}

/// As long as it lives, an attempt is in flight.
struct Flight {
    net: Net,
    index: usize,
}

impl Log {
    fn now(&mut self) -> u64 {
        self.begun.get_or_insert_with(Instant::now).elapsed().as_millis() as u64
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.net.log(|log| {
            log.in_flight -= 1;
            log.calls[self.index].ended = Some(log.now());
        });
    }
}

impl Connect for Net {
    type Stream = Scripted;

    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Scripted>> + Send {
        let (index, attempt) = self.log(|log| {
            log.in_flight += 1;
            log.most = log.most.max(log.in_flight);
            let attempt = log.calls.iter().filter(|call| call.host == host).count();
            let began = log.now();
            log.calls.push(Call { host: host.to_owned(), port, began, ..Call::default() });
            (log.calls.len() - 1, attempt)
        });
        let flight = Flight { net: self.clone(), index };
        let mut steps = VecDeque::from((self.0.script)(host, attempt));
        async move {
            loop {
                match steps.pop_front() {
                    Some(Pause(milliseconds)) => sleep(Duration::from_millis(milliseconds)).await,
                    Some(Fail(kind)) => return Err(kind.into()),
                    Some(Hang) => std::future::pending().await,
                    _ => break,
                }
            }
            let unflushed = Vec::new();
            Ok(Scripted { flight, steps, pause: None, unflushed, reader: Waker::noop().clone(), is_asked: false })
        }
    }
}

/// The client's end of a connection with a server in memory. It answers when it has been asked: when a whole request has
/// been written, which it takes seven bytes at a time, and flushed.
struct Scripted {
    flight: Flight,
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    unflushed: Vec<u8>,
    reader: Waker,
    is_asked: bool,
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reader.clone_from(context.waker());
        if !self.is_asked {
            return Poll::Pending;
        }
        let this = &mut *self;
        let before = buffer.filled().len();
        while let Some(step) = this.steps.front_mut() {
            match step {
                Pause(milliseconds) => {
                    let pause = Duration::from_millis(*milliseconds);
                    ready!(this.pause.get_or_insert_with(|| Box::pin(sleep(pause))).as_mut().poll(context));
                    this.pause = None;
                }
                Bytes(bytes, piece) if !bytes.is_empty() => {
                    let count = buffer.remaining().min(bytes.len()).min(*piece);
                    buffer.put_slice(&bytes[..count]);
                    bytes.drain(..count);
                    break;
                }
                Endless(pattern) => {
                    while buffer.remaining() > 0 {
                        buffer.put_slice(&pattern.as_bytes()[..pattern.len().min(buffer.remaining())]);
                    }
                    break;
                }
                Fail(kind) => return Poll::Ready(Err((*kind).into())),
                Hang => return Poll::Pending,
                Accept | Bytes(..) | RefuseWrites(_) => {}
            }
            this.steps.pop_front();
        }
        let count = buffer.filled().len() - before;
        this.flight.net.log(|log| log.calls[this.flight.index].read += count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(RefuseWrites(kind)) = self.steps.front() {
            return Poll::Ready(Err((*kind).into()));
        }
        let count = bytes.len().min(7);
        self.unflushed.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = std::mem::take(&mut self.unflushed);
        let index = self.flight.index;
        self.is_asked = self.flight.net.log(|log| {
            log.calls[index].request.extend_from_slice(&written);
            log.calls[index].request.windows(4).any(|window| window == b"\r\n\r\n")
        });
        self.reader.wake_by_ref();
        Poll::Ready(Ok(()))
    }

    /// A client that shuts down its half has lost interest, a server thinks.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.steps.is_empty() {
            self.steps = VecDeque::from([Fail(ErrorKind::ConnectionReset)]);
        }
        self.poll_flush(context)
    }
}

/// Plays a story on a runtime with a paused clock.
fn on_paused_clock<R>(story: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("the system has room for a runtime").block_on(story)
}

/// No retries, room for everybody, bodies of 1000 bytes.
fn options() -> Options {
    Options {
        limit: 100,
        timeout: Duration::from_secs(10),
        retries: 0,
        backoff: Duration::from_millis(100),
        max_body: 1000,
    }
}

fn retrying(retries: u32) -> Options {
    Options { retries, ..options() }
}

/// What the results are, in short, and how many milliseconds it took.
fn fetched(net: &Net, urls: &[&str], options: Options) -> (Vec<String>, u64) {
    let urls: Vec<String> = urls.iter().copied().map(String::from).collect();
    on_paused_clock(async {
        let begun = net.log(|log| *log.begun.insert(Instant::now()));
        match timeout(LONG, fetch_all(net.clone(), urls, options)).await {
            Ok(results) => (results.iter().map(told).collect(), begun.elapsed().as_millis() as u64),
            Err(_) => unmet("fetch_all, when no server holds it up any more", "it returns", "it waits for ever"),
        }
    })
}

fn told(result: &Result<Response, FetchError>) -> String {
    match result {
        Ok(Response { status, body }) if body.len() > 60 => format!("{status} with {} bytes", body.len()),
        Ok(Response { status, body }) => format!("{status} {}", String::from_utf8_lossy(body)),
        Err(FetchError::Connect(error)) => format!("Connect({:?})", error.kind()),
        Err(FetchError::Io(error)) => format!("Io({:?})", error.kind()),
        Err(error) => format!("{error:?}"),
    }
}

/// What becomes of one URL whose server has this script, without retries.
fn fate(steps: Vec<Step>) -> String {
    fetched(&Net::all(steps), &["http://host/"], options()).0.concat()
}

/// What becomes of one URL whose server sends this, and then says no more.
fn fate_of(bytes: &[u8]) -> String {
    fate(vec![Accept, Bytes(bytes.to_vec(), usize::MAX), Hang])
}

fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

// Side by side.

/// Results come in the order of the URLs, whoever answers first; all of them are fetched at the same time.
///
/// Next: remember for each fetch where its result belongs.
#[fact]
fn results_come_in_the_order_of_the_urls() {
    let net = Net::new(|host, _| {
        let pause = if host == "slow" { 300 } else { 100 };
        vec![Pause(pause), Accept, response(200, host)]
    });
    let (results, took) = fetched(&net, &["http://slow", "http://b", "http://c", "http://slow", "ftp://d"], options());
    expect_eq!(results, ["200 slow", "200 b", "200 c", "200 slow", "BadUrl"], "the results, in short");
    expect_eq!(took, 300, "the milliseconds that it took, with waits of 300, 100, 100 and 300 ms");
    let (results, took) = fetched(&net, &[], options());
    expect_eq!((results.len(), took), (0, 0), "the number of results without URLs, and the milliseconds that it took");
}

/// At most `limit` attempts are in flight at once, and that many are.
///
/// Next: an attempt needs a permit from before its connect until its stream is dropped.
#[fact]
fn at_most_limit_attempts_are_in_flight() {
    for limit in [1, 2, 3, 10, 11, usize::MAX] {
        let net = Net::all(vec![Pause(50), Accept, Pause(50), response(200, "ok")]);
        let (results, took) = fetched(&net, &["http://host/"; 10], Options { limit, ..options() });
        expect_eq!(results, ["200 ok"; 10], format!("the results with limit {limit}"));
        let most = net.log(|log| log.most);
        expect_eq!(most, limit.min(10), format!("the most attempts in flight at once, with 10 URLs and limit {limit}"));
        let rounds = 10_usize.div_ceil(limit) as u64;
        expect_eq!(took, rounds * 100, format!("the milliseconds for 10 URLs of 100 ms each with limit {limit}"));
    }
}

/// As soon as one attempt is over the next one begins: slow ones hold up no others.
///
/// Next: do not wait for a whole batch; each attempt that ends makes room for one more.
#[fact]
fn a_place_that_becomes_free_is_taken_at_once() {
    let net = Net::new(|host, _| after(host.parse().unwrap_or(0)));
    let urls = ["300", "100", "100", "700", "200", "100", "500", "100", "100"].map(|host| format!("http://{host}"));
    fetched(&net, &urls.each_ref().map(String::as_str), Options { limit: 3, ..options() });
    let calls = net.calls();
    let last = calls.iter().map(|call| call.began).max().unwrap_or(0);
    // Until the last attempt began there was always one that could begin.
    let busy: u64 = calls.iter().map(|call| call.ended.unwrap_or(0).min(last) - call.began).sum();
    let about = "milliseconds that three places were in use, up to the last call of connect";
    expect_eq!((calls.len(), busy), (9, 3 * last), format!("the calls of connect, and the {about}"));
}

/// Each URL has its own result: a failure does not touch the others.
///
/// Next: keep the error of each as its result; `?` on the whole is too much.
#[fact]
fn each_url_has_its_own_error() {
    let net = Net::new(|host, _| match host {
        "refused" => vec![Fail(ErrorKind::ConnectionRefused)],
        "reset" => vec![Accept, text("HTTP/1.1 200 OK\r\n"), Fail(ErrorKind::ConnectionReset)],
        "deaf" => vec![Accept, RefuseWrites(ErrorKind::BrokenPipe)],
        "silent" => vec![Accept, Hang],
        "missing" => vec![Accept, response(404, "no")],
        "strange" => vec![Accept, text("220 mail.example ESMTP\r\n\r\n")],
        "huge" => vec![Accept, response(200, &"x".repeat(1001))],
        _ => after(500),
    });
    let hosts = ["a", "refused", "reset", "deaf", "silent", "missing", "strange", "huge", "b"];
    let urls = hosts.map(|host| format!("http://{host}/"));
    let (results, took) = fetched(&net, &urls.each_ref().map(String::as_str), options());
    let expected = "200 ok, Connect(ConnectionRefused), Io(ConnectionReset), Io(BrokenPipe), Timeout, Status(404), \
        BadResponse, TooLarge, 200 ok";
    expect_eq!(results.join(", "), expected, format!("the results for {hosts:?}"));
    expect_eq!(took, 10_000, "the milliseconds that it took, with a silent host and a timeout of 10 s");
}

/// A limit of 0 panics before anything is tried, even without URLs.
///
/// Next: an `assert!` at the beginning.
#[fact(panics)]
fn a_limit_of_zero_panics() {
    for urls in [vec![], vec!["http://host/".to_owned()]] {
        let net = Net::all(after(0));
        let (theirs, count) = (net.clone(), urls.len());
        let run =
            async { tokio::spawn(timeout(LONG, fetch_all(theirs, urls, Options { limit: 0, ..options() }))).await };
        let panics = on_paused_clock(run).is_err_and(|error| error.is_panic());
        expect!(panics, format!("fetch_all with limit 0 and {count} URLs"), "it panics", "it does not");
        expect_eq!(net.calls().len(), 0, "the calls of connect with limit 0");
    }
}

/// What is given is as it was: the options' defaults, and what the errors say.
///
/// Next: only `fetch_all` is yours to write, with whatever private functions it needs.
#[fact]
fn what_is_given_stays_as_it_is() {
    let defaults = Options { limit: 10, retries: 2, max_body: 1 << 20, ..options() };
    expect_eq!(Options::default(), defaults, "the default options");
    expect_eq!(MAX_HEAD, 16_384, "MAX_HEAD");
    let inner = || io::Error::other("inner");
    for (error, text, has_source) in [
        (FetchError::BadUrl, "not a URL that can be fetched", false),
        (FetchError::Connect(inner()), "no connection: inner", true),
        (FetchError::Io(inner()), "the connection broke: inner", true),
        (FetchError::Timeout, "it took too long", false),
        (FetchError::Status(404), "the server answered with status 404", false),
        (FetchError::BadResponse, "the server's answer cannot be understood", false),
        (FetchError::TooLarge, "the body is too large", false),
    ] {
        expect_eq!(error.to_string(), text, format!("the text of {error:?}"));
        let source = std::error::Error::source(&error).map(ToString::to_string);
        expect_eq!(source, has_source.then(|| "inner".to_owned()), format!("the source of {error:?}"));
    }
}

// What is asked.

/// A URL is taken apart into host, port and target, and its fragment is left out.
///
/// Next: cut at `#` first, then at the first `/` or `?`, then at `:`.
#[fact]
fn urls_are_taken_apart() {
    for (url, host, port, target, named) in [
        ("http://example.org", "example.org", 80, "/", "example.org"),
        ("http://example.org/", "example.org", 80, "/", "example.org"),
        ("http://a-1.B:8080/x/y.html", "a-1.B", 8080, "/x/y.html", "a-1.B:8080"),
        ("http://h:65535?q=1&r=/:2", "h", 65535, "/?q=1&r=/:2", "h:65535"),
        ("http://h:1#f", "h", 1, "/", "h:1"),
        ("http://h/a?b=c#d/e?f", "h", 80, "/a?b=c", "h"),
        ("http://h#/a?b", "h", 80, "/", "h"),
        ("http://127.0.0.1:81//x@y:z", "127.0.0.1", 81, "//x@y:z", "127.0.0.1:81"),
    ] {
        let net = Net::all(after(0));
        let (results, _) = fetched(&net, &[url], options());
        expect_eq!(results, ["200 ok"], format!("the result for {url}"));
        let Call { host: their_host, port: their_port, request, .. } = net.calls().swap_remove(0);
        expect_eq!((&*their_host, their_port), (host, port), format!("the host and port that connect got for {url}"));
        let request = Request::parse(&request);
        expect_eq!(request.first, format!("GET {target} HTTP/1.1"), format!("the first line of the request for {url}"));
        expect_eq!(request.values("host"), [named], format!("the values of the Host header for {url}"));
    }
}

/// A request as it was written.
struct Request {
    first: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn parse(bytes: &[u8]) -> Request {
        let wrong = |about: &str| unmet(format!("the request: {about}"), "a GET in HTTP/1.1's form", shown(bytes));
        let Ok(Some(head)) = std::str::from_utf8(bytes).map(|text| text.strip_suffix("\r\n\r\n")) else {
            wrong("it ends with an empty line")
        };
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| match line.split_once(':') {
            Some((name, value)) if !line.contains(['\r', '\n']) => (name.to_lowercase(), value.trim().to_owned()),
            _ => wrong("its headers, one on each line"),
        };
        Request { first, headers: lines.map(header).collect() }
    }

    fn values(&self, wanted: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(name, _)| name == wanted);
        named.map(|(_, value)| value.as_str()).collect()
    }
}

/// What is no URL of the given form is `BadUrl`, and `connect` is not called for it, nor is it tried again.
///
/// Next: say what is allowed, not what is forbidden; a line break in a URL is an attack.
#[fact]
fn bad_urls_are_refused_without_a_connection() {
    let net = Net::all(after(0));
    let forms = "host host/path //host/ https://host/ HTTP://host/ http:/host/ http//host/ http:// http:///path http://?q \
        http://#f http://:80/ http://host:/ http://host:0/ http://host:65536/ http://host:+80/ http://host:-1/ \
        http://host:8o/ http://host:80:80/ http://user@host/ http://user:pw@host/ http://[::1]/ http://ho_st/ \
        http://h\u{f6}st/ http://host\\path http://host/\n http://host/\t http://host/\u{e4} http://host/\u{7f} \
        http://host/#\r\n";
    let with_spaces = ["", " http://host/", "http://ho st/", "http://host/a b", "http://host/ HTTP/1.1\r\nX: y"];
    for url in forms.split(' ').chain(with_spaces) {
        let (results, took) = fetched(&net, &[url], retrying(3));
        expect_eq!(results, ["BadUrl"], format!("the result for {url:?}"));
        expect_eq!(
            (net.calls().len(), took),
            (0, 0),
            format!("the calls of connect for {url:?}, and the milliseconds")
        );
    }
}

/// The request goes out whole, even if a write takes only a part of it, and it is flushed; the connection is to be closed.
///
/// Next: `write` may write less than it is given; what is written may wait for a `flush`.
#[fact]
fn the_request_goes_out_whole() {
    let net = Net::all(vec![Accept, Pause(10), response(200, "ok")]);
    let target = format!("/{}", "long/".repeat(1000));
    let (results, took) = fetched(&net, &[&format!("http://host{target}")], options());
    expect_eq!(results, ["200 ok"], "the result from a server that answers when it has the whole request");
    expect_eq!(took, 10, "the milliseconds that it took, with an answer after 10 ms");
    let request = Request::parse(&net.calls()[0].request);
    expect!(
        request.first == format!("GET {target} HTTP/1.1"),
        "the first line of the request for a target of 5001 bytes",
        "GET, the target, HTTP/1.1",
        format!("{} bytes that begin with {:.40}", request.first.len(), request.first)
    );
    expect_eq!(request.values("connection"), ["close"], "the values of the Connection header");
}

// What is answered.

/// A response may come in pieces of any size, and with something behind it.
///
/// Next: a read returns what is there: a part of the head, or the head and some of the body.
#[fact]
fn a_response_may_come_in_pieces() {
    let body: String = (0..200).map(|n| format!("{n}\r\n\r\n")).collect();
    for status in [200, 206, 299] {
        for with_length in [true, false] {
            let length =
                if with_length { format!("X: y\r\nContent-Length: {}\r\n", body.len()) } else { String::new() };
            let whole = format!("HTTP/1.1 {status} OK\r\n{length}\r\n{body}").into_bytes();
            for piece in [1, 2, 3, 4, 5, 7, 40, 61, usize::MAX] {
                let net = Net::all(vec![Accept, Bytes(whole.clone(), piece)]);
                let limits = Options { max_body: body.len(), ..options() };
                let seen = on_paused_clock(fetch_all(net, vec!["http://host".into()], limits));
                let about = if with_length { "a Content-Length" } else { "its end at the end of the stream" };
                let about = format!("a response with {about} that comes {piece} bytes at a time");
                let told = seen.iter().map(told).collect::<String>();
                expect_eq!(told, format!("{status} with {} bytes", body.len()), about.clone());
                let is_whole = seen[0].as_ref().is_ok_and(|response| response.body == body.as_bytes());
                expect!(is_whole, about, "the body is as it was sent", "it is not");
            }
        }
    }
}

/// With a `Content-Length` a body is complete when so many bytes have come, whatever follows, and even if nothing does.
///
/// Next: count; do not read to the end of the stream.
#[fact]
fn a_body_of_known_length_does_not_wait_for_the_end() {
    for (sent, expected) in [
        ("Content-Length: 5\r\n\r\nhello", "200 hello"),
        ("Content-Length: 5\r\n\r\nhello, and more", "200 hello"),
        ("Content-Length: 0\r\n\r\n", "200 "),
        ("Content-Length: 0\r\n\r\nmore", "200 "),
        ("content-length:5\r\n\r\nhello", "200 hello"),
        ("Accept: *\r\nCONTENT-LENGTH: \t 00005 \t\r\nVary: x\r\n\r\nhello", "200 hello"),
    ] {
        for behind in [Hang, Endless("x")] {
            let sent = format!("HTTP/1.1 200 OK\r\n{sent}");
            let net = Net::all(vec![Accept, text(&sent), behind.clone()]);
            let (results, took) = fetched(&net, &["http://host/"], options());
            let about = format!("a response {sent:?} and then {behind:?}");
            expect_eq!((&*results[0], took), (expected, 0), format!("{about}: result, milliseconds"));
            let read = net.calls()[0].read;
            let seen = read.to_string();
            expect!(read < 66_000, format!("{about}: the bytes read"), "at most 64 KiB more than the body", seen);
        }
    }
}

/// A head of the given form is understood, however unusual.
///
/// Next: only the first line, and three headers at most, matter; of the rest only the form does.
#[fact]
fn unusual_heads_are_understood() {
    for head in [
        &b"HTTP/1.0 200 OK"[..],
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 ",
        b"HTTP/1.1 200 It's: fine, really",
        b"HTTP/1.1 200 \xff\xfe",
        b"HTTP/1.1 200 OK\r\nEmpty:",
        b"HTTP/1.1 200 OK\r\nX-Latin: caf\xe9: \t!",
        b"HTTP/1.1 200 OK\r\nSame: 1\r\nSame: 2\r\nsame: 2",
        b"HTTP/1.1 200 OK\r\nX-Content-Length: 1\r\nLength: 1",
    ] {
        let net = Net::all(vec![Accept, Bytes([head, b"\r\n\r\nall"].concat(), usize::MAX)]);
        let (results, _) = fetched(&net, &["http://host/"], options());
        expect_eq!(results, ["200 all"], format!("what becomes of a response with the head {}", shown(head)));
    }
}

/// A head of any other form is `BadResponse`.
///
/// Next: check the form of the first line and of each header; `parse` of a number takes a plus sign.
#[fact]
fn heads_of_another_form_are_refused() {
    let lines = "|hello|HTTP/1.1|HTTP/1.1 |HTTP/1.1 OK|HTTP/1.1 20 OK|HTTP/1.1 +20 OK|HTTP/1.1 2000 OK|HTTP/1.1 200OK|\
        HTTP/1.1  200 OK|HTTP/1.1 2x0 OK|HTTP/1.1200 OK|HTTP/2 200 OK|HTTP/1.2 200 OK|http/1.1 200 OK| HTTP/1.1 200 OK|\
        \r\nHTTP/1.1 200 OK|HTTP/1.1 200 OK\nX: y|HTTP/1.1 200 \rOK|HTTP/1.1 404 Not found\r\nno colon";
    let headers = "no colon|: y|X : y|X\t: y|X: y\r\n folded: z|X: y\nContent-Length: 3|X: y\rZ: 1";
    let headers = headers.split('|').map(|headers| format!("HTTP/1.1 200 OK\r\n{headers}"));
    for head in lines.split('|').map(String::from).chain(headers) {
        let sent = format!("{head}\r\n\r\nall");
        expect_eq!(fate_of(sent.as_bytes()), "BadResponse", format!("what becomes of a response {sent:?}"));
    }
}

/// What the headers say about the body of a success must be a plain length, said once at most.
///
/// Next: two lengths, a coding, or a length that is no number (`trim` takes off more than spaces and tabs): nobody knows where
/// such a body ends.
#[fact]
fn a_body_of_doubtful_length_is_refused() {
    let lengths = " +3 -3 0x3 3,3 three 3.0 3\u{c}".split(' ').map(|length| format!("Content-Length: {length}"));
    let others = "Transfer-Encoding: chunked|transfer-encoding:|Content-Length: 3\r\nTRANSFER-ENCODING: identity|\
        Content-Length: 3\r\ncontent-length: 4|Content-Length: 3\r\nX: y\r\nContent-Length: 3";
    for headers in others.split('|').map(String::from).chain(lengths) {
        let sent = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nall");
        expect_eq!(fate_of(sent.as_bytes()), "BadResponse", format!("what becomes of a response {sent:?}"));
        let sent = format!("HTTP/1.1 404 Not found\r\n{headers}\r\n\r\nall");
        expect_eq!(fate_of(sent.as_bytes()), "Status(404)", format!("what becomes of a response {sent:?}"));
    }
}

/// A status that is no success is `Status`, as soon as the head is complete.
///
/// Next: there is nothing in such a body that anybody wants.
#[fact]
fn the_body_of_an_error_is_not_read() {
    for status in [100, 199, 300, 301, 404, 499, 500, 599, 999] {
        for behind in [Hang, Endless("x")] {
            let head = text(&format!("HTTP/1.1 {status} So\r\nContent-Length: 5000\r\n\r\n"));
            let net = Net::all(vec![Accept, head, behind.clone()]);
            let (results, took) = fetched(&net, &["http://host/"], options());
            let about = format!("a response with status {status} and then {behind:?}");
            expect_eq!(
                (&*results[0], took),
                (&*format!("Status({status})"), 0),
                format!("{about}: result, milliseconds")
            );
            let read = net.calls()[0].read;
            expect!(
                read < 70_000,
                format!("{about}: the bytes read"),
                "at most 64 KiB more than the head",
                read.to_string()
            );
        }
    }
}

/// A head may have `MAX_HEAD` bytes and no more, and what never ends is not read for ever.
///
/// Next: count the bytes up to and with the empty line, and look at the count before you read on.
#[fact]
fn a_head_is_bounded() {
    let head_of = |size: usize| {
        let frame = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: \r\n\r\n";
        frame.replace("X: ", &format!("X: {}", "x".repeat(size - frame.len())))
    };
    for piece in [1, 1000, usize::MAX] {
        for (more, expected) in [(0, "200 ok"), (1, "BadResponse"), (2, "BadResponse"), (9000, "BadResponse")] {
            let sent = format!("{}ok", head_of(MAX_HEAD + more)).into_bytes();
            let about = format!("a head of {} bytes that comes {piece} bytes at a time", MAX_HEAD + more);
            expect_eq!(fate(vec![Accept, Bytes(sent, piece), Hang]), expected, about);
        }
    }
    for (start, pattern) in [("", "x"), ("HTTP/1.1 200 OK\r\n", "X: y\r\n"), ("HTTP/1.1 200 OK\r\n", "x")] {
        let net = Net::all(vec![Accept, text(start), Endless(pattern)]);
        let (results, _) = fetched(&net, &["http://host/"], options());
        expect_eq!(results, ["BadResponse"], format!("what becomes of a head without end: {start:?}, {pattern:?}, …"));
        let read = net.calls()[0].read;
        expect!(read <= MAX_HEAD + 66_000, "bytes read of it", "at most 64 KiB more than MAX_HEAD", read.to_string());
    }
}

/// A body may have `max_body` bytes and no more: a length that is too great is refused at once, and what never ends is not
/// read for ever.
///
/// Next: compare the announced length before you read, and count what comes where none is announced.
#[fact]
fn a_body_is_bounded() {
    for (length, expected) in [
        ("999", "Timeout"),
        ("1000", "Timeout"),
        ("1001", "TooLarge"),
        ("18446744073709551615", "TooLarge"),
        ("18446744073709551616", "TooLarge"),
        ("99999999999999999999999999999999999999999999", "TooLarge"),
    ] {
        let sent = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        expect_eq!(fate_of(sent.as_bytes()), expected, format!("Content-Length {length}, max_body 1000, no body yet"));
    }
    for (size, then, expected) in [
        (1000, None, "200 with 1000 bytes"),
        (1000, Some(Hang), "Timeout"),
        (1001, Some(Hang), "TooLarge"),
        (0, Some(Endless("x")), "TooLarge"),
    ] {
        for piece in [1, usize::MAX] {
            let sent = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(size)).into_bytes();
            let net = Net::all([Accept, Bytes(sent, piece)].into_iter().chain(then.clone()).collect());
            let (results, _) = fetched(&net, &["http://host/"], options());
            let about =
                format!("a body without a length: {size} bytes, {piece} at a time, then {then:?}; max_body 1000");
            expect_eq!(results, [expected], about.clone());
            let read = net.calls()[0].read;
            expect!(
                read < 67_000,
                format!("{about}: bytes read"),
                "at most 64 KiB more than max_body",
                read.to_string()
            );
        }
    }
    let empty = Options { max_body: 0, ..options() };
    let sent = "HTTP/1.1 204 Empty\r\nContent-Length: 0\r\n\r\n";
    let (results, _) = fetched(&Net::all(vec![Accept, text(sent)]), &["http://host/"], empty);
    expect_eq!(results, ["204 "], "an empty body, max_body 0");
}

/// Memory is not reserved for what a server announces.
///
/// Next: let the body grow as it comes.
#[fact]
fn memory_is_not_reserved_for_announcements() {
    for length in [usize::MAX, usize::MAX - 50, isize::MAX as usize, 1 << 60, 1 << 40] {
        let sent = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello");
        let net = Net::all(vec![Accept, text(&sent)]);
        let (results, _) = fetched(&net, &["http://host/"], Options { max_body: usize::MAX, ..options() });
        expect_eq!(
            results,
            ["Io(UnexpectedEof)"],
            format!("{length} bytes announced, 5 sent, with no limit for bodies")
        );
    }
    let (results, _) = fetched(
        &Net::all(vec![Accept, text("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"), Hang]),
        &["http://host/"],
        Options { max_body: usize::MAX, ..options() },
    );
    expect_eq!(results, ["TooLarge"], "a length that fits into no integer, with no limit for bodies");
}

/// A stream that ends too early is `Io` with `UnexpectedEof`, wherever that is.
///
/// Next: a read of no bytes is the end of the stream.
#[fact]
fn a_stream_that_ends_too_early_is_an_io_error() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for size in 0..whole.len() {
        let seen = fate(vec![Accept, text(&whole[..size])]);
        expect_eq!(
            seen,
            "Io(UnexpectedEof)",
            format!("what becomes of {:?} and the end of the stream", &whole[..size])
        );
    }
}

// Time.

/// The time limit spans a whole attempt: connecting, asking, and every byte of the answer.
///
/// Next: one time limit around all of it, not one for each step.
#[fact]
fn the_time_limit_spans_a_whole_attempt() {
    let trickle = || (0..20).flat_map(|_| [Pause(60), text("x")]);
    let head = || text("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n");
    let slow_head = [Accept, Pause(60), text("HTTP/1.1 "), Pause(60), text("200 OK\r\nContent-Length: 0\r\n\r\n")];
    for (about, steps) in [
        ("connect never returns", vec![Hang]),
        ("connect takes longer", vec![Pause(200), Accept, response(200, "ok")]),
        ("no answer comes", vec![Accept, Hang]),
        ("connect and answer each take 60 ms", vec![Pause(60), Accept, Pause(60), response(200, "ok")]),
        ("two pieces of the head each take 60 ms", slow_head.to_vec()),
        ("head and body each take 60 ms", vec![Accept, Pause(60), head(), Pause(60), text(&"x".repeat(20))]),
        ("every byte of the body takes 60 ms", [Accept, head()].into_iter().chain(trickle()).collect()),
        ("the body does not end", vec![Accept, text("HTTP/1.1 200 OK\r\n\r\nhello"), Hang]),
    ] {
        let net = Net::all(steps);
        let limit = Options { timeout: Duration::from_millis(100), ..options() };
        let (results, took) = fetched(&net, &["http://host/"], limit);
        expect_eq!((&*results[0], took), ("Timeout", 100), format!("{about}, timeout 100 ms: result, milliseconds"));
        expect_eq!(net.flights("host"), [(0, 100)], format!("{about}, timeout 100 ms: when it was in flight"));
    }
    let net = Net::all(vec![Pause(33), Accept, Pause(33), head(), Pause(33), text(&"x".repeat(20))]);
    let (results, took) =
        fetched(&net, &["http://host/"], Options { timeout: Duration::from_millis(100), ..options() });
    let expected = format!("200 {}", "x".repeat(20));
    expect_eq!((&*results[0], took), (&*expected, 99), "three steps of 33 ms, timeout 100 ms: result, milliseconds");
}

/// Every attempt has the whole time limit for itself: waiting for a place does not count.
///
/// Next: start the clock when the attempt begins.
#[fact]
fn waiting_for_a_place_does_not_count() {
    let limits = Options { limit: 1, timeout: Duration::from_millis(100), ..options() };
    let (results, took) = fetched(&Net::all(after(80)), &["http://host/"; 4], limits);
    expect_eq!(results, ["200 ok"; 4], "4 URLs of 80 ms each, one at a time, timeout 100 ms");
    expect_eq!(took, 320, "the milliseconds that it took");
}

/// A time limit of `Duration::MAX` is none.
///
/// Next: adding it to a point in time overflows.
#[fact]
fn a_time_limit_may_be_endless() {
    let (results, _) =
        fetched(&Net::all(after(86_400_000)), &["http://host/"], Options { timeout: Duration::MAX, ..options() });
    expect_eq!(results, ["200 ok"], "an answer after a day, timeout Duration::MAX");
}

// Once more.

/// Failures that may pass are tried again, `retries` times and no more; the others are final.
///
/// Next: name the failures that may pass in one place.
#[fact]
fn only_what_may_pass_is_tried_again() {
    let status = |status| vec![Accept, response(status, "")];
    for (steps, told, attempts) in [
        (vec![Fail(ErrorKind::ConnectionRefused)], "Connect(ConnectionRefused)", 4),
        (vec![Fail(ErrorKind::PermissionDenied)], "Connect(PermissionDenied)", 4),
        (vec![Accept, Fail(ErrorKind::ConnectionReset)], "Io(ConnectionReset)", 4),
        (vec![Accept, RefuseWrites(ErrorKind::BrokenPipe)], "Io(BrokenPipe)", 4),
        (vec![Accept], "Io(UnexpectedEof)", 4),
        (vec![Accept, text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")], "Io(UnexpectedEof)", 4),
        (vec![Accept, Hang], "Timeout", 4),
        (vec![Hang], "Timeout", 4),
        (status(500), "Status(500)", 4),
        (status(599), "Status(599)", 4),
        (status(600), "Status(600)", 1),
        (status(499), "Status(499)", 1),
        (status(404), "Status(404)", 1),
        (status(302), "Status(302)", 1),
        (vec![Accept, text("hello\r\n\r\n")], "BadResponse", 1),
        (vec![Accept, text("HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\n")], "BadResponse", 1),
        (vec![Accept, response(200, &"x".repeat(1001))], "TooLarge", 1),
        (vec![Accept, response(200, "ok")], "200 ok", 1),
    ] {
        let (about, net) = (format!("a server that does this: {steps:?}"), Net::all(steps));
        let (results, _) = fetched(&net, &["http://host/"], retrying(3));
        let expected = (told, attempts);
        expect_eq!((&*results[0], net.calls().len()), expected, format!("{about}, 3 retries: result, attempts"));
    }
    let net = Net::all(vec![Fail(ErrorKind::ConnectionRefused)]);
    fetched(&net, &["http://host/"], retrying(0));
    expect_eq!(net.calls().len(), 1, "the attempts for a host that refuses, without retries");
}

/// The pauses between attempts begin with `backoff` and double, exactly; each begins when the attempt before it is over.
///
/// Next: 100 ms, 200 ms, 400 ms; the stream of the failed attempt is dropped before the pause.
#[fact]
fn the_pauses_double() {
    let net = Net::new(|host, _| match host {
        "refused" => vec![Fail(ErrorKind::ConnectionRefused)],
        "busy" => vec![Accept, Pause(50), response(503, "later"), Hang],
        _ => vec![Accept, Hang],
    });
    let limits = Options { timeout: Duration::from_millis(500), ..retrying(4) };
    let (_, took) = fetched(&net, &["http://refused/", "http://busy/", "http://silent/"], limits);
    let flights =
        |each: u64| [0, 100, 300, 700, 1500].iter().zip(0..).map(move |(at, n)| (at + n * each, at + (n + 1) * each));
    for (host, each) in [("refused", 0), ("busy", 50), ("silent", 500)] {
        let about = format!("when the attempts for a host began and ended that fails after {each} ms, backoff 100 ms");
        expect_eq!(net.flights(host), flights(each).collect::<Vec<_>>(), about);
    }
    expect_eq!(took, 1500 + 5 * 500, "the milliseconds that it took");
}

/// The result is that of the last attempt, as soon as there is one that settles it.
///
/// Next: errors of earlier attempts are forgotten; after the last one there is no pause.
#[fact]
fn the_last_attempt_settles_it() {
    let net = Net::new(|host, attempt| match (host, attempt) {
        (_, 0) => vec![Fail(ErrorKind::ConnectionRefused)],
        (_, 1) => vec![Accept, response(500, "")],
        ("good", 2) => vec![Accept, response(201, "made")],
        ("gone", 2) => vec![Accept, response(410, "")],
        ("bad", 2) => vec![Accept, Fail(ErrorKind::ConnectionReset)],
        _ => vec![Accept, Hang],
    });
    let (results, took) = fetched(&net, &["http://good/", "http://gone/", "http://bad/"], retrying(2));
    expect_eq!(
        results,
        ["201 made", "Status(410)", "Io(ConnectionReset)"],
        "the results at the third attempt of three"
    );
    expect_eq!(took, 300, "the milliseconds that it took, with pauses of 100 and 200 ms");
}

/// However many retries there are, doubling the pause overflows nowhere, and a pause of zero stays zero.
///
/// Next: there are more doublings than bits.
#[fact]
fn the_doubling_does_not_overflow() {
    let net = Net::new(|_, attempt| if attempt < 200 { vec![Fail(ErrorKind::TimedOut)] } else { after(0) });
    let (results, took) = fetched(&net, &["http://host/"], Options { backoff: Duration::ZERO, ..retrying(u32::MAX) });
    expect_eq!((&*results[0], took), ("200 ok", 0), "the 201st attempt, backoff zero: result, milliseconds");
    let net = Net::all(vec![Fail(ErrorKind::TimedOut)]);
    let story = async {
        let limits = Options { backoff: Duration::MAX, ..retrying(5) };
        timeout(Duration::from_secs(60), fetch_all(net.clone(), vec!["http://host/".into()], limits)).await.is_err()
    };
    expect!(on_paused_clock(story), "a fetch with backoff Duration::MAX, after a minute", "it pauses", "it has ended");
    expect_eq!(net.calls().len(), 1, "its attempts");
}

/// During a pause the place is free for others; after it the URL needs one again.
///
/// Next: a permit belongs to an attempt, not to a URL.
#[fact]
fn a_pause_takes_no_place() {
    for (backoff, other) in [(1000, 100), (50, 500)] {
        let net = Net::new(move |host, attempt| match (host, attempt) {
            ("busy", 0) => vec![Accept, Pause(100), response(503, "")],
            ("other", _) => after(other),
            _ => after(100),
        });
        let limits = Options { limit: 1, backoff: Duration::from_millis(backoff), ..retrying(1) };
        let (results, _) = fetched(&net, &["http://busy/", "http://other/"], limits);
        expect_eq!(results, ["200 ok"; 2], "the results of a host that is busy at first, and of another");
        let (busy, others) = (net.flights("busy"), net.flights("other"));
        let about = format!("limit 1, backoff {backoff} ms, another URL of {other} ms");
        // Either may go first.
        let first_busy = if others[0].0 == 0 { other } else { 0 };
        let free = if others[0].0 == 0 { 0 } else { 100 };
        let again = (first_busy + 100 + backoff).max(others[0].1);
        expect_eq!(others[0], (free, free + other), format!("{about}: when the other one was in flight"));
        let expected = [(first_busy, first_busy + 100), (again, again + 100)];
        expect_eq!(busy, expected, format!("{about}: when the busy one was in flight"));
        expect_eq!(net.log(|log| log.most), 1, format!("{about}: the most attempts in flight at once"));
    }
}

// The beginning and the end.

/// Nothing is tried before the first poll.
///
/// Next: an `async fn` does this by itself; a function that starts tasks and returns a future does not.
#[fact]
fn nothing_is_tried_before_the_first_poll() {
    let net = Net::all(after(100));
    on_paused_clock(async {
        let run = fetch_all(net.clone(), vec!["http://host/".into(); 3], options());
        sleep(Duration::from_secs(5)).await;
        expect_eq!(net.calls().len(), 0, "the calls of connect while the future is not polled");
        drop(run);
        sleep(Duration::from_secs(5)).await;
    });
    expect_eq!(net.calls().len(), 0, "the calls of connect after the future was dropped without a poll");
    expect_eq!(Arc::strong_count(&net.0), 1, "the connectors alive, the test's own included");
}

/// Whether anything of a call is left: what is in flight, connectors but the test's own, tasks.
fn left(net: &Net) -> (usize, usize, usize) {
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    (net.in_flight(), Arc::strong_count(&net.0) - 1, tasks)
}

/// When `fetch_all` has returned, nothing is left of it: no stream, no connector, no task.
///
/// Next: wait for every task that you have started.
#[fact]
fn nothing_is_left_when_it_returns() {
    let net = Net::new(|host, attempt| match (host, attempt) {
        ("silent", _) => vec![Accept, Hang],
        ("busy", 0) => vec![Accept, response(503, ""), Hang],
        _ => vec![Accept, Pause(100), response(200, "ok"), Hang],
    });
    on_paused_clock(async {
        let urls = ["http://silent/", "http://busy/", "http://a/", "http://b/", "no"].map(String::from).to_vec();
        fetch_all(net.clone(), urls, Options { limit: 2, ..retrying(1) }).await;
        let left = left(&net);
        expect_eq!(
            left,
            (0, 0, 0),
            "what is in flight, connectors alive, and tasks alive, right after fetch_all returned"
        );
    });
}

/// Dropping the future closes every connection, leaves no task, and nothing is tried after that.
///
/// Next: a task whose handle is dropped goes on; a `JoinSet` that is dropped ends its tasks.
#[fact]
fn dropping_the_future_ends_everything() {
    let net = Net::new(|host, _| match host {
        "nowhere" => vec![Hang],
        "silent" => vec![Accept, Hang],
        "stuck" => vec![Accept, text("HTTP/1.1 200 OK\r\n\r\nhello"), Hang],
        _ => vec![Accept, Pause(100), response(503, ""), Hang],
    });
    on_paused_clock(async {
        let hosts = ["nowhere", "silent", "stuck", "busy", "busy", "waiting", "waiting", "waiting", "waiting"];
        let urls = hosts.map(|host| format!("http://{host}/")).to_vec();
        let limits = Options { limit: 5, timeout: Duration::MAX, backoff: Duration::from_secs(1), ..retrying(9) };
        let given_up = timeout(Duration::from_millis(150), fetch_all(net.clone(), urls, limits)).await.is_err();
        expect!(given_up, "fetch_all, after 150 ms, with hosts that say nothing", "it still waits", "it has returned");
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        let left = left(&net);
        expect_eq!(
            left,
            (0, 0, 0),
            "what is in flight, connectors alive, and tasks alive, after fetch_all was dropped"
        );
        let calls = net.calls().len();
        sleep(Duration::from_secs(100)).await;
        expect_eq!(net.calls().len(), calls, "the calls of connect so far, 100 s after fetch_all was dropped");
    });
}

// A real server, on the real clock: nothing here looks at it.

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
