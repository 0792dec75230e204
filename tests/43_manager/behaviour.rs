//! What a manager's server, its proxies and its process do, with clients that behave and with others.

use harness::{
    Actor, Peer, actor, child_processes, children_running_after, expect, expect_eq, fact, open_descriptors, peer,
    peer_command, quiesce, start_peer, threads_alive,
};
use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use subject::ManagerError::{Changed, Closed, NoSuchKey, OutOfRange, Protocol, TooLarge};
use subject::{Client, MAX_FRAME, MAX_KEY, Manager, ManagerError, serve};

// ---------------------------------------------------------------------------------------------- what the facts use

/// Where the name of an abstract address is told to a process.
const ADDRESS: &str = "MANAGER_ADDRESS";

/// A name that no other test uses. Abstract addresses leave no file behind.
fn new_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later than 1970").as_nanos();
    format!("manager-{}-{now}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn address(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).expect("the name is short")
}

fn listener(name: &str) -> UnixListener {
    UnixListener::bind_addr(&address(name)).expect("nobody else uses this address")
}

fn connect(name: &str) -> UnixStream {
    UnixStream::connect_addr(&address(name)).expect("the server can be reached")
}

/// A server on a thread of this process.
struct Server {
    name: String,
    owner: UnixStream,
    thread: Actor<io::Result<()>>,
}

fn server() -> Server {
    let (name, (owner, theirs)) = (new_name(), pair());
    let listener = listener(&name);
    Server { name, owner, thread: actor("server", move || serve(theirs, listener)) }
}

impl Server {
    fn connect(&self) -> UnixStream {
        connect(&self.name)
    }

    fn client(&self) -> Client {
        Client::over(self.connect())
    }

    /// The owner leaves.
    #[track_caller]
    fn end(self, about: &str) {
        let Server { owner, thread, .. } = self;
        drop(owner);
        let result = done(thread, about);
        expect!(result.is_ok(), about, "serve returns Ok", format!("{result:?}"));
    }
}

fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().expect("the system has room for a socket pair")
}

/// What an actor returns, who must get to its end without anybody's help.
#[track_caller]
fn done<T>(actor: Actor<T>, about: &str) -> T {
    quiesce();
    let finished = actor.has_finished();
    expect!(finished, about, "it comes to an end", format!("it {}, like all others", actor.standing().describe()));
    actor.finish()
}

/// What an operation returns, which must be answered whatever others do.
#[track_caller]
fn answered<T: Send + 'static>(about: &str, operation: impl FnOnce() -> T + Send + 'static) -> T {
    done(actor("asking", operation), about)
}

/// All that arrives on a stream until nothing more will. Who writes in small pieces may have to wait until some are read.
fn arrived(mut stream: &UnixStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        quiesce();
        let before = bytes.len();
        stream.set_nonblocking(true).expect("a socket can be told not to block");
        let end = stream.read_to_end(&mut bytes).map_err(|error| error.kind());
        stream.set_nonblocking(false).expect("a socket can be told to block");
        expect!(
            matches!(end, Ok(_) | Err(ErrorKind::WouldBlock | ErrorKind::ConnectionReset)),
            "reading what has arrived",
            "bytes or the end",
            format!("{end:?}")
        );
        if bytes.len() == before {
            return bytes;
        }
    }
}

/// Whether the other side has closed a stream, on which nothing (more) is to be read.
fn is_closed(stream: &UnixStream) -> bool {
    quiesce();
    let mut stream = stream;
    stream.set_nonblocking(true).expect("a socket can be told not to block");
    let end = stream.read(&mut [0]).map_err(|error| error.kind());
    stream.set_nonblocking(false).expect("a socket can be told to block");
    matches!(end, Ok(0) | Err(ErrorKind::ConnectionReset))
}

/// What a client sends for one operation, whose connection is closed instead of an answer.
fn sent_for<T: Send + 'static>(operation: impl FnOnce(Client) -> T + Send + 'static) -> Vec<u8> {
    let (ours, theirs) = pair();
    let asking = actor("asking", move || drop(operation(Client::over(ours))));
    let sent = arrived(&theirs);
    drop(theirs);
    done(asking, "an operation whose connection is closed");
    sent
}

