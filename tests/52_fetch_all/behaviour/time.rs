//! The time limit: it spans an attempt, and nothing else.

use super::outcome::{fetched, options};
use super::script::Step::{Accept, Hang, Pause};
use super::script::{Net, after, response, text};
use harness::{expect_eq, fact};
use std::time::Duration;
use subject::Options;

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
