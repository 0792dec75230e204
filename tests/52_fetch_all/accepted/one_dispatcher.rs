//! No task: a dispatcher that starts attempts, polls those that were woken, and keeps a heap of pauses; heads line by line.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// The head of a response may have so many bytes: status line, headers and the empty line after them.
pub const MAX_HEAD: usize = 16 * 1024;

/// Opens connections. [`Tcp`] is the real one; tests and examples bring their own.
pub trait Connect {
    /// One connection, both ways. It is closed by dropping it.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Connects to a port of a host. Dropping the future gives the attempt up.
    ///
    /// # Errors
    /// When there is no connection to be had, for example because nobody listens there.
    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

/// Connections over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Connect for Tcp {
    type Stream = TcpStream;

    async fn connect(&self, host: &str, port: u16) -> io::Result<TcpStream> {
        TcpStream::connect((host, port)).await
    }
}

/// How to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// So many attempts may be in flight at once. At least 1.
    pub limit: usize,
    /// How long one attempt may take, from the call of `connect` to the last byte of the body.
    pub timeout: Duration,
    /// How many more attempts are made when the first one fails.
    pub retries: u32,
    /// The pause before the first retry. Each further pause is twice as long as the one before.
    pub backoff: Duration,
    /// The longest body that is accepted, in bytes.
    pub max_body: usize,
}

impl Default for Options {
    /// Ten at once, 10 s for each attempt, 2 retries after 100 ms and 200 ms, 1 MiB.
    fn default() -> Options {
        Options {
            limit: 10,
            timeout: Duration::from_secs(10),
            retries: 2,
            backoff: Duration::from_millis(100),
            max_body: 1 << 20,
        }
    }
}

/// What a server has answered: always a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code, from 200 to 299.
    pub status: u16,
    /// The body, all of it.
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug)]
pub enum FetchError {
    /// The URL is not one that can be fetched. Nothing was tried.
    BadUrl,
    /// `connect` failed.
    Connect(io::Error),
    /// Reading or writing failed, or the stream ended too early ([`io::ErrorKind::UnexpectedEof`]).
    Io(io::Error),
    /// An attempt took longer than it may.
    Timeout,
    /// The server answered with a status that is no success.
    Status(u16),
    /// What the server sent cannot be understood, or has too long a head.
    BadResponse,
    /// The body is longer than the options allow.
    TooLarge,
}

impl fmt::Display for FetchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::BadUrl => formatter.write_str("not a URL that can be fetched"),
            FetchError::Connect(error) => write!(formatter, "no connection: {error}"),
            FetchError::Io(error) => write!(formatter, "the connection broke: {error}"),
            FetchError::Timeout => formatter.write_str("it took too long"),
            FetchError::Status(status) => write!(formatter, "the server answered with status {status}"),
            FetchError::BadResponse => formatter.write_str("the server's answer cannot be understood"),
            FetchError::TooLarge => formatter.write_str("the body is too large"),
        }
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            FetchError::Connect(error) | FetchError::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Fetches all of them: see the brief.
///
/// # Panics
/// If `options.limit` is 0.
pub async fn fetch_all<C>(connector: C, urls: Vec<String>, options: Options) -> Vec<Result<Response, FetchError>>
where
    C: Connect + Send + Sync + 'static,
{
    assert!(options.limit > 0, "the limit must be at least 1");
    let count = urls.len();
    let mut plan = Plan { ready: VecDeque::new(), paused: BinaryHeap::new(), results: HashMap::new() };
    for (id, url) in urls.iter().enumerate() {
        match Target::of(url) {
            Some(target) => plan.ready.push_back(Job { id, target, failures: 0, pause: options.backoff }),
            None => drop(plan.results.insert(id, Err(FetchError::BadUrl))),
        }
    }
    drop(urls);
    let connector = &connector;
    let mut running: Vec<Running<'_>> = Vec::new();
    while plan.results.len() < count {
        while running.len() < options.limit {
            let Some(job) = plan.ready.pop_front() else { break };
            running.push(Running::new(job, connector, options.timeout, options.max_body));
        }
        let next = plan.paused.peek().map(|Reverse((at, ..))| *at);
        tokio::select! {
            biased;
            (mut job, outcome) = first_of(&mut running) => match outcome {
                Err(error) if is_passing(&error) && job.failures < options.retries => {
                    job.failures += 1;
                    let pause = job.pause;
                    job.pause = pause.checked_add(pause).unwrap_or(Duration::MAX);
                    let now = Instant::now();
                    let at = now.checked_add(pause).unwrap_or_else(|| now + FAR);
                    plan.paused.push(Reverse((at, job.id, Holder(job))));
                }
                outcome => drop(plan.results.insert(job.id, outcome)),
            },
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                while plan.paused.peek().is_some_and(|Reverse((at, ..))| *at <= Instant::now()) {
                    let Some(Reverse((_, _, Holder(job)))) = plan.paused.pop() else { unreachable!() };
                    plan.ready.push_back(job);
                }
            }
        }
    }
    (0..count).map(|id| plan.results.remove(&id).expect("all results are there")).collect()
}