/// The first answer of a fresh server to these bytes.
fn answer_to(request: &[u8]) -> Vec<u8> {
    let server = server();
    let mut stream = server.connect();
    stream.write_all(request).expect("the server listens");
    let answer = arrived(&stream);
    server.end("the server, when its owner leaves");
    answer
}

/// Sends requests and reads no answer, until nothing goes any more.
fn flood(mut stream: UnixStream, request: Vec<u8>) -> Actor<()> {
    actor("flooding", move || while stream.write_all(&request).is_ok() {})
}

#[track_caller]
fn expect_result<T: Debug + PartialEq>(seen: Result<T, ManagerError>, expected: Result<T, ManagerError>, about: &str) {
    expect_eq!(seen, expected, about);
}

/// Adds 1 to a key so many times.
fn add(client: &Client, key: &str, times: usize) {
    let counts = client.dict("counts");
    for _ in 0..times {
        let mut expected = None;
        while let Err(error) = counts.update(key, expected, expected.unwrap_or(0) + 1) {
            expected = match error {
                Changed(actual) => actual,
                error => panic!("an update: {error:?}"),
            };
        }
    }
}

// -------------------------------------------------------------------------------------------- dictionaries and lists

/// A dictionary returns what was inserted last, counts its keys, and says `NoSuchKey` for the others.
///
/// Next: `insert` returns what was there before, `remove` what it takes out.
#[fact]
fn a_dictionary_holds_what_was_inserted() {
    let server = server();
    let dict = server.client().dict("ages");
    expect_result(dict.len(), Ok(0), "the length of a dictionary that nobody has used");
    expect_result(dict.get("Ada"), Err(NoSuchKey), "get, of a key that is not there");
    expect_result(dict.remove("Ada"), Err(NoSuchKey), "remove, of a key that is not there");
    expect_result(dict.insert("Ada", 36), Ok(None), "insert, of a new key");
    expect_result(dict.insert("Bob", i64::MIN), Ok(None), "insert, of a second key");
    expect_result(dict.insert("Ada", i64::MAX), Ok(Some(36)), "insert, of a key that has 36");
    expect_result(dict.len(), Ok(2), "the length with two keys");
    expect_result(dict.get("Ada"), Ok(i64::MAX), "get, of the largest value");
    expect_result(dict.get("Bob"), Ok(i64::MIN), "get, of the smallest value");
    expect_result(dict.remove("Ada"), Ok(i64::MAX), "remove, of a key that is there");
    expect_result(dict.get("Ada"), Err(NoSuchKey), "get, of a key that was removed");
    expect_result(dict.is_empty(), Ok(false), "is_empty, with one key");
    expect_result(dict.remove("Bob"), Ok(i64::MIN), "remove, of the last key");
    expect_result(dict.is_empty(), Ok(true), "is_empty, when the last key is removed");
    server.end("the server, when its owner leaves");
}

/// `update` changes a value exactly if it is the expected one, and says which one it is if not.
///
/// Next: `None` is an expectation, too: that the key is not there.
#[fact]
fn an_update_needs_the_expected_value() {
    let server = server();
    let dict = server.client().dict("counts");
    expect_result(dict.update("a", Some(0), 1), Err(Changed(None)), "update from 0, of a key that is not there");
    expect_result(dict.len(), Ok(0), "the length after an update that was refused");
    expect_result(dict.update("a", None, 5), Ok(()), "update from None, of a key that is not there");
    expect_result(dict.update("a", None, 6), Err(Changed(Some(5))), "update from None, of a key that has 5");
    expect_result(dict.update("a", Some(-5), 6), Err(Changed(Some(5))), "update from -5, of a key that has 5");
    expect_result(dict.get("a"), Ok(5), "the value after updates that were refused");
    expect_result(dict.update("a", Some(5), -1), Ok(()), "update from 5 to -1, of a key that has 5");
    expect_result(dict.get("a"), Ok(-1), "the value after an update to -1");
    expect_result(dict.update("a", Some(-1), 0), Ok(()), "update from -1 to 0, of a key that has -1");
    expect_result(dict.update("a", None, 1), Err(Changed(Some(0))), "update from None, of a key that has 0");
    server.end("the server, when its owner leaves");
}

