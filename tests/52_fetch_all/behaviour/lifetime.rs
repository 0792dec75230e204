//! The beginning and the end: nothing happens before the first poll, and nothing is left behind.

use super::outcome::{on_paused_clock, options, retrying};
use super::script::Step::{Accept, Hang, Pause};
use super::script::{Net, after, response, text};
use harness::{expect, expect_eq, fact};
use std::sync::Arc;
use std::time::Duration;
use subject::{Options, fetch_all};
use tokio::time::{sleep, timeout};

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