/// Longer than any program runs.
const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);

struct Plan {
    ready: VecDeque<Job>,
    paused: BinaryHeap<Reverse<(Instant, usize, Holder)>>,
    results: HashMap<usize, Result<Response, FetchError>>,
}

struct Job {
    id: usize,
    target: Target,
    failures: u32,
    pause: Duration,
}

/// A job in the heap, which orders by what stands before it.
struct Holder(Job);

impl PartialEq for Holder {
    fn eq(&self, _: &Holder) -> bool {
        true
    }
}

impl Eq for Holder {}

impl PartialOrd for Holder {
    fn partial_cmp(&self, other: &Holder) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Holder {
    fn cmp(&self, _: &Holder) -> Ordering {
        Ordering::Equal
    }
}

type Outcome = Result<Response, FetchError>;

/// An attempt, with a waker that notes whether it has to be looked at.
struct Running<'a> {
    job: Option<Job>,
    future: Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>,
    bell: Arc<Bell>,
}

struct Bell {
    rung: AtomicBool,
    outer: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rung.store(true, SeqCst);
        let outer = self.outer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(outer) = outer {
            outer.wake();
        }
    }
}

impl<'a> Running<'a> {
    fn new<C: Connect + Sync>(job: Job, connector: &'a C, limit: Duration, max_body: usize) -> Running<'a> {
        let target = job.target.clone();
        let attempt = async move {
            match timeout(limit, get(connector, target, max_body)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(FetchError::Timeout),
            }
        };
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), outer: Mutex::new(None) });
        Running { job: Some(job), future: Box::pin(attempt), bell }
    }
}

/// The first attempt that is over, taken out; for ever if there is none.
async fn first_of(running: &mut Vec<Running<'_>>) -> (Job, Outcome) {
    poll_fn(|context| {
        for at in 0..running.len() {
            let one = &mut running[at];
            *one.bell.outer.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
            if !one.bell.rung.swap(false, SeqCst) {
                continue;
            }
            let waker = Waker::from(Arc::clone(&one.bell));
            if let Poll::Ready(outcome) = one.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                let mut over = running.swap_remove(at);
                let job = over.job.take().expect("it is taken once");
                return Poll::Ready((job, outcome));
            }
        }
        Poll::Pending
    })
    .await
}

fn is_passing(error: &FetchError) -> bool {
    matches!(error, FetchError::Connect(_) | FetchError::Io(_) | FetchError::Timeout | FetchError::Status(500..=599))
}

#[derive(Clone)]
struct Target {
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn of(url: &str) -> Option<Target> {
        let clean = url.chars().all(|character| ('!'..='~').contains(&character));
        let url = url.strip_prefix("http://").filter(|_| clean)?;
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let (place, path) = match url.find(['/', '?']) {
            Some(at) if url[at..].starts_with('?') => (&url[..at], format!("/{}", &url[at..])),
            Some(at) => (&url[..at], url[at..].to_owned()),
            None => (url, "/".to_owned()),
        };
        let (host, port) = match place.find(':') {
            Some(at) => {
                let digits = &place[at + 1..];
                let plain = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit());
                let port: u16 = if plain { digits.parse().ok()? } else { return None };
                (&place[..at], port)
            }
            None => (place, 80),
        };
        let host_is_fine = host.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)) && !host.is_empty();
        (host_is_fine && port > 0).then(|| Target { host: host.to_owned(), port, path })
    }
}

