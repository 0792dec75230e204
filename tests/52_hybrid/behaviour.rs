//! What a worker does with its loop, what the owner does with its workers, and what is left of their processes.

use harness::{
    Actor, actor, child_processes, children_running_after, expect, expect_eq, fact, open_descriptors, peer,
    peer_command, quiesce, reap_children, start_peer, threads_alive,
};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::{ItemError, MAX_TEXT, dispatch, hybrid_map, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Barrier, Semaphore};

// ---------------------------------------------------------------------------------------------- what the facts use

/// An answer, with the id of its item.
type Answer = (u64, Result<u64, String>);

/// One end of a socket, in the hands of a fact: it plays the owner, or a worker.
struct End {
    stream: UnixStream,
    unread: Vec<u8>,
    ended: bool,
}

impl End {
    fn pair() -> (End, UnixStream) {
        let (stream, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
        stream.set_nonblocking(true).expect("a socket can be made not to block");
        (End { stream, unread: Vec::new(), ended: false }, theirs)
    }

    /// Writes, as long as the other side makes room for it. Gives up when it never will.
    fn write(&mut self, mut bytes: &[u8]) {
        let mut rested = false;
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(count) => (bytes, rested) = (&bytes[count..], false),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !rested => {
                    quiesce();
                    rested = true;
                }
                Err(error) => harness::unmet("writing to the other side", "it reads on", error.to_string()),
            }
        }
    }

    /// Takes everything that is there when nothing goes on any more.
    fn rest(&mut self) {
        quiesce();
        let mut bytes = [0; 4096];
        while !self.ended {
            match self.stream.read(&mut bytes) {
                Ok(0) => self.ended = true,
                Ok(count) => self.unread.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.ended = true,
            }
        }
    }

    fn has_ended(&mut self) -> bool {
        self.rest();
        self.ended
    }

    /// The items that have come since the last look, each with its id.
    fn items(&mut self) -> Vec<(u64, u64)> {
        self.rest();
        let whole = self.unread.len() / 16 * 16;
        let taken: Vec<u8> = self.unread.drain(..whole).collect();
        taken.chunks_exact(16).map(|item| (number(&item[..8]), number(&item[8..]))).collect()
    }

    /// The answers that have come since the last look.
    fn answers(&mut self) -> Vec<Answer> {
        self.rest();
        let (mut answers, mut taken) = (Vec::new(), 0);
        while let Some((answer, len)) = decode(&self.unread[taken..]) {
            taken += len;
            answers.push(answer);
        }
        self.unread.drain(..taken);
        answers
    }

    /// Answers that the output for each of these items is ten times the item.
    fn answer_all(&mut self, items: &[(u64, u64)]) {
        let bytes: Vec<u8> = items.iter().flat_map(|(id, item)| output(*id, item * 10)).collect();
        self.write(&bytes);
    }
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("eight bytes"))
}

/// The first answer, and its length; `None` if it has not come as a whole.
fn decode(bytes: &[u8]) -> Option<(Answer, usize)> {
    let id = number(bytes.get(..8)?);
    match bytes.get(8)? {
        0 => Some(((id, Ok(number(bytes.get(9..17)?))), 17)),
        _ => {
            let len = usize::from(u16::from_be_bytes(bytes.get(9..11)?.try_into().ok()?));
            let text = bytes.get(11..11 + len)?;
            Some(((id, Err(String::from_utf8_lossy(text).into_owned())), 11 + len))
        }
    }
}

fn item(id: u64, item: u64) -> Vec<u8> {
    [id.to_be_bytes(), item.to_be_bytes()].concat()
}

fn output(id: u64, output: u64) -> Vec<u8> {
    [&id.to_be_bytes()[..], &[0], &output.to_be_bytes()].concat()
}

fn panicked(id: u64, text: &[u8]) -> Vec<u8> {
    let len = u16::try_from(text.len()).expect("a text of a fact fits into the header");
    [&id.to_be_bytes()[..], &[1], &len.to_be_bytes(), text].concat()
}

/// A worker on a thread of its own, and the owner's end of its stream.
fn worker<H: AsyncFn(u64) -> u64 + Send + 'static>(handler: H) -> (Actor<String>, End) {
    let (owner, stream) = End::pair();
    let worker = actor("worker", move || match serve(stream, handler) {
        Ok(()) => "Ok".to_owned(),
        Err(error) => format!("Err({:?})", error.kind()),
    });
    (worker, owner)
}

type Results = Vec<Result<u64, ItemError>>;

/// An owner on a thread of its own, and the workers' ends of its streams.
fn owner(workers: usize, items: Vec<u64>, in_flight: usize) -> (Actor<Results>, Vec<End>) {
    let (workers, streams): (Vec<_>, Vec<_>) = (0..workers).map(|_| End::pair()).unzip();
    (actor("owner", move || dispatch(streams, &items, in_flight)), workers)
}

/// Open descriptors and threads, when nothing goes on any more: a thread that is about to end has ended.
fn what_there_is() -> (usize, usize) {
    quiesce();
    (open_descriptors(), threads_alive())
}

/// The result of an owner that must have come to its end by now.
#[track_caller]
fn results(owner: Actor<Results>) -> Results {
    quiesce();
    expect!(owner.has_finished(), "dispatch, when each item must have its result", "it returns", "it still waits");
    owner.finish()
}