/// A list grows and shrinks at its end, counts from 0, and says `OutOfRange` behind its end.
///
/// Next: the value that was pushed last is popped first.
#[fact]
fn a_list_grows_and_shrinks_at_its_end() {
    let server = server();
    let list = server.client().list("primes");
    expect_result(list.pop(), Err(OutOfRange), "pop, from an empty list");
    expect_result(list.get(0), Err(OutOfRange), "get(0), from an empty list");
    for value in [2, 3, -5] {
        expect_result(list.push(value), Ok(()), "push");
    }
    expect_result(list.len(), Ok(3), "the length after three pushes");
    let elements = [0, 1, 2, 3, usize::MAX].map(|index| list.get(index));
    let expected = [Ok(2), Ok(3), Ok(-5), Err(OutOfRange), Err(OutOfRange)];
    expect_eq!(elements, expected, "get, at 0, 1, 2, 3 and usize::MAX, after 2, 3 and -5 were pushed");
    expect_result(list.pop(), Ok(-5), "pop, after 2, 3 and -5 were pushed");
    expect_result(list.pop(), Ok(3), "a second pop");
    expect_result(list.get(1), Err(OutOfRange), "get, of an index that was popped");
    expect_result(list.len(), Ok(1), "the length after three pushes and two pops");
    expect_result(list.is_empty(), Ok(false), "is_empty, with one value");
    expect_result(list.pop(), Ok(2), "the last pop");
    expect_result(list.is_empty(), Ok(true), "is_empty, when the last value is popped");
    server.end("the server, when its owner leaves");
}

/// Whoever uses the same name works on the same thing; other names, and a list beside a dictionary, are other things.
///
/// Next: what identifies a dictionary is its name, not the proxy or the connection.
#[fact]
fn a_name_is_the_same_thing_for_everybody() {
    let server = server();
    let owner = Client::over(server.owner.try_clone().expect("a socket can be duplicated"));
    let (one, other) = (server.client(), server.client());
    expect_result(one.dict("x").insert("key", 1), Ok(None), "insert, by one client");
    let (about, dict) = ("get, by another client, in the dictionary of that name", other.dict("x"));
    expect_result(answered(about, move || dict.get("key")), Ok(1), about);
    expect_result(owner.dict("x").get("key"), Ok(1), "get, by the owner");
    expect_result(other.dict("y").get("key"), Err(NoSuchKey), "get, in a dictionary of another name");
    expect_result(other.list("x").len(), Ok(0), "the length of the list that is called like a dictionary");
    expect_result(other.list("x").push(7), Ok(()), "push, to a list that is called like a dictionary");
    drop(one);
    expect_result(owner.list("x").get(0), Ok(7), "get, by the owner, of what another client pushed");
    expect_result(owner.dict("x").len(), Ok(1), "the length of a dictionary whose client has gone");
    drop(owner);
    server.end("the server, when its owner leaves");
}

/// Any text is a name or a key: empty, of any script, with control characters, of 64 KiB.
///
/// Next: put the length of a text in front of it; there is no character that cannot be in it.
#[fact(seconds = 10)]
fn any_text_is_a_name_or_a_key() {
    let server = server();
    let client = server.client();
    let long = "ä".repeat(MAX_KEY / 2);
    let texts = ["", " ", "a", "ab", "b", "a\0b", "\n", "a b", "a,b", "a:b", "1", "größe", "鍵", "\u{1F511}", &long];
    let cut = |text: &str| text.chars().take(9).collect::<String>();
    for (number, name) in texts.iter().enumerate() {
        for (place, key) in texts.iter().enumerate() {
            let value = (number * texts.len() + place) as i64;
            let about = format!("insert, of the key {:?} into the dictionary {:?}", cut(key), cut(name));
            expect_result(client.dict(name).insert(key, value), Ok(None), &about);
        }
        expect_result(client.list(name).push(number as i64), Ok(()), &format!("push, to the list {:?}", cut(name)));
    }
    for (number, name) in texts.iter().enumerate() {
        for (place, key) in texts.iter().enumerate() {
            let value = (number * texts.len() + place) as i64;
            let about = format!("get, of the key {:?} from the dictionary {:?}", cut(key), cut(name));
            expect_result(client.dict(name).get(key), Ok(value), &about);
        }
        let about = format!("get(0), from the list {:?}", cut(name));
        expect_result(client.list(name).get(0), Ok(number as i64), &about);
    }
    server.end("the server, when its owner leaves");
}