async fn get<C: Connect>(connector: &C, target: Target, max_body: usize) -> Outcome {
    let stream = connector.connect(&target.host, target.port).await.map_err(FetchError::Connect)?;
    let mut stream = BufReader::with_capacity(4096, stream);
    let host = match target.port {
        80 => target.host.clone(),
        port => format!("{}:{port}", target.host),
    };
    let parts = [
        format!("GET {} HTTP/1.1\r\n", target.path),
        "Connection: close\r\nAccept: */*\r\n".into(),
        format!("host: {host}\r\n\r\n"),
    ];
    for part in parts {
        stream.write_all(part.as_bytes()).await.map_err(FetchError::Io)?;
    }
    stream.flush().await.map_err(FetchError::Io)?;

    let mut room = MAX_HEAD as u64;
    let first = line(&mut stream, &mut room).await?;
    let status = status_of(&first).ok_or(FetchError::BadResponse)?;
    let mut length: Option<Vec<u8>> = None;
    let mut is_odd = false;
    loop {
        let header = line(&mut stream, &mut room).await?;
        if header.is_empty() {
            break;
        }
        let mut parts = header.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return Err(FetchError::BadResponse) };
        if name.is_empty() || name.contains(&b' ') || name.contains(&b'\t') {
            return Err(FetchError::BadResponse);
        }
        match name.to_ascii_lowercase().as_slice() {
            b"transfer-encoding" => is_odd = true,
            b"content-length" => is_odd |= length.replace(value.to_vec()).is_some(),
            _ => {}
        }
    }
    if status < 200 || status > 299 {
        return Err(FetchError::Status(status));
    }
    if is_odd {
        return Err(FetchError::BadResponse);
    }
    let mut body = Vec::new();
    match length {
        None => {
            let most = (max_body as u64).saturating_add(1);
            stream.take(most).read_to_end(&mut body).await.map_err(FetchError::Io)?;
            if body.len() > max_body {
                return Err(FetchError::TooLarge);
            }
        }
        Some(text) => {
            let text = String::from_utf8(text).map_err(|_| FetchError::BadResponse)?;
            let text = text.trim_matches([' ', '\t']);
            if text.is_empty() || text.contains(|c: char| !c.is_ascii_digit()) {
                return Err(FetchError::BadResponse);
            }
            // Digits only: what does not parse is too long for an integer, or begins with very many zeros.
            let digits = text.trim_start_matches('0');
            let length = if digits.is_empty() { Some(0) } else { digits.parse::<usize>().ok() };
            let length = length.filter(|length| *length <= max_body).ok_or(FetchError::TooLarge)?;
            stream.take(length as u64).read_to_end(&mut body).await.map_err(FetchError::Io)?;
            if body.len() < length {
                return Err(FetchError::Io(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }
    Ok(Response { status, body })
}

/// The next line without its CR LF.
async fn line<S: AsyncBufRead + Unpin>(stream: &mut S, room: &mut u64) -> Result<Vec<u8>, FetchError> {
    let mut line = Vec::new();
    (&mut *stream).take(*room).read_until(b'\n', &mut line).await.map_err(FetchError::Io)?;
    *room -= line.len() as u64;
    if line.pop_if(|last| *last == b'\n').is_none() {
        return Err(match *room {
            0 => FetchError::BadResponse,
            _ => FetchError::Io(io::ErrorKind::UnexpectedEof.into()),
        });
    }
    if line.pop() != Some(b'\r') || line.contains(&b'\r') {
        return Err(FetchError::BadResponse);
    }
    Ok(line)
}

fn status_of(line: &[u8]) -> Option<u16> {
    let line = [&b"HTTP/1.0 "[..], b"HTTP/1.1 "].iter().find_map(|start| line.strip_prefix(*start))?;
    if line.len() < 3 || line.get(3).is_some_and(|byte| *byte != b' ') {
        return None;
    }
    let digits = std::str::from_utf8(&line[..3]).ok()?;
    if digits.bytes().any(|byte| !byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}