/// Handlers that wait until a fact lets them go on, and what is known of them.
#[derive(Clone)]
struct Gates(Arc<(Vec<Semaphore>, AtomicUsize, AtomicUsize)>);

impl Gates {
    fn new(count: usize) -> Gates {
        let gates = (0..count).map(|_| Semaphore::new(0)).collect();
        Gates(Arc::new((gates, AtomicUsize::new(0), AtomicUsize::new(0))))
    }

    fn open(&self, item: usize) {
        self.0.0[item].add_permits(1);
    }

    /// How many handlers have been begun, and how many of them have been dropped or are done.
    fn counts(&self) -> (usize, usize) {
        (self.0.1.load(Ordering::SeqCst), self.0.2.load(Ordering::SeqCst))
    }

    /// A handler whose output is ten times the item, when its gate has been opened.
    async fn pass(&self, item: u64) -> u64 {
        struct Leaves<'a>(&'a AtomicUsize);
        impl Drop for Leaves<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.0.1.fetch_add(1, Ordering::SeqCst);
        let _leaves = Leaves(&self.0.2);
        let permit = self.0.0[item as usize].acquire().await;
        permit.expect("gates are not closed").forget();
        item * 10
    }
}

/// A worker whose handlers wait at gates.
fn gated_worker(gates: &Gates) -> (Actor<String>, End) {
    let gates = gates.clone();
    worker(async move |item| gates.pass(item).await)
}

// -------------------------------------------------------------------------------------------------------- the worker

/// `serve` answers an item with its id, a zero, and the output, all numbers with the highest byte first.
///
/// Next: read sixteen bytes, call the handler, write seventeen.
#[fact]
fn an_item_is_answered_byte_for_byte() {
    let (worker, mut owner) = worker(async |item| item * item);
    owner.write(&item(0x0102_0304_0506_0708, 300));
    owner.rest();
    let expected = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 1, 95, 144];
    expect_eq!(owner.unread, expected, "the bytes of the answer to item 300, whose output is 90000");
    owner.unread.clear();
    owner.write(&[item(1, 5), item(2, 6), item(3, 7)].concat());
    let mut answers = owner.answers();
    answers.sort();
    expect_eq!(answers, [(1, Ok(25)), (2, Ok(36)), (3, Ok(49))], "the answers to three items that came in one piece");
    drop(owner);
    expect_eq!(worker.finish(), "Ok", "what serve returns when the stream has ended between two items");
}

/// Items are begun as soon as they come, and each is answered as soon as it is done.
///
/// Next: every item is a task of its own; nobody waits for a handler but its task.
#[fact]
fn waits_overlap_on_the_loop() {
    let gates = Gates::new(50);
    let (_worker, mut owner) = gated_worker(&gates);
    for id in 0..50 {
        owner.write(&item(1000 + id, id));
    }
    expect_eq!(owner.answers(), [], "the answers while all 50 handlers wait");
    expect_eq!(gates.counts(), (50, 0), "handlers begun and done, with 50 items sent");
    gates.open(33);
    expect_eq!(owner.answers(), [(1033, Ok(330))], "the answers when the handler of item 33 is done");
    gates.open(2);
    expect_eq!(owner.answers(), [(1002, Ok(20))], "the answers when the handler of item 2 is done");
}

/// All handlers run on the thread that called `serve`, which starts no other.
///
/// Next: a current-thread runtime with a `LocalSet` needs no thread but the caller's.
#[fact]
fn one_thread_does_it_all() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let gates = Gates::new(4);
    let before = threads_alive();
    let (theirs, passing) = (Arc::clone(&seen), gates.clone());
    let (_worker, mut owner) = worker(async move |item| {
        let name = std::thread::current().name().unwrap_or("unnamed").to_owned();
        theirs.lock().expect("nobody panics with it").insert(name);
        passing.pass(item).await
    });
    owner.write(&[item(0, 0), item(1, 1), item(2, 2), item(3, 3)].concat());
    expect_eq!(owner.answers(), [], "the answers while all handlers wait");
    expect_eq!(threads_alive() - before, 1, "threads, the one that called serve included");
    let seen: Vec<String> = seen.lock().expect("nobody panics with it").iter().cloned().collect();
    expect_eq!(seen, ["worker"], "the threads on which handlers run, where 'worker' has called serve");
}

/// Handlers may sleep, use sockets and spawn local tasks.
///
/// Next: the runtime needs its timers and its I/O enabled, and the handlers a `LocalSet` around them.
#[fact]
fn handlers_have_a_whole_runtime() {
    let (_worker, mut owner) = worker(async |item| {
        tokio::time::sleep(Duration::from_micros(item)).await;
        let (mut near, mut far) = tokio::net::UnixStream::pair().expect("the system has room for a socket pair");
        let echo = tokio::task::spawn_local(async move { far.read_u64().await });
        near.write_u64(item + 1).await.expect("the other end is open");
        echo.await.expect("the task is not cancelled").expect("a number comes")
    });
    owner.write(&[item(0, 1000), item(1, 2000)].concat());
    let mut answers = owner.answers();
    // On a busy machine both may be done at once.
    answers.sort();
    expect_eq!(answers, [(0, Ok(1001)), (1, Ok(2001))], "the answers of handlers that use tokio");
}

