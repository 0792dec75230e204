//! What is answered: which heads and bodies are understood, and where they are cut off.

use super::outcome::{fate, fate_of, fetched, on_paused_clock, options, told};
use super::script::Step::{Accept, Bytes, Endless, Hang};
use super::script::{Net, shown, text};
use harness::{expect, expect_eq, fact};
use subject::{MAX_HEAD, Options, fetch_all};

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
#[fact(negated)]
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
#[fact(negated)]
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
