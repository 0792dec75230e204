//! Clients that stop half-way, read nothing or send nonsense: they disturb nobody, and leave nothing behind.

use super::bytes::{is_closed, sent_for};
use super::server::{answered, done, expect_result, server};
use harness::{Actor, actor, expect, expect_eq, fact, open_descriptors, quiesce, threads_alive};
use std::io::Write;
use std::os::unix::net::UnixStream;
use subject::MAX_FRAME;
use subject::ManagerError::Closed;

/// Sends requests and reads no answer, until nothing goes any more.
fn flood(mut stream: UnixStream, request: Vec<u8>) -> Actor<()> {
    actor("flooding", move || while stream.write_all(&request).is_ok() {})
}

/// A client that sends a part of a request and stops keeps nobody waiting, also for the end of the server.
///
/// Next: wait for one client where nobody else waits: on a thread of its own, without a lock.
#[fact]
fn half_a_request_keeps_nobody_waiting() {
    let request = sent_for(|client| client.dict("d").insert("key", 1));
    let server = server();
    let stuck: Vec<_> = [0, 2, 4, request.len() - 1]
        .map(|count| {
            let mut stream = server.connect();
            stream.write_all(&request[..count]).expect("the server listens");
            stream
        })
        .into();
    let client = server.client();
    let dict = client.dict("d");
    let about = "an insert, while four other clients have sent a part of a request";
    expect_result(answered(about, move || dict.insert("key", 2)), Ok(None), about);
    server.end("the server, whose owner leaves while four clients have sent a part of a request");
    for stream in &stuck {
        expect!(is_closed(stream), "a connection when its server has ended", "it is closed", "it is open");
    }
    expect_result(client.list("l").len(), Err(Closed), "len, when the server has ended");
}

/// A client that never reads its answers keeps nobody waiting, also for the end of the server.
///
/// Next: hold no lock while an answer is written: the write may wait for as long as the client likes.
#[fact]
fn unread_answers_keep_nobody_waiting() {
    let server = server();
    let kinds = [
        sent_for(|client| client.list("l").len()),
        sent_for(|client| client.dict("d").get("key")),
        sent_for(|client| client.dict("d").update("key", Some(1), 2)),
    ];
    let flooding: Vec<_> = kinds
        .map(|request| {
            let stream = server.connect();
            let kept = stream.try_clone().expect("a socket can be duplicated");
            (flood(stream, request), kept)
        })
        .into();
    quiesce();
    for (flooding, _) in &flooding {
        expect!(!flooding.has_finished(), "a client that reads no answers", "it waits at last", "it is closed");
    }
    let client = server.client();
    let about = "operations, while three other clients read no answers";
    let results = answered(about, move || {
        let (dict, list) = (client.dict("d"), client.list("l"));
        (dict.insert("key", 2), dict.get("key"), list.push(1), list.len())
    });
    expect_eq!(results, (Ok(None), Ok(2), Ok(()), Ok(1)), about);
    server.end("the server, whose owner leaves while three clients read no answers");
    for (flooding, _kept) in flooding {
        done(flooding, "a client that reads no answers, when the server has ended");
    }
}

/// A header of 0 or over 1 MiB ends its own connection at once: nothing is reserved, nothing waited for, nobody disturbed.
///
/// Next: look at the length before anything is done with it.
#[fact]
fn a_hostile_header_ends_its_own_connection() {
    let server = server();
    let client = server.client();
    expect_result(client.list("l").push(1), Ok(()), "a push by another client");
    for length in [0, MAX_FRAME as u32 + 1, 0x7FFF_FFFF, u32::MAX] {
        let mut stream = server.connect();
        stream.write_all(&length.to_be_bytes()).expect("the server listens");
        let about = format!("a connection on which a header of {length} has come");
        expect!(is_closed(&stream), about, "the server has closed it", "it is open");
    }
    for length in [1, MAX_FRAME as u32] {
        let mut stream = server.connect();
        stream.write_all(&length.to_be_bytes()).expect("the server listens");
        let about = format!("a connection on which a header of {length} has come, and no payload yet");
        expect!(!is_closed(&stream), about, "it is open", "the server has closed it");
    }
    expect_result(client.list("l").pop(), Ok(1), "a pop by another client, after hostile headers");
    server.end("the server, when its owner leaves");
}

/// Nonsense in a frame disturbs nobody else, whatever the server makes of it.
///
/// Next: decode with functions that return an `Option`; an index out of range or text that is no UTF-8 must not panic.
#[fact]
fn nonsense_disturbs_nobody() {
    let server = server();
    let client = server.client();
    expect_result(client.list("untouched").push(1), Ok(()), "a push by another client");
    let request = sent_for(|client| client.dict("größe").update("größe", Some(1), 2));
    let payload = &request[4..];
    // Each byte changed, and each length: whatever the payload is made of, some of these are not requests. Of a long one
    // every second or third will do: on a busy machine all these connections may be open at once, each with its threads.
    let step = payload.len().div_ceil(50);
    let mut payloads: Vec<Vec<u8>> = (1..payload.len()).step_by(step).map(|count| payload[..count].to_vec()).collect();
    for place in (0..payload.len()).step_by(step) {
        for byte in [0, 0x7F, 0xFF] {
            let mut changed = payload.to_vec();
            changed[place] = byte;
            payloads.push(changed);
        }
    }
    payloads.extend([vec![0xFF; 1000], vec![0; 1000], b"GET / HTTP/1.1\r\n\r\n".to_vec()]);
    for payload in &payloads {
        let mut stream = server.connect();
        let frame = [&(payload.len() as u32).to_be_bytes()[..], payload].concat();
        stream.write_all(&frame).expect("the server listens");
    }
    let about = "a pop by another client, after nonsense";
    expect_result(answered(about, move || client.list("untouched").pop()), Ok(1), about);
    server.end("the server, when its owner leaves after nonsense came");
}

/// After 100 clients have come and gone, the server has no thread and no descriptor more than before.
///
/// Next: whatever the server remembers of a connection must be forgotten when the connection ends.
#[fact]
fn clients_that_have_gone_leave_nothing_behind() {
    let server = server();
    let visit = |count: i64| {
        expect_result(server.client().list("l").push(count), Ok(()), "a push by one of many clients");
    };
    visit(0);
    quiesce();
    let before = (threads_alive(), open_descriptors());
    (1..=100).for_each(visit);
    quiesce();
    let after = (threads_alive(), open_descriptors());
    expect_eq!(after.0, before.0, "the threads after 100 clients");
    expect_eq!(after.1, before.1, "the open descriptors after 100 clients");
    server.end("the server, when its owner leaves");
}
