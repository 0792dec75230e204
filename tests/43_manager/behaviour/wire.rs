//! Requests and answers on their way: frames in pieces or together, and connections that are shared or break.

use super::bytes::{answer_to, arrived, is_closed, sent_for};
use super::server::{answered, done, expect_result, pair, server};
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::io::Write;
use std::net::Shutdown;
use subject::ManagerError::{Closed, Protocol};
use subject::{Client, MAX_FRAME, MAX_KEY, ManagerError};

/// A request is one frame, an answer is one frame, and nothing else is sent.
///
/// Next: four bytes with the length of the payload, the highest first, and then the payload.
#[fact]
fn requests_and_answers_are_one_frame_each() {
    let frame = |bytes: &[u8], about: &str| {
        let len = bytes.split_first_chunk().map(|(header, payload)| (u32::from_be_bytes(*header), payload.len()));
        let whole = len.is_some_and(|(told, is)| told as usize == is && is > 0 && is <= MAX_FRAME);
        let seen = format!("{} bytes, beginning with {:?}", bytes.len(), &bytes[..bytes.len().min(8)]);
        expect!(whole, about, "a header, and as many bytes as it tells", seen);
    };
    let long = "k".repeat(MAX_KEY);
    let (ours, theirs) = pair();
    let client = Client::over(ours);
    let _proxies = (client.dict("d"), client.list("l"));
    expect_eq!(arrived(&theirs), [], "what is sent before there is an operation");
    let requests = [
        sent_for(|client| client.dict("d").get("key")),
        sent_for(move |client| client.dict(&long).insert(&long, -1)),
        sent_for(|client| client.dict("d").update("key", None, 1)),
        sent_for(|client| client.list("l").push(1)),
        sent_for(|client| client.list("l").len()),
    ];
    for (request, operation) in requests.iter().zip(["a get", "an insert", "an update", "a push", "a len"]) {
        frame(request, &format!("what is sent for {operation}"));
        frame(&answer_to(request), &format!("what the server answers to {operation}"));
    }
}

/// A request that arrives byte by byte is carried out, and so is an answer understood.
///
/// Next: one `read` may return a part of what was asked for, of a header too.
#[fact]
fn frames_may_arrive_byte_by_byte() {
    let request = sent_for(|client| client.list("l").push(1));
    let server = server();
    let mut stream = server.connect();
    for byte in &request {
        stream.write_all(&[*byte]).expect("the server listens");
        quiesce();
    }
    let answer = arrived(&stream);
    expect_result(server.client().list("l").len(), Ok(1), "the length after a push that arrived byte by byte");
    server.end("the server, when its owner leaves");
    let (ours, mut theirs) = pair();
    let asking = actor("asking", move || Client::over(ours).list("l").push(1));
    for byte in answer {
        theirs.write_all(&[byte]).expect("the client listens");
        quiesce();
    }
    expect_result(done(asking, "a push whose answer arrives byte by byte"), Ok(()), "a push, answered byte by byte");
}

/// Requests that arrive together are answered one after the other, in their order.
///
/// Next: what was read beyond the end of one frame belongs to the next one.
#[fact]
fn requests_that_arrive_together_are_answered_in_order() {
    let push = sent_for(|client| client.list("l").push(9));
    let len = sent_for(|client| client.list("l").len());
    let [pushed, nothing] = [&push, &len].map(|request| answer_to(request));
    let server = server();
    let mut stream = server.connect();
    stream.write_all(&[&len[..], &push, &len, &push, &len].concat()).expect("the server listens");
    let answers = arrived(&stream);
    let first = [nothing, pushed].concat();
    expect!(
        answers.starts_with(&first) && answers.len() > first.len(),
        "the answers to len, push, len, push, len that were sent at once",
        "the answer to len, the answer to push, and three more",
        format!("{answers:?}, where {first:?} are the first two when they are sent one by one")
    );
    expect_result(server.client().list("l").len(), Ok(2), "the length after two pushes that arrived at once");
    server.end("the server, when its owner leaves");
}

