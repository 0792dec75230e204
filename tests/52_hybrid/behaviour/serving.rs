//! The worker: its handlers share one thread, and each item is answered, whatever becomes of the others.

use super::sides::{Gates, gated_worker, what_there_is, worker};
use super::wire::{item, panicked};
use harness::{expect, expect_eq, fact, quiesce, threads_alive};
use std::collections::BTreeSet;
use std::net::Shutdown;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use subject::MAX_TEXT;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
#[fact(negated)]
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
#[fact(panics, negated)]
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
