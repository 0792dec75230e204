//! caught-by: behaviour — a_body_of_doubtful_length_is_refused
//! Takes all white space from around a length, a form feed too, where only spaces and tabs may stand.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

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

/// Fetches every URL with an HTTP/1.1 `GET`. Must be awaited within a tokio runtime that has its timer enabled.
///
/// There is one result for each URL, in the order of the URLs. At most [`Options::limit`] attempts are in flight at once.
/// What fails for a reason that may pass is tried again, after a pause in which it is not in flight.
///
/// ```
/// use fetch_all::{Connect, FetchError, Options, fetch_all};
/// use std::io;
/// use tokio::io::{Join, Sink};
///
/// /// Every host answers with its own name, except that nobody is at home at `nowhere`.
/// struct Echo;
///
/// impl Connect for Echo {
///     type Stream = Join<io::Cursor<String>, Sink>;
///
///     async fn connect(&self, host: &str, _port: u16) -> io::Result<Self::Stream> {
///         if host == "nowhere" {
///             return Err(io::ErrorKind::ConnectionRefused.into());
///         }
///         let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{host}", host.len());
///         Ok(tokio::io::join(io::Cursor::new(answer), tokio::io::sink()))
///     }
/// }
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// let urls = ["http://one/", "http://nowhere:8080/", "ftp://three/", "http://four/?page=4"].map(String::from);
/// let options = Options { backoff: std::time::Duration::ZERO, ..Options::default() };
/// let results = runtime.block_on(fetch_all(Echo, urls.to_vec(), options));
/// assert_eq!(results[0].as_ref().unwrap().body, b"one");
/// assert!(matches!(&results[1], Err(FetchError::Connect(error)) if error.kind() == io::ErrorKind::ConnectionRefused));
/// assert!(matches!(results[2], Err(FetchError::BadUrl)));
/// assert_eq!(results[3].as_ref().unwrap().body, b"four");
/// ```
///
/// Over the network:
///
/// ```no_run
/// use fetch_all::{Options, Tcp, fetch_all};
///
/// # async fn over_the_network() {
/// for result in fetch_all(Tcp, vec!["http://127.0.0.1:8000/".to_owned()], Options::default()).await {
///     match result {
///         Ok(response) => println!("{} bytes", response.body.len()),
///         Err(error) => println!("{error}"),
///     }
/// }
/// # }
/// ```
///
/// # Panics
/// If `options.limit` is 0, before anything is tried.
pub async fn fetch_all<C>(connector: C, urls: Vec<String>, options: Options) -> Vec<Result<Response, FetchError>>
where
    C: Connect + Send + Sync + 'static,
{
    assert!(options.limit > 0, "with a limit of 0 nothing could ever be fetched");
    let slots = Semaphore::new(options.limit.min(Semaphore::MAX_PERMITS));
    let fetcher = Arc::new(Fetcher { connector, options, slots });
    let mut tasks = JoinSet::new();
    for (index, url) in urls.into_iter().enumerate() {
        let fetcher = Arc::clone(&fetcher);
        tasks.spawn(async move { (index, fetcher.fetch(&url).await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// How much is read at a time.
const CHUNK: usize = 8 * 1024;

/// What the tasks of one call share.
struct Fetcher<C> {
    connector: C,
    options: Options,
    slots: Semaphore,
}

impl<C: Connect> Fetcher<C> {
    /// Makes attempts until one settles it.
    async fn fetch(&self, url: &str) -> Result<Response, FetchError> {
        let url = Url::parse(url).ok_or(FetchError::BadUrl)?;
        let mut pause = self.options.backoff;
        for _ in 0..self.options.retries {
            match self.attempt(&url).await {
                Err(error) if may_pass(&error) => sleep(pause).await,
                settled => return settled,
            }
            pause = pause.saturating_mul(2);
        }
        self.attempt(&url).await
    }

    /// One attempt, with a slot and a time limit of its own. The clock starts when it has the slot, and the stream is gone
    /// before the slot is.
    async fn attempt(&self, url: &Url<'_>) -> Result<Response, FetchError> {
        let _slot = self.slots.acquire().await.expect("nobody closes the semaphore");
        timeout(self.options.timeout, self.exchange(url)).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn exchange(&self, url: &Url<'_>) -> Result<Response, FetchError> {
        let mut stream = self.connector.connect(url.host, url.port).await.map_err(FetchError::Connect)?;
        let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.target, url.authority);
        stream.write_all(request.as_bytes()).await.map_err(FetchError::Io)?;
        stream.flush().await.map_err(FetchError::Io)?;
        read_response(stream, self.options.max_body).await
    }
}

/// Whether another attempt may end better.
fn may_pass(error: &FetchError) -> bool {
    matches!(error, FetchError::Connect(_) | FetchError::Io(_) | FetchError::Timeout | FetchError::Status(500..=599))
}

/// The parts of a URL.
struct Url<'a> {
    /// Host and port as they are written.
    authority: &'a str,
    host: &'a str,
    port: u16,
    target: String,
}

impl<'a> Url<'a> {
    fn parse(url: &'a str) -> Option<Url<'a>> {
        let rest = url.strip_prefix("http://").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_graphic()))?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _fragment)| rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = match authority.split_once(':') {
            // `parse` would also take a plus sign.
            Some((host, port)) => (host, port.parse().ok().filter(|number| *number > 0 && !port.starts_with('+'))?),
            None => (authority, 80),
        };
        if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
            return None;
        }
        let target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Some(Url { authority, host, port, target })
    }
}

/// What the head of a response says.
struct Head {
    status: u16,
    /// The values of `Content-Length`, of which there should be one at most.
    lengths: Vec<String>,
    is_encoded: bool,
}

impl Head {
    /// Takes a head apart, given without its empty line.
    fn parse(head: &[u8]) -> Option<Head> {
        // What is not UTF-8 can only be in places that do not matter.
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split("\r\n");
        if lines.clone().any(|line| line.contains(['\r', '\n'])) {
            return None;
        }
        let status = parse_status(lines.next()?)?;
        let mut head = Head { status, lengths: Vec::new(), is_encoded: false };
        for line in lines {
            let (name, value) = line.split_once(':')?;
            if name.is_empty() || name.contains([' ', '\t']) {
                return None;
            }
            if name.eq_ignore_ascii_case("content-length") {
                head.lengths.push(value.trim().to_owned());
            }
            head.is_encoded |= name.eq_ignore_ascii_case("transfer-encoding");
        }
        Some(head)
    }

    /// How long the body will be, if that is known.
    fn length(&self, max_body: usize) -> Result<Option<usize>, FetchError> {
        if self.is_encoded {
            return Err(FetchError::BadResponse);
        }
        match &self.lengths[..] {
            [] => Ok(None),
            [length] if is_number(length) => match length.parse() {
                Ok(length) if length <= max_body => Ok(Some(length)),
                _ => Err(FetchError::TooLarge),
            },
            _ => Err(FetchError::BadResponse),
        }
    }
}

/// The status in the first line of a response.
fn parse_status(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))?;
    let (status, reason) = rest.split_at_checked(3)?;
    let is_status = is_number(status) && (reason.is_empty() || reason.starts_with(' '));
    is_status.then(|| status.parse().ok()).flatten()
}