/// A request that has arrived is carried out although its client has gone; a part of one has no effect.
///
/// Next: read the whole frame before anything is done about it.
#[fact]
fn a_request_counts_if_it_has_arrived_whole() {
    let requests =
        [sent_for(|client| client.list("l").push(1)), sent_for(|client| client.dict("d").insert("some key", 1))];
    let server = server();
    for request in &requests {
        for count in 1..request.len() {
            let mut stream = server.connect();
            stream.write_all(&request[..count]).expect("the server listens");
        }
    }
    quiesce();
    let lengths = |client: Client| (client.list("l").len(), client.dict("d").len());
    expect_eq!(lengths(server.client()), (Ok(0), Ok(0)), "the lengths after a push and an insert that broke off");
    for request in &requests {
        server.connect().write_all(request).expect("the server listens");
    }
    quiesce();
    let about = "the lengths after a push and an insert whose clients left at once";
    expect_eq!(lengths(server.client()), (Ok(1), Ok(1)), about);
    server.end("the server, when its owner leaves");
}

/// Threads that share a connection get the answers to their own requests.
///
/// Next: from the first byte of a request to the last byte of its answer the connection belongs to one thread.
#[fact(seconds = 10)]
fn threads_that_share_a_connection_get_their_own_answers() {
    let server = server();
    let client = server.client();
    let numbers = client.dict("numbers");
    for number in 0..4 {
        expect_result(numbers.insert(&number.to_string(), number), Ok(None), "insert");
    }
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let (numbers, list) = (numbers.clone(), client.list(&number.to_string()));
            actor("sharing", move || {
                (0..200).all(|count| {
                    numbers.get(&number.to_string()) == Ok(number)
                        && list.push(number) == Ok(())
                        && list.len() == Ok(count + 1)
                })
            })
        })
        .collect();
    for thread in threads {
        expect!(thread.finish(), "600 operations by each of four threads", "the right answers", "another one's answer");
    }
    server.end("the server, when its owner leaves");
}

/// The connection is open as long as its client or one of its proxies is there, and closed when the last is dropped.
///
/// Next: share the stream by counting who has it; do not keep a copy that nobody counts.
#[fact]
fn a_connection_ends_with_its_last_proxy() {
    let (ours, theirs) = pair();
    let client = Client::over(ours);
    let (dict, list, clone) = (client.dict("d"), client.list("l"), client.clone());
    let dict_clone = dict.clone();
    drop((client, dict, clone, list));
    expect!(!is_closed(&theirs), "a connection that one proxy still has", "it is open", "it is closed");
    drop(dict_clone);
    expect!(is_closed(&theirs), "a connection whose client and proxies are dropped", "it is closed", "it is open");
}

/// A client whose server answers nonsense says `Protocol` at once, one whose server has gone `Closed`; then all is `Closed`.
///
/// Next: after a failure nobody knows where the next answer begins: the connection must not be used again.
#[fact]
fn a_client_survives_its_server() {
    let too_long = (MAX_FRAME as u32 + 1).to_be_bytes();
    let cases: [(&[u8], bool, ManagerError, &str); 6] = [
        (&[0; 4], false, Protocol, "whose answer is an empty frame"),
        (&too_long, false, Protocol, "whose answer has a header of one byte over the limit"),
        (&[0xFF; 4], false, Protocol, "whose answer has a header of 4 GiB"),
        (&[], true, Closed, "whose server ends instead of answering"),
        (&[0, 0], true, Closed, "whose server ends in the middle of a header"),
        (&[0, 0, 1, 0, 0], true, Closed, "whose server ends in the middle of an answer"),
    ];
    for (answer, ends, expected, when) in cases {
        let (ours, mut theirs) = pair();
        let client = Client::over(ours);
        let dict = client.dict("d");
        let asking = actor("asking", move || dict.get("key"));
        let first = arrived(&theirs);
        theirs.write_all(answer).expect("the client listens");
        if ends {
            theirs.shutdown(Shutdown::Write).expect("a socket can be shut down");
        }
        expect_result(done(asking, &format!("a get {when}")), Err(expected), &format!("a get {when}"));
        let list = client.list("l");
        let about = format!("a push after a get {when}");
        expect_result(answered(&about, move || list.push(1)), Err(Closed), &about);
        expect_eq!(arrived(&theirs), [], format!("what is sent for {about} ({} bytes for the get)", first.len()));
    }
    let (ours, theirs) = pair();
    drop(theirs);
    expect_result(Client::over(ours).list("l").len(), Err(Closed), "len, over a connection whose server has gone");
}