/// A handler that panics costs its own item only, which is answered with the text of the panic.
///
/// Next: a tokio task catches the panic of its future: its `JoinError` has the payload.
#[fact(panics)]
fn a_panic_costs_one_item() {
    let gates = Gates::new(9);
    let passing = gates.clone();
    let (_worker, mut owner) = worker(async move |item| match passing.pass(item).await {
        10 => panic!("a str"),
        20 => panic!("item {item} is a String"),
        30 => panic_any(item),
        output => output,
    });
    owner.write(&[item(50, 5), item(10, 1), item(20, 2), item(30, 3), item(60, 6)].concat());
    expect_eq!(owner.answers(), [], "the answers while all handlers wait");
    for (id, text) in [(1, "a str"), (2, "item 2 is a String"), (3, "")] {
        gates.open(id);
        owner.rest();
        let seen = std::mem::take(&mut owner.unread);
        expect_eq!(seen, panicked(id as u64 * 10, text.as_bytes()), format!("the answer to a panic with {text:?}"));
    }
    owner.write(&item(70, 7));
    (5..8).for_each(|item| gates.open(item));
    let mut answers = owner.answers();
    answers.sort();
    expect_eq!(answers, [(50, Ok(50)), (60, Ok(60)), (70, Ok(70))], "the other items after three panics");
}

/// The text of a panic is cut off after `MAX_TEXT` bytes at the latest, between two characters.
///
/// Next: `floor_char_boundary` finds the place.
#[fact(panics)]
fn a_long_text_is_cut_between_characters() {
    // Two bytes a character, with a byte before them or not.
    let text = |item: u64| format!("{}{}", &"x"[..item as usize % 2], "ü".repeat(item as usize / 2));
    let (_worker, mut owner) = worker(async move |item| panic_any(text(item)));
    for (len, cut) in [(1022, 1022), (1024, 1024), (1025, 1023), (1026, 1024), (90_001, 1023)] {
        owner.write(&item(len, len));
        let answers = owner.answers();
        let expected = text(len).get(..cut).map(str::to_owned);
        let about = format!("the first {cut} bytes of a text of {len} bytes, with a limit of {MAX_TEXT}");
        let right = answers.len() == 1 && answers[0] == (len, Err(expected.unwrap_or_default()));
        let lens: Vec<_> = answers.iter().map(|(_, text)| text.as_ref().map_err(String::len)).collect();
        expect!(right, about, format!("a text of {cut} bytes"), format!("an answer with {lens:?} bytes"));
    }
}

/// Half an item that has been read is not lost when a handler ends before the other half comes.
///
/// Next: `read_exact` in a branch of a `select!` in a loop is dropped with what it has read when another branch wins.
#[fact]
fn half_an_item_survives_a_handler_that_ends() {
    for cut in [1, 8, 15] {
        let gates = Gates::new(4);
        let (_worker, mut owner) = gated_worker(&gates);
        owner.write(&item(1, 1));
        owner.write(&item(2, 2)[..cut]);
        expect_eq!(owner.answers(), [], "the answers while one handler waits and half an item has come");
        gates.open(1);
        let about = format!("the answers when {cut} bytes of the next item have come");
        expect_eq!(owner.answers(), [(1, Ok(10))], about);
        gates.open(2);
        owner.write(&item(2, 2)[cut..]);
        let about = format!("the answers when the rest of an item has come, {cut} bytes of which came before");
        expect_eq!(owner.answers(), [(2, Ok(20))], about);
    }
}

/// While the owner does not read its answers, the worker goes on to read items and to run handlers.
///
/// Next: whoever waits for the socket to take an answer must not be the one who reads or runs.
#[fact(seconds = 20)]
fn answers_that_nobody_reads_hold_up_nothing() {
    // Their answers are more bytes than a socket holds, even if several are written at once.
    const MANY: u64 = 14_000;
    const MORE: u64 = 100;
    let begun = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&begun);
    let (_worker, mut owner) = worker(async move |item| {
        theirs.fetch_add(1, Ordering::SeqCst);
        item
    });
    for ids in [0..MANY, MANY..MANY + MORE] {
        let count = ids.end;
        let items: Vec<u8> = ids.flat_map(|id| item(id, id)).collect();
        // In pieces, so that there is soon rest again, on a busy machine, too.
        for piece in items.chunks(16_000) {
            owner.write(piece);
            quiesce();
        }
        let begun = begun.load(Ordering::SeqCst) as u64;
        expect_eq!(begun, count, "handlers that have been begun while the owner reads nothing");
    }
    let mut answered = BTreeSet::new();
    loop {
        let answers = owner.answers();
        if answers.is_empty() {
            break;
        }
        answered.extend(answers.into_iter().filter(|(id, output)| *output == Ok(*id)).map(|(id, _)| id));
    }
    let answered = answered.len() as u64;
    expect_eq!(answered, MANY + MORE, "different items with the right answer, when the owner reads after all");
}

