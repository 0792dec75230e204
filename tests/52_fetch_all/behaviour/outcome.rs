//! `fetch_all` called on a paused clock, and what came of it in short.

use super::script::Step::{Accept, Bytes, Hang};
use super::script::{Net, Step};
use harness::{paused_clock, unmet};
use std::time::Duration;
use subject::{FetchError, Options, Response, fetch_all};
use tokio::time::{Instant, timeout};

/// Longer than anything that does what it should.
pub(super) const LONG: Duration = Duration::from_secs(1_000_000);

/// Plays a story on a runtime with a paused clock.
pub(super) fn on_paused_clock<R>(story: impl Future<Output = R>) -> R {
    paused_clock!().block_on(story)
}

/// No retries, room for everybody, bodies of 1000 bytes.
pub(super) fn options() -> Options {
    Options {
        limit: 100,
        timeout: Duration::from_secs(10),
        retries: 0,
        backoff: Duration::from_millis(100),
        max_body: 1000,
    }
}

pub(super) fn retrying(retries: u32) -> Options {
    Options { retries, ..options() }
}

/// What the results are, in short, and how many milliseconds it took.
pub(super) fn fetched(net: &Net, urls: &[&str], options: Options) -> (Vec<String>, u64) {
    let urls: Vec<String> = urls.iter().copied().map(String::from).collect();
    on_paused_clock(async {
        let begun = net.log(|log| *log.begun.insert(Instant::now()));
        match timeout(LONG, fetch_all(net.clone(), urls, options)).await {
            Ok(results) => (results.iter().map(told).collect(), begun.elapsed().as_millis() as u64),
            Err(_) => unmet("fetch_all, when no server holds it up any more", "it returns", "it waits for ever"),
        }
    })
}

pub(super) fn told(result: &Result<Response, FetchError>) -> String {
    match result {
        Ok(Response { status, body }) if body.len() > 60 => format!("{status} with {} bytes", body.len()),
        Ok(Response { status, body }) => format!("{status} {}", String::from_utf8_lossy(body)),
        Err(FetchError::Connect(error)) => format!("Connect({:?})", error.kind()),
        Err(FetchError::Io(error)) => format!("Io({:?})", error.kind()),
        Err(error) => format!("{error:?}"),
    }
}

/// What becomes of one URL whose server has this script, without retries.
pub(super) fn fate(steps: Vec<Step>) -> String {
    fetched(&Net::all(steps), &["http://host/"], options()).0.concat()
}

/// What becomes of one URL whose server sends this, and then says no more.
pub(super) fn fate_of(bytes: &[u8]) -> String {
    fate(vec![Accept, Bytes(bytes.to_vec(), usize::MAX), Hang])
}
