//! What is asked: which URLs are taken, and how the request reads.

use super::outcome::{fetched, options, retrying};
use super::script::Step::{Accept, Pause};
use super::script::{Call, Net, after, response, shown};
use harness::{expect, expect_eq, fact, unmet};

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
#[fact(negated)]
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