/// When the stream ends, handlers under way are dropped, `serve` returns, and nothing is left behind.
///
/// Next: whoever notices the end leaves the loop; tasks end with the set that they belong to.
#[fact]
fn the_end_of_the_stream_is_the_end_of_everything() {
    let before = what_there_is();
    for (sent, expected) in [(0, "Ok"), (1, "Err(UnexpectedEof)"), (15, "Err(UnexpectedEof)")] {
        let gates = Gates::new(9);
        let (worker, mut owner) = gated_worker(&gates);
        owner.write(&[item(0, 0), item(1, 1), item(2, 2)].concat());
        owner.write(&item(3, 3)[..sent]);
        expect_eq!(owner.answers(), [], "the answers while all handlers wait");
        expect!(!worker.has_finished(), "serve on an open stream", "it waits for items", "it has returned");
        drop(owner);
        quiesce();
        expect!(worker.has_finished(), "serve when the stream has ended", "it returns", "it waits for its handlers");
        let about = format!("what serve returns when the stream ends after {sent} bytes of an item");
        expect_eq!(worker.finish(), expected, about);
        expect_eq!(gates.counts(), (3, 3), "handlers begun, and dropped when serve has returned");
    }
    expect_eq!(what_there_is(), before, "descriptors and threads after three loops have ended");
}

/// `serve` returns an error when its answers cannot be written any more.
///
/// Next: an owner may have stopped reading although the stream from it is open: then the write fails.
#[fact]
fn a_worker_whose_answers_go_nowhere_ends() {
    let gates = Gates::new(3);
    let (worker, mut owner) = gated_worker(&gates);
    owner.write(&[item(0, 0), item(1, 1)].concat());
    expect_eq!(owner.answers(), [], "the answers while the handlers wait");
    owner.stream.shutdown(Shutdown::Read).expect("a socket can be shut down");
    gates.open(0);
    quiesce();
    expect!(worker.has_finished(), "serve when an answer cannot be written", "it returns", "it goes on");
    let result = worker.finish();
    expect!(result != "Ok", "what serve returns when an answer cannot be written", "an error", result);
    expect_eq!(gates.counts(), (2, 2), "handlers begun, and dropped when serve has returned");
}

// --------------------------------------------------------------------------------------------------------- the owner

/// Results are in the order of the items, whatever the order of the answers.
///
/// Next: an answer bears the id of its item, and the owner chose that id.
#[fact]
fn results_are_in_the_order_of_the_items() {
    let items = vec![5, 3, u64::MAX, 3, 0];
    let (owner, mut workers) = owner(1, items.clone(), 5);
    let mut handed = workers[0].items();
    let seen: Vec<u64> = handed.iter().map(|(_, item)| *item).collect();
    expect_eq!(seen, items, "the items that the only worker has got, with five in flight");
    let ids: BTreeSet<u64> = handed.iter().map(|(id, _)| *id).collect();
    expect_eq!(ids.len(), 5, "different ids of five items");
    handed.reverse();
    let bytes: Vec<u8> = (0..).zip(&handed).flat_map(|(place, (id, _))| output(*id, u64::MAX - place)).collect();
    // In pieces that do not end where answers end.
    for piece in bytes.chunks(10) {
        workers[0].write(piece);
        quiesce();
    }
    let expected: Results = (0..5).rev().map(|place| Ok(u64::MAX - place)).collect();
    expect_eq!(results(owner), expected, "the results when the items were answered from the last to the first");
}

/// A worker has `in_flight` items at most, and gets the next one as soon as it answers.
///
/// Next: one answer makes room for one item, whatever the others are doing.
#[fact]
fn an_answer_makes_room_for_one_item() {
    let (owner, mut workers) = owner(1, (1..=7).collect(), 3);
    let handed = workers[0].items();
    expect_eq!(handed.len(), 3, "items that a worker has got before it answers, with three in flight");
    for (expected, (id, item)) in [(4, handed[1]), (5, handed[0])] {
        workers[0].write(&output(id, item * 10));
        let next: Vec<u64> = workers[0].items().into_iter().map(|(_, item)| item).collect();
        expect_eq!(next, [expected], "the items that come after one answer");
    }
    drop(workers);
    let died = results(owner).iter().filter(|result| **result == Err(ItemError::WorkerDied)).count();
    expect_eq!(died, 3, "items that were in flight when the worker was gone");
}

/// The next item goes to a worker that has the fewest; so few items are spread evenly, and a fast worker gets more.
///
/// Next: count the unanswered items of each worker; a worker that takes all it may have starves the others.
#[fact]
fn items_go_to_the_worker_that_has_the_fewest() {
    let (few, mut workers) = owner(3, (0..6).collect(), 32);
    for worker in &mut workers {
        let handed = worker.items();
        expect_eq!(handed.len(), 2, "items of each of three workers, when there are six");
        worker.answer_all(&handed);
    }
    expect_eq!(results(few), (0..6).map(|item| Ok(item * 10)).collect::<Results>(), "the results of six items");

    let (many, mut workers) = owner(2, (0..20).collect(), 2);
    let slow = workers[1].items();
    expect_eq!(slow.len(), 2, "items of a worker that does not answer, with two in flight");
    let mut fast = 0;
    loop {
        let handed = workers[0].items();
        if handed.is_empty() {
            break;
        }
        expect!(handed.len() <= 2, "new items of a worker that has answered all", "two at most", format!("{handed:?}"));
        fast += handed.len();
        workers[0].answer_all(&handed);
    }
    expect_eq!(fast, 18, "items that the fast worker has done while the slow one has two of twenty");
    workers[1].answer_all(&slow);
    let expected: Results = (0..20).map(|item| Ok(item * 10)).collect();
    expect_eq!(results(many), expected, "the results of twenty items");
}