/// `parse` would also take a plus sign.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads one response, and no more than a chunk beyond it.
async fn read_response(mut stream: impl AsyncRead + Unpin, max_body: usize) -> Result<Response, FetchError> {
    let mut bytes = Vec::with_capacity(CHUNK);
    let head = loop {
        // The end of the head may have begun in the chunk before.
        let looked_at = bytes.len().saturating_sub(3);
        if !read_some(&mut stream, &mut bytes).await? {
            return Err(ended_early());
        }
        let end = bytes[looked_at..].windows(4).position(|window| window == b"\r\n\r\n").map(|end| looked_at + end);
        if end.map_or(bytes.len(), |end| end + 4) > MAX_HEAD {
            return Err(FetchError::BadResponse);
        }
        if let Some(end) = end {
            let body = bytes.split_off(end + 4);
            bytes.truncate(end);
            let head = Head::parse(&bytes).ok_or(FetchError::BadResponse)?;
            bytes = body;
            break head;
        }
    };
    if !(200..300).contains(&head.status) {
        return Err(FetchError::Status(head.status));
    }
    match head.length(max_body)? {
        Some(length) => {
            while bytes.len() < length {
                if !read_some(&mut stream, &mut bytes).await? {
                    return Err(ended_early());
                }
            }
            bytes.truncate(length);
        }
        None => loop {
            if bytes.len() > max_body {
                return Err(FetchError::TooLarge);
            }
            if !read_some(&mut stream, &mut bytes).await? {
                break;
            }
        },
    }
    Ok(Response { status: head.status, body: bytes })
}

/// Reads what there is, up to a chunk. `false` is the end of the stream.
async fn read_some(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Result<bool, FetchError> {
    let count = stream.take(CHUNK as u64).read_buf(bytes).await.map_err(FetchError::Io)?;
    Ok(count > 0)
}

fn ended_early() -> FetchError {
    FetchError::Io(io::ErrorKind::UnexpectedEof.into())
}
