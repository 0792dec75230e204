//! One task per URL in a `JoinSet`, places from a semaphore; the head is read whole before it is looked at.

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

/// Fetches all of them: see the brief.
///
/// # Panics
/// If `options.limit` is 0.
pub async fn fetch_all<C>(connector: C, urls: Vec<String>, options: Options) -> Vec<Result<Response, FetchError>>
where
    C: Connect + Send + Sync + 'static,
{
    assert!(options.limit > 0, "a limit of 0 fetches nothing");
    let count = urls.len();
    let places = Arc::new(Semaphore::new(options.limit.min(Semaphore::MAX_PERMITS)));
    let connector = Arc::new(connector);
    let mut fetches = JoinSet::new();
    for (number, url) in urls.into_iter().enumerate() {
        let (connector, places, options) = (Arc::clone(&connector), Arc::clone(&places), options.clone());
        fetches.spawn(async move { (number, fetch(&*connector, &url, &places, &options).await) });
    }
    drop(connector);
    let mut results: Vec<_> = std::iter::repeat_with(|| None).take(count).collect();
    while let Some(fetched) = fetches.join_next().await {
        match fetched {
            Ok((number, result)) => results[number] = Some(result),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    results.into_iter().map(|result| result.expect("every fetch has been joined")).collect()
}

async fn fetch<C: Connect>(
    connector: &C,
    url: &str,
    places: &Semaphore,
    options: &Options,
) -> Result<Response, FetchError> {
    let url = Url::parse(url).ok_or(FetchError::BadUrl)?;
    let mut pause = options.backoff;
    let mut left = options.retries;
    loop {
        let place = places.acquire().await.expect("nobody closes the semaphore");
        let attempt = timeout(options.timeout, attempt(connector, &url, options.max_body)).await;
        drop(place);
        let error = match attempt.unwrap_or(Err(FetchError::Timeout)) {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let may_pass = match &error {
            FetchError::Connect(_) | FetchError::Io(_) | FetchError::Timeout => true,
            FetchError::Status(status) => (500..600).contains(status),
            _ => false,
        };
        if !may_pass || left == 0 {
            return Err(error);
        }
        left -= 1;
        sleep(pause).await;
        pause = pause.saturating_mul(2);
    }
}

struct Url<'a> {
    host: &'a str,
    port: u16,
    authority: &'a str,
    target: String,
}

impl<'a> Url<'a> {
    fn parse(url: &'a str) -> Option<Url<'a>> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let rest = url.strip_prefix("http://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (host, port) = match authority.split_once(':') {
            None => (authority, 80),
            Some((host, port)) => {
                if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                let port = port.trim_start_matches('0').parse::<u16>().ok()?;
                (host, port)
            }
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        if host.is_empty() || !host.bytes().all(is_host) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let target = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        Some(Url { host, port, authority, target })
    }
}

async fn attempt<C: Connect>(connector: &C, url: &Url<'_>, max_body: usize) -> Result<Response, FetchError> {
    let mut stream = connector.connect(url.host, url.port).await.map_err(FetchError::Connect)?;
    let request = format!("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.target, url.authority);
    stream.write_all(request.as_bytes()).await.map_err(FetchError::Io)?;
    stream.flush().await.map_err(FetchError::Io)?;

    let mut seen = Vec::new();
    let mut piece = vec![0; 8192];
    let mut looked = 0;
    let end = loop {
        let count = stream.read(&mut piece).await.map_err(FetchError::Io)?;
        if count == 0 {
            return Err(FetchError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        seen.extend_from_slice(&piece[..count]);
        let found = seen[looked..].windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| looked + at + 4);
        match found {
            Some(end) if end <= MAX_HEAD => break end,
            None if seen.len() <= MAX_HEAD => looked = seen.len().saturating_sub(3),
            _ => return Err(FetchError::BadResponse),
        }
    };
    let mut body = seen.split_off(end);
    let head = Head::parse(&seen[..end - 2]).ok_or(FetchError::BadResponse)?;
    if !(200..300).contains(&head.status) {
        return Err(FetchError::Status(head.status));
    }
    let length = head.length()?;
    if length.is_some_and(|length| length > max_body as u128) {
        return Err(FetchError::TooLarge);
    }
    loop {
        match length {
            Some(length) if body.len() as u128 >= length => {
                body.truncate(length as usize);
                break;
            }
            None if body.len() > max_body => return Err(FetchError::TooLarge),
            _ => {}
        }
        let count = stream.read(&mut piece).await.map_err(FetchError::Io)?;
        if count == 0 && length.is_some() {
            return Err(FetchError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        if count == 0 {
            break;
        }
        body.extend_from_slice(&piece[..count]);
    }
    Ok(Response { status: head.status, body })
}

struct Head {
    status: u16,
    coded: bool,
    lengths: Vec<Vec<u8>>,
}

impl Head {
    /// Every line with its CR LF.
    fn parse(head: &[u8]) -> Option<Head> {
        let mut lines = Vec::new();
        let mut rest = head;
        while !rest.is_empty() {
            let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
            if rest[..end].iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
                return None;
            }
            lines.push(&rest[..end]);
            rest = &rest[end + 2..];
        }
        let (first, headers) = lines.split_first()?;
        let first = first.strip_prefix(b"HTTP/1.1 ").or_else(|| first.strip_prefix(b"HTTP/1.0 "))?;
        let (digits, after) = first.split_at_checked(3)?;
        if !digits.iter().all(u8::is_ascii_digit) || !(after.is_empty() || after[0] == b' ') {
            return None;
        }
        let status = digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'));
        let (mut coded, mut lengths) = (false, Vec::new());
        for header in headers {
            let colon = header.iter().position(|byte| *byte == b':')?;
            let (name, value) = (&header[..colon], &header[colon + 1..]);
            if name.is_empty() || name.iter().any(|byte| matches!(byte, b' ' | b'\t')) {
                return None;
            }
            coded |= name.eq_ignore_ascii_case(b"transfer-encoding");
            if name.eq_ignore_ascii_case(b"content-length") {
                let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
                let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
                let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
                lengths.push(value[start..end].to_vec());
            }
        }
        Some(Head { status, coded, lengths })
    }

    fn length(&self) -> Result<Option<u128>, FetchError> {
        match &self.lengths[..] {
            _ if self.coded => Err(FetchError::BadResponse),
            [] => Ok(None),
            [digits] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                let add = |length: u128, digit: &u8| length.saturating_mul(10).saturating_add(u128::from(digit - b'0'));
                Ok(Some(digits.iter().fold(0, add)))
            }
            _ => Err(FetchError::BadResponse),
        }
    }
}