/// A worker that is lost costs the items that it has not answered; the others do the rest.
///
/// Next: keep, for each worker, which items it has; when its stream ends, those and no others are lost.
#[fact]
fn a_lost_worker_costs_what_it_has() {
    // However the end comes: between two answers, inside one, or with items unread.
    for part in [0, 5, 16] {
        let (owner, mut workers) = owner(2, (0..12).collect(), 3);
        let theirs = workers[0].items();
        let (lost, kept) = ([theirs[0].1, theirs[2].1], theirs[1]);
        let mut last = output(kept.0, kept.1 * 10);
        last.extend_from_slice(&output(theirs[0].0, 1)[..part]);
        workers[0].write(&last);
        workers.remove(0);
        // One more came in place of the answered one, and was lost with the others, unread; if it could not be written, it may
        // have gone to the other worker.
        let mut done = BTreeSet::from([kept.1]);
        loop {
            let handed = workers[0].items();
            if handed.is_empty() {
                break;
            }
            done.extend(handed.iter().map(|(_, item)| *item));
            workers[0].answer_all(&handed);
        }
        let results = results(owner);
        for item in 0..12 {
            let expected = if done.contains(&item) { Ok(item * 10) } else { Err(ItemError::WorkerDied) };
            let about = format!("the result of item {item}, with a worker lost after {part} bytes of an answer");
            expect_eq!(results[item as usize], expected, about);
        }
        let about = "the two items that the lost worker had not answered, done by another worker";
        expect!(lost.iter().all(|item| !done.contains(item)), about, "no", format!("{lost:?}, of {done:?}"));
        expect!(done.len() >= 9, "items that were done", "at least 9 of 12", format!("{done:?}"));
    }
}

/// The answers of a worker that came before its end count, all of them, even if it can be written to no more.
///
/// Next: a write that fails says nothing about what is still to be read; the end of a stream comes after all answers.
#[fact]
fn answers_that_came_before_the_end_count() {
    // Their answers come in one piece.
    const COUNT: usize = 1800;
    let (owner, mut workers) = owner(1, (0..2 * COUNT as u64).collect(), COUNT);
    let mut handed = Vec::new();
    while handed.len() < COUNT {
        let more = workers[0].items();
        let about = format!("items of the only worker, with {COUNT} in flight");
        expect!(!more.is_empty(), about, COUNT.to_string(), handed.len().to_string());
        handed.extend(more);
    }
    // From now on each answer makes room for an item that cannot be written.
    workers[0].stream.shutdown(Shutdown::Read).expect("a socket can be shut down");
    workers[0].answer_all(&handed);
    drop(workers);
    let right = results(owner).into_iter().take(COUNT).filter(|result| result.is_ok()).count();
    let about = format!("outputs in the results, when a worker has answered {COUNT} items and gone");
    expect_eq!(right, COUNT, about);
}

/// A worker that breaks the protocol, or says no more, is lost: its stream is shut down, and what it says then does not count.
///
/// Next: an answer is good for an item that this worker has, and for no other; a length is a number that somebody else chose.
#[fact]
fn a_worker_that_breaks_the_protocol_is_lost() {
    type Breaks = fn(mine: u64, others: u64) -> Vec<u8>;
    let ways: [(&str, Breaks); 7] = [
        ("answers an unknown id", |_, _| output(u64::MAX - 5, 1)),
        ("answers an item of another worker", |_, others| output(others, 1)),
        ("answers an item twice", |mine, _| [output(mine, 10), output(mine, 10)].concat()),
        ("sends a kind of answer that there is not", |mine, _| [&mine.to_be_bytes()[..], &[2; 9]].concat()),
        ("sends a text of 1025 bytes", |mine, _| panicked(mine, &[b'x'; MAX_TEXT + 1])),
        ("announces a text of 65535 bytes", |mine, _| [&mine.to_be_bytes()[..], &[1, 255, 255]].concat()),
        ("ends its half of the stream", |_, _| Vec::new()),
    ];
    for (way, breaks) in ways {
        let (owner, mut workers) = owner(2, vec![1, 2, 3, 4], 2);
        let (mut theirs, others) = (workers[0].items(), workers[1].items());
        let mut bytes = breaks(theirs[0].0, others[0].0);
        if bytes.is_empty() {
            workers[0].stream.shutdown(Shutdown::Write).expect("a socket can be shut down");
        } else {
            // A good answer, but too late.
            bytes.extend_from_slice(&output(theirs[1].0, 10));
        }
        workers[0].write(&bytes);
        expect!(workers[0].has_ended(), format!("the stream to a worker that {way}"), "it is shut down", "it is open");
        if way.contains("twice") {
            // The first of the two counts.
            theirs.remove(0);
        }
        workers[1].answer_all(&others);
        let results = results(owner);
        let of = |items: &[(u64, u64)]| items.iter().map(|(_, item)| results[*item as usize - 1].clone()).collect();
        let lost: Results = of(&theirs);
        let right = lost.iter().all(|result| *result == Err(ItemError::WorkerDied));
        expect!(right, format!("the unanswered items of a worker that {way}"), "WorkerDied", format!("{lost:?}"));
        let kept: Results = of(&others);
        let right = kept.iter().zip(&others).all(|(result, (_, item))| *result == Ok(item * 10));
        expect!(right, format!("the other worker's items, when one {way}"), "their outputs", format!("{kept:?}"));
    }
}