/// An operation with a key or a name over 64 KiB is `TooLarge`, sends nothing, and leaves the connection usable.
///
/// Next: look at the lengths, in bytes, before anything is written.
#[fact]
fn a_key_over_the_limit_is_too_large() {
    expect_eq!((MAX_KEY, MAX_FRAME), (65_536, 1_048_576), "MAX_KEY and MAX_FRAME");
    let server = server();
    let client = server.client();
    let long = "k".repeat(MAX_KEY + 1);
    expect_result(client.dict("d").insert(&long, 1), Err(TooLarge), "insert, of a key of 65537 bytes");
    expect_result(client.dict("d").get(&"ä".repeat(MAX_KEY / 2 + 1)), Err(TooLarge), "get, of a key of 65538 bytes");
    expect_result(client.dict(&long).len(), Err(TooLarge), "the length of a dictionary whose name has 65537 bytes");
    expect_result(client.list(&long).push(1), Err(TooLarge), "push, to a list whose name has 65537 bytes");
    expect_result(
        client.dict("d").len(),
        Ok(0),
        "the length, over the connection on which four operations were TooLarge",
    );
    let sent = sent_for(move |client| client.dict("d").update(&long, None, 1));
    expect_eq!(sent.len(), 0, "the bytes that are sent for an update of a key of 65537 bytes");
    server.end("the server, when its owner leaves");
}

// ------------------------------------------------------------------------------------------------------ on the wire

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

// ------------------------------------------------------------------------------------------- clients that misbehave

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

// ------------------------------------------------------------------------------------------------ the server's end

/// When the owner has gone, `serve` returns, with all its threads and descriptors gone and all connections closed.
///
/// Next: who waits in `accept`, and who in `read`? Each must be woken, and waited for.
#[fact]
fn the_server_ends_when_its_owner_leaves() {
    let before = (threads_alive(), open_descriptors());
    let server = server();
    let name = server.name.clone();
    let clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &clients {
        expect_result(client.list("l").push(1), Ok(()), "a push");
    }
    server.end("the server, whose owner leaves while three clients are connected");
    let refused = UnixStream::connect_addr(&address(&name)).is_err();
    expect!(refused, "connecting to a server that has ended", "it is refused", "there is a connection");
    for client in clients {
        expect_result(client.list("l").len(), Err(Closed), "len, when the server has ended");
    }
    quiesce();
    expect_eq!((threads_alive(), open_descriptors()), before, "the threads and descriptors, before and after a server");
}

/// An owner that sends nonsense has its connection closed like anybody, and the server ends in order.
///
/// Next: it does not matter why the owner's connection ends.
#[fact]
fn nonsense_from_the_owner_ends_the_server() {
    let server = server();
    let client = server.client();
    expect_result(client.list("l").push(1), Ok(()), "a push");
    let mut owner = server.owner.try_clone().expect("a socket can be duplicated");
    owner.write_all(&u32::MAX.to_be_bytes()).expect("the server listens");
    let about = "serve, after a hostile header from the owner";
    expect!(done(server.thread, about).is_ok(), about, "Ok", "an error");
    expect!(is_closed(&server.owner), "the owner's connection after a hostile header", "it is closed", "it is open");
}

