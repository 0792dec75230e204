//! The owner: who is given which item and when, and the results in the order of the items.

use super::sides::{Results, owner, results, what_there_is};
use super::wire::{output, panicked};
use harness::{actor, expect, expect_eq, fact, quiesce};
use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use subject::{ItemError, MAX_TEXT, dispatch, serve};

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