/// A text of a panic arrives in the result of its item, up to the limit, and whatever its bytes are.
///
/// Next: `Panicked` holds the text; bytes that are not UTF-8 are no reason to panic.
#[fact]
fn a_text_of_a_panic_is_the_result_of_its_item() {
    let (owner, mut workers) = owner(1, vec![0, 1, 2, 3], 4);
    let handed = workers[0].items();
    let long = "x".repeat(MAX_TEXT);
    for (place, text) in ["größe".as_bytes(), b"", long.as_bytes(), b"\xff\xfe"].into_iter().enumerate() {
        workers[0].write(&panicked(handed[place].0, text));
    }
    let results = results(owner);
    let expected = ["größe".to_owned(), String::new(), long].map(|text| Err(ItemError::Panicked(text)));
    expect_eq!(results[..3], expected, "the results of three items whose handlers panicked");
    expect!(results[3].is_err(), "the result with a text that is not UTF-8", "an error", format!("{:?}", results[3]));
    for (error, part) in
        [(ItemError::Panicked("größe".into()), "größe"), (ItemError::WorkerDied, " "), (ItemError::NoWorker, " ")]
    {
        let text = error.to_string();
        expect!(text.contains(part), format!("the words for {error:?}"), "some, with the text if there is one", text);
    }
}

/// When the last worker is lost, items that were not handed out are `NoWorker`, and nothing hangs.
///
/// Next: without workers there is nothing to wait for.
#[fact]
fn without_workers_the_rest_is_given_up() {
    let (owner, mut workers) = owner(2, (0..9).collect(), 2);
    let handed: usize = workers.iter_mut().map(|worker| worker.items().len()).sum();
    expect_eq!(handed, 4, "items handed out to two workers, with two in flight");
    drop(workers);
    let seen = results(owner);
    let expected: Results =
        (0..9).map(|place| Err(if place < 4 { ItemError::WorkerDied } else { ItemError::NoWorker })).collect();
    expect_eq!(seen, expected, "the results of nine items, four of which were in flight when both workers were lost");
    expect_eq!(dispatch(Vec::new(), &[1, 2], 1), vec![Err(ItemError::NoWorker); 2], "the results without workers");
    expect_eq!(dispatch(Vec::new(), &[], 1), [], "the results without items");
}

/// A worker that does not read holds up nobody else.
///
/// Next: whoever waits for one socket to take an item must not be the one who serves the others.
#[fact]
fn a_worker_that_does_not_read_holds_up_only_itself() {
    const COUNT: u64 = 6000;
    let (owner, mut workers) = owner(2, (0..COUNT).collect(), COUNT as usize / 2);
    let mut done = 0;
    loop {
        let handed = workers[1].items();
        if handed.is_empty() {
            break;
        }
        done += handed.len() as u64;
        workers[1].answer_all(&handed);
    }
    let about = format!("items that one worker has done while the other one, with {} in flight, reads none", COUNT / 2);
    expect!(done >= COUNT / 2, about, format!("{} at least", COUNT / 2), done.to_string());
    loop {
        let handed = workers[0].items();
        if handed.is_empty() {
            break;
        }
        workers[0].answer_all(&handed);
    }
    let right = results(owner).into_iter().eq((0..COUNT).map(|item| Ok(item * 10)));
    expect!(right, "the results when that worker reads after all", "the outputs of all items", "something else");
}

/// A worker that can be written to no more is lost, even if its stream has not ended.
///
/// Next: a write that fails is the end of a worker, as the end of its stream is.
#[fact]
fn a_worker_that_cannot_be_written_to_is_lost() {
    let (mut one, ours) = End::pair();
    let (mut two, others) = End::pair();
    one.stream.shutdown(Shutdown::Read).expect("a socket can be shut down");
    let owner = actor("owner", move || dispatch(vec![ours, others], &[1, 2, 3, 4], 1));
    loop {
        let handed = two.items();
        if handed.is_empty() {
            break;
        }
        two.answer_all(&handed);
    }
    expect!(one.has_ended(), "the stream of a worker that cannot be written to", "it is shut down", "it is open");
    let results = results(owner);
    let right = (1..).zip(&results).all(|(item, result)| [Ok(item * 10), Err(ItemError::WorkerDied)].contains(result));
    let lost = results.iter().filter(|result| result.is_err()).count();
    let about = "the results when one of two workers, with one in flight, cannot be written to";
    expect!(right && lost <= 1, about, "WorkerDied for one of four at most", format!("{results:?}"));
}

/// `dispatch` returns without waiting for the ends of its workers, and leaves no stream and no thread.
///
/// Next: shut the streams down yourself; a thread that still reads then finds the end.
#[fact]
fn dispatch_leaves_nothing_behind() {
    let before = what_there_is();
    let (owner, mut workers) = owner(2, vec![1, 2], 4);
    for worker in &mut workers {
        let handed = worker.items();
        worker.answer_all(&handed);
    }
    expect_eq!(results(owner), [Ok(10), Ok(20)], "the results of two items");
    for worker in &mut workers {
        expect!(worker.has_ended(), "a worker's stream when dispatch has returned", "it has ended", "it is open");
    }
    drop(workers);
    expect_eq!(what_there_is(), before, "descriptors and threads when dispatch has returned");
}

