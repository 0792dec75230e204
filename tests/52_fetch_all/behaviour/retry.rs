//! Once more: what is tried again, how often, and after which pause.

use super::outcome::{fetched, on_paused_clock, retrying};
use super::script::Step::{Accept, Fail, Hang, Pause, RefuseWrites};
use super::script::{Net, after, response, text};
use harness::{expect, expect_eq, fact};
use std::io::ErrorKind;
use std::time::Duration;
use subject::{Options, fetch_all};
use tokio::time::timeout;

/// Failures that may pass are tried again, `retries` times and no more; the others are final.
///
/// Next: name the failures that may pass in one place.
#[fact(negated)]
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
#[fact(negated)]
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
