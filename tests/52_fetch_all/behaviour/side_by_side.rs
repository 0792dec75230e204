//! URLs are fetched side by side, at most `limit` at a time, and the results come in the order of the URLs.

use super::outcome::{LONG, fetched, on_paused_clock, options};
use super::script::Step::{Accept, Fail, Hang, Pause, RefuseWrites};
use super::script::{Net, after, response, text};
use harness::{expect, expect_eq, fact};
use std::io::{self, ErrorKind};
use subject::{FetchError, MAX_HEAD, Options, fetch_all};
use tokio::time::timeout;

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