/// Owner and worker get through with thousands of items in flight, more than the sockets between them hold.
///
/// Next: if each writes without reading, both wait for room.
#[fact(seconds = 20)]
fn more_in_flight_than_the_sockets_hold() {
    const COUNT: u64 = 6000;
    let (ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    let worker = actor("worker", move || serve(theirs, async |item| item * 10).is_ok());
    let owner = actor("owner", move || dispatch(vec![ours], &(0..COUNT).collect::<Vec<_>>(), COUNT as usize));
    // Not when all is at rest: on a busy machine that takes longer than it is waited for.
    let right = owner.finish().into_iter().eq((0..COUNT).map(|item| Ok(item * 10)));
    expect!(right, "the results of 6000 items in flight at once", "the outputs of all items", "something else");
    worker.finish();
}

// ----------------------------------------------------------------------------------------------------- the processes

/// Where the processes of a fact meet it. Its name is the number of the fact's process, which goes to them as an item.
fn gate(number: u64) -> SocketAddr {
    SocketAddr::from_abstract_name(format!("hybrid-{number}")).expect("a short name is a good one")
}

/// Tells the fact that a process is here; the stream ends when the fact says so.
fn arrive(number: u64) -> UnixStream {
    UnixStream::connect_addr(&gate(number)).expect("the fact listens")
}

fn this_process() -> u64 {
    u64::from(std::process::id())
}

#[peer]
fn squares(stream: UnixStream) {
    let _ = serve(stream, async |item| match item {
        13 => std::process::exit(1),
        // A panic without words on standard error.
        17 => resume_unwind(Box::new("seventeen")),
        _ => item * item,
    });
}

#[peer]
fn four_at_once(stream: UnixStream) {
    let barrier = Barrier::new(4);
    let _ = serve(stream, async move |_| {
        barrier.wait().await;
        this_process()
    });
}

/// In each process waits overlap: two processes with four in flight have eight items under way at once.
///
/// Next: a process starts with its end of the socket as standard input; the items are spread by `dispatch`.
#[fact]
fn waits_overlap_in_each_process() {
    let results = hybrid_map(|| peer_command("four_at_once"), &[0; 8], 2, 4);
    let mut processes: Vec<u64> = results.into_iter().flatten().collect();
    processes.sort_unstable();
    expect_eq!(processes.len(), 8, "items with an output, where each needs three others in its process");
    let (one, two) = processes.split_at(4);
    let right = one[0] == one[3] && two[0] == two[3] && one[0] != two[0] && !processes.contains(&this_process());
    expect!(right, "the processes that did eight items", "two others, four items each", format!("{processes:?}"));
}

#[peer]
fn computes(stream: UnixStream) {
    // Whoever computes leaves its loop no time. Here it waits for the fact, with its only thread.
    let _ = serve(stream, async |number| {
        let _ = arrive(number).read(&mut [0]);
        this_process()
    });
}

/// Processes compute at the same time, each with its own item.
///
/// Next: all processes are started, and have items, before anybody waits for an answer.
#[fact]
fn processes_compute_at_the_same_time() {
    let listener = UnixListener::bind_addr(&gate(this_process())).expect("the name is free");
    let owner = actor("owner", || hybrid_map(|| peer_command("computes"), &[this_process(); 3], 3, 8));
    // None of them goes on before all three are here.
    let computing: Vec<_> = (0..3).map(|_| listener.accept().expect("somebody comes")).collect();
    drop(computing);
    let processes: BTreeSet<u64> = owner.finish().into_iter().flatten().collect();
    expect_eq!(processes.len(), 3, "different processes that did three items at the same time");
}

/// Failures in processes cost only what they touch: a panic its item, a process that dies what it has in flight.
///
/// Next: a dead process is noticed by the end of its stream, if nobody else holds the other end open.
#[fact]
fn a_process_that_dies_costs_what_it_has() {
    let items = [10, 11, 13, 12, 17, 14, 15];
    let seen = hybrid_map(|| peer_command("squares"), &items, 2, 1);
    let expected: Results = items
        .into_iter()
        .map(|item| match item {
            13 => Err(ItemError::WorkerDied),
            17 => Err(ItemError::Panicked("seventeen".into())),
            _ => Ok(item * item),
        })
        .collect();
    expect_eq!(seen, expected, "the results of two processes, one of which dies of item 13, with one item in flight");
    let seen = hybrid_map(|| peer_command("squares"), &[13, 13, 13, 1, 2], 2, 1);
    let expected =
        [13, 13, 0, 0, 0].map(|item| Err(if item == 13 { ItemError::WorkerDied } else { ItemError::NoWorker }));
    expect_eq!(seen, expected, "the results when each of two processes dies of its first item");
}

/// There are never more processes than items, and a process that cannot be started is one less.
///
/// Next: the smaller of the two numbers; an error of `spawn` is no reason to give up.
#[fact]
fn no_process_is_superfluous() {
    let calls = Cell::new(0);
    let counted = || {
        calls.set(calls.get() + 1);
        // The first one cannot be started.
        if calls.get() == 1 { Command::new("/no/such/program") } else { peer_command("squares") }
    };
    expect_eq!(hybrid_map(counted, &[], 4, 4), [], "the results without items");
    expect_eq!(calls.get(), 0, "commands that were made without items");
    let seen = hybrid_map(counted, &[2, 3, 4], 100, 4);
    expect_eq!(seen, [Ok(4), Ok(9), Ok(16)], "the results when one of three processes cannot be started");
    expect_eq!(calls.get(), 3, "commands that were made for three items and at most 100 processes");
    let seen = hybrid_map(|| Command::new("/no/such/program"), &[1, 2], 2, 2);
    expect_eq!(
        seen,
        [Err(ItemError::NoWorker), Err(ItemError::NoWorker)],
        "the results when no process can be started"
    );
}

#[peer]
fn outstays(stream: UnixStream) {
    let _ = serve(stream, async |item| item + 1);
    loop {
        std::thread::park();
    }
}

#[peer]
fn talks_nonsense(mut stream: UnixStream) {
    let _ = stream.write_all(&[0xff; 64]);
    loop {
        std::thread::park();
    }
}

/// When `hybrid_map` returns, no process, zombie, descriptor or thread is left, even of workers that do not end.
///
/// Next: kill what has not ended, and then wait for it: a process that nobody waits for stays as a zombie.
#[fact]
fn no_process_is_left_behind() {
    // What a first process needs once is not counted.
    let _ = peer_command("squares");
    let before = what_there_is();
    for name in ["squares", "outstays", "talks_nonsense"] {
        let seen = hybrid_map(|| peer_command(name), &[1, 13, 1], 2, 1);
        let nonsense = name == "talks_nonsense" && seen.iter().all(Result::is_err);
        expect!(
            nonsense || seen[0].is_ok(),
            format!("the results of workers that play '{name}'"),
            "known",
            format!("{seen:?}")
        );
        let children = child_processes();
        expect!(children.is_empty(), "processes and zombies after hybrid_map", "none", format!("{children:?}"));
        expect_eq!(what_there_is(), before, "descriptors and threads after hybrid_map");
    }
}

/// If `command` panics, the panic reaches the caller, and the processes that had been started are gone.
///
/// Next: what ends the processes must happen on every way out: `Drop` does.
#[fact(panics)]
fn a_command_that_panics_leaves_no_process() {
    let _ = peer_command("outstays");
    let before = what_there_is();
    let calls = Cell::new(0);
    let third_panics = || {
        calls.set(calls.get() + 1);
        if calls.get() == 3 { panic_any("no third") } else { peer_command("outstays") }
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| hybrid_map(third_panics, &[1, 2, 3], 3, 1)));
    let text = outcome.map_err(|payload| payload.downcast_ref::<&str>().map(|text| text.to_string()));
    expect_eq!(text, Err(Some("no third".to_owned())), "the panic of a command, as the caller sees it");
    let children = child_processes();
    expect!(children.is_empty(), "processes and zombies after that", "none", format!("{children:?}"));
    expect_eq!(what_there_is(), before, "descriptors and threads after that");
}