/// If the listener fails, `serve` returns that error, and closes the owner's connection.
///
/// Next: the owner's connection must be ended, too, if it is not the owner who ends the server.
#[fact]
fn a_listener_that_fails_ends_the_server() {
    let (owner, theirs) = pair();
    // A connected socket accepts nobody.
    let (no_listener, _other) = pair();
    let thread = actor("server", move || serve(theirs, UnixListener::from(OwnedFd::from(no_listener))));
    let about = "serve, with a socket that is no listener";
    let result = done(thread, about);
    expect!(result.is_err(), about, "the error of accept", "Ok");
    expect!(is_closed(&owner), "the owner's connection, when serve has failed", "it is closed", "it is open");
}

// ------------------------------------------------------------------------------------------------------ processes

/// A server process. When somebody writes to its second address, it dies.
#[peer]
fn server_process(stream: UnixStream) {
    let name = std::env::var(ADDRESS).expect("the fact tells the address");
    let own = listener(&name);
    if let Ok(mut fate) = UnixStream::connect_addr(&address(&format!("{name}-fate"))) {
        std::thread::spawn(move || {
            if fate.read(&mut [0]).is_ok_and(|count| count > 0) {
                std::process::abort();
            }
        });
    }
    serve(stream, own).expect("the listener does not fail");
}

/// A process that adds 1 to a key 500 times, beginning when it is told to, and says when it is ready and when it is done.
#[peer]
fn adding_process(mut stream: UnixStream) {
    let client = Client::over(connect(&told(&mut stream)));
    stream.read_exact(&mut [0]).expect("the fact says when to begin");
    add(&client, "key", 500);
    stream.write_all(&[1]).expect("the fact listens");
}

/// A process that owns a server, and says so, and whether an operation works.
#[peer]
fn owning_process(mut stream: UnixStream) {
    let manager = Manager::start(server_command(&told(&mut stream))).expect("the server starts");
    let works = manager.client().list("l").push(1).is_ok();
    stream.write_all(&[u8::from(works)]).expect("the fact listens");
    let _ = stream.read(&mut [0]);
}

/// No server: it ends at once.
#[peer]
fn ending_process(_stream: UnixStream) {}

/// No server: it answers nonsense, and does not end when its standard input does.
#[peer]
fn nonsense_process(mut stream: UnixStream) {
    let _ = stream.read(&mut [0; 1024]);
    let _ = stream.write_all(&[0xFF; 8]);
    loop {
        std::thread::park();
    }
}

/// Starts a peer and tells it the address of the server.
fn start_worker(part: &str, name: &str) -> (Peer, UnixStream) {
    let (peer, mut stream) = start_peer(part);
    let told = [&[name.len() as u8], name.as_bytes()].concat();
    stream.write_all(&told).expect("the worker listens");
    (peer, stream)
}

fn told(stream: &mut UnixStream) -> String {
    let mut len = [0];
    stream.read_exact(&mut len).expect("the fact tells the address");
    let mut name = vec![0; usize::from(len[0])];
    stream.read_exact(&mut name).expect("the fact tells the address");
    String::from_utf8(name).expect("the address is text")
}

fn server_command(name: &str) -> Command {
    let mut command = peer_command("server_process");
    command.env(ADDRESS, name);
    command
}

#[track_caller]
fn expect_no_children(about: &str) {
    expect_eq!(child_processes(), [], about);
}

/// A started manager works, for its owner and for others; dropped, it leaves no process, no zombie, no descriptor.
///
/// Next: a child that nobody waits for stays as a zombie.
#[fact]
fn a_dropped_manager_leaves_nothing_behind() {
    let (before, name) = (open_descriptors(), new_name());
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    expect_eq!(child_processes().len(), 1, "the number of processes that a manager starts");
    expect_result(manager.client().dict("d").insert("key", 1), Ok(None), "insert, by the owner");
    let other = Client::over(connect(&name));
    expect_result(
        other.dict("d").get("key"),
        Ok(1),
        "get, over a connection of its own, as soon as start has returned",
    );
    drop(other);
    drop(manager);
    expect_no_children("the processes when the manager is dropped");
    expect_eq!(open_descriptors(), before, "the open descriptors, before and after a manager");
}

