//! Workers that are lost: what that costs, and what it does not.

use super::sides::{Results, owner, results};
use super::wire::{End, output, panicked};
use harness::{actor, expect, expect_eq, fact};
use std::collections::BTreeSet;
use std::net::Shutdown;
use subject::{ItemError, MAX_TEXT, dispatch};

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