/// Without processes, and with nothing in flight, both functions panic before anything is started.
///
/// Next: two `assert!`, ahead of everything else.
#[fact(panics)]
fn zero_is_refused() {
    for (about, processes, in_flight) in [("processes", 0, 1), ("in_flight", 1, 0)] {
        let calls = Cell::new(0);
        let counted = || {
            calls.set(calls.get() + 1);
            peer_command("squares")
        };
        let map = |items: &[u64]| catch_unwind(AssertUnwindSafe(|| hybrid_map(counted, items, processes, in_flight)));
        expect!(map(&[]).is_err(), format!("hybrid_map with {about} == 0 and no items"), "it panics", "it returns");
        expect!(map(&[1]).is_err(), format!("hybrid_map with {about} == 0"), "it panics", "it returns");
        expect_eq!(calls.get(), 0, "commands that were made");
    }
    let outcome = catch_unwind(|| dispatch(Vec::new(), &[], 1));
    expect!(outcome.is_ok(), "dispatch with in_flight == 1, no workers and no items", "it returns", "it panics");
    let outcome = catch_unwind(|| dispatch(Vec::new(), &[], 0));
    expect!(outcome.is_err(), "dispatch with in_flight == 0, no workers and no items", "it panics", "it returns");
}

#[peer]
fn waits(stream: UnixStream) {
    let _ = serve(stream, async |number| {
        let _arrived = arrive(number);
        std::future::pending().await
    });
}

#[peer]
fn maps(mut stream: UnixStream) {
    let mut number = [0; 8];
    stream.read_exact(&mut number).expect("the fact sends its number");
    hybrid_map(|| peer_command("waits"), &[u64::from_be_bytes(number); 4], 2, 2);
}

/// When the owner is killed, its workers end, whatever their handlers wait for.
///
/// Next: no process may hold a copy of another's socket, and a loop ends with its stream.
#[fact(seconds = 30)]
fn workers_end_when_their_owner_is_killed() {
    let listener = UnixListener::bind_addr(&gate(this_process())).expect("the name is free");
    let (mut owner, mut stream) = start_peer("maps");
    stream.write_all(&this_process().to_be_bytes()).expect("the owner reads");
    let arrived: io::Result<Vec<_>> = (0..4).map(|_| listener.accept()).collect();
    let _arrived = arrived.expect("four handlers are begun");
    owner.kill().expect("a process can be killed");
    owner.wait().expect("a child can be waited for");
    let running = children_running_after(Duration::from_secs(10));
    reap_children();
    expect!(running.is_empty(), "workers of an owner that was killed", "they end", format!("{running:?} go on"));
}