/// Clones of the owner's client, and stuck connections of others, do not keep a dropped manager's server alive.
///
/// Next: the owner leaves when the manager is dropped, not when the last clone of its client is.
#[fact]
fn a_dropped_manager_ends_its_clients() {
    let name = new_name();
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let (client, other) = (manager.client(), Client::over(connect(&name)));
    let request = sent_for(|client| client.list("l").len());
    let mut stuck = connect(&name);
    stuck.write_all(&request[..request.len() - 1]).expect("the server listens");
    drop(manager);
    expect_no_children("the processes when the manager is dropped, while clients are connected");
    expect_result(client.list("l").len(), Err(Closed), "len, by the owner's client, when the manager is dropped");
    expect_result(other.list("l").len(), Err(Closed), "len, by another client, when the manager is dropped");
}

/// Four processes that add 1 to the same key 500 times each, by `update`, lose nothing.
///
/// Next: the comparison and the change must be one step of the server.
#[fact(seconds = 20)]
fn four_processes_lose_no_update() {
    let name = new_name();
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let mut workers: Vec<_> = (0..4).map(|_| start_worker("adding_process", &name)).collect();
    for (_, stream) in &mut workers {
        stream.write_all(&[1]).expect("the worker listens");
    }
    for (_, stream) in &mut workers {
        let done = stream.read_exact(&mut [0]).is_ok();
        expect!(done, "a process that adds 500 times", "it gets to its end", "it has failed");
    }
    let total = manager.client().dict("counts").get("key");
    expect_result(total, Ok(2000), "the sum, when four processes have added 1 to it 500 times each");
    drop(workers);
    drop(manager);
    expect_no_children("the processes when the manager is dropped");
}

/// When the owner's process is killed, the server ends.
///
/// Next: nobody can clean up after `kill -9`, except the system: it closes the connection. Does anybody else have that end?
#[fact]
fn a_killed_owner_takes_its_server_along() {
    let name = new_name();
    let (mut owner, mut stream) = start_worker("owning_process", &name);
    let mut works = [0];
    let told = stream.read_exact(&mut works).is_ok();
    expect!(told && works == [1], "a manager in another process", "it works", "it does not");
    // This connection stays open; it is not the owner's.
    let other = Client::over(connect(&name));
    expect_result(other.list("l").len(), Ok(1), "len, by a process that is not the owner");
    owner.kill().expect("a peer can be killed");
    owner.wait().expect("a peer can be waited for");
    let running = children_running_after(Duration::from_secs(5));
    expect_eq!(running, [], "the processes that run when the owner was killed");
    expect_result(other.list("l").len(), Err(Closed), "len, when the owner was killed");
    harness::reap_children();
}

/// When the server dies, operations are `Closed`, and dropping the manager still waits for the dead process.
///
/// Next: the end of the connection says it all; the process is waited for in any case.
#[fact]
fn a_server_that_dies_is_closed_and_waited_for() {
    let name = new_name();
    let fate = listener(&format!("{name}-fate"));
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let client = manager.client();
    expect_result(client.list("l").push(1), Ok(()), "a push");
    let (mut fate, _) = fate.accept().expect("the server connects");
    fate.write_all(&[1]).expect("the server listens");
    let _ = fate.read(&mut [0]);
    expect_result(client.list("l").push(1), Err(Closed), "a push, when the server has died");
    expect_result(manager.client().list("l").len(), Err(Closed), "len, by another clone, when the server has died");
    drop(manager);
    expect_no_children("the processes when the manager of a dead server is dropped");
}

/// `start` fails, and leaves no process, if there is no program, if it ends at once, or if it answers nonsense.
///
/// Next: only the server's process may have the server's end of the socket; and a program that is no server is killed.
#[fact]
fn a_program_that_is_no_server_does_not_start() {
    let before = open_descriptors();
    let commands = [
        (Command::new("/there/is/no/such/program"), "start, with a program that is not there"),
        (peer_command("ending_process"), "start, with a program that ends at once"),
        (peer_command("nonsense_process"), "start, with a program that answers nonsense and goes on"),
    ];
    for (command, about) in commands {
        expect!(Manager::start(command).is_err(), about, "an error", "a manager");
        expect_no_children(&format!("the processes after {about}"));
    }
    expect_eq!(open_descriptors(), before, "the open descriptors, before and after three that did not start");
}
