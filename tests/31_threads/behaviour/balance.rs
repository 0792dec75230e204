//! `parallel_map`: how many threads there are, and which of them takes what.

use super::calls::{blocked, only_the_test_is_left};
use harness::{actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::sync::atomic::Ordering::SeqCst;
use std::thread;

/// With two workers and one item that blocks, all other items get done, wherever that item is.
///
/// Next: do not deal the items out in advance: a worker that is free takes one that nobody has taken.
#[fact]
fn a_slow_item_holds_up_nobody() {
    let few: [(usize, &[usize], &str); 3] = [(10, &[0], "first"), (10, &[5], "in the middle"), (10, &[9], "last")];
    let many: [(usize, &[usize], &str); 3] =
        [(700, &[0], "first"), (700, &[350], "in the middle"), (700, &[699], "last")];
    for (items, blocking, place) in few.into_iter().chain(many) {
        let blocked = blocked(items, 2, blocking);
        let about = format!(
            "how many calls have ended, of {items} items of which the one that is {place} blocks, with 2 workers"
        );
        expect_eq!(blocked.ended.load(SeqCst), items - 1, about);
        expect!(
            !blocked.caller.has_finished(),
            "parallel_map, while one call of f has not ended",
            "it waits",
            "it has come back"
        );
        blocked.finish(items);
    }
}

/// With four workers and three items that block, the fourth worker does all the rest.
///
/// Next: every worker takes single items until none is left; none has a share of its own.
#[fact]
fn one_free_worker_is_enough() {
    let blocked = blocked(900, 4, &[0, 1, 450]);
    expect_eq!(
        blocked.ended.load(SeqCst),
        897,
        "how many calls have ended, of 900 items of which 3 block, with 4 workers"
    );
    blocked.finish(900);
}

/// As many calls of `f` run at the same time as there are workers, and never more.
///
/// Next: is anything held while `f` runs that another worker needs? A guard in the head of a `while let` lives as long as its body.
#[fact]
fn as_many_calls_overlap_as_there_are_workers() {
    let blocked = blocked(8, 5, &[0, 1, 2, 3, 4, 5, 6, 7]);
    for let_go in 0..4 {
        let about = format!("how many calls have begun, of 8 that block, with 5 workers, when {let_go} were let go");
        expect_eq!(blocked.begun.load(SeqCst), (5 + let_go).min(8), about);
        blocked.gate.admit(1);
        quiesce();
    }
    blocked.finish(8);
}

/// There are never more threads than workers, and no more are started than there are items.
///
/// Next: the smaller of the two numbers decides; neither may be trusted to be small.
#[fact]
fn there_are_no_more_threads_than_items_or_workers() {
    for (items, workers, limit) in [(3, 50, 3), (3, usize::MAX, 3), (7, 2, 2)] {
        let (before, first) = (threads_alive(), number_of_a_new_thread());
        let blocked = blocked(items, workers, &[0, 1, 2, 3, 4, 5, 6]);
        // The caller has a thread of its own here.
        let seen = threads_alive() - before - 1;
        let expected = format!("at most {limit} beside the caller");
        let about = format!("the threads of parallel_map, with {items} items that block and {workers} workers");
        expect!(seen <= limit, about, expected, seen.to_string());
        blocked.finish(items);
        only_the_test_is_left(before, "after parallel_map has returned");
        if let (Some(first), Some(last)) = (first, number_of_a_new_thread()) {
            let started = last - first - 2;
            let about = format!("how many threads parallel_map has started for {items} items, with {workers} workers");
            expect!(started <= items, about, format!("at most {items}"), started.to_string());
        }
    }
}

/// Threads are numbered in the order in which they are started; a number is seen in the id, if std goes on writing it like this.
fn number_of_a_new_thread() -> Option<usize> {
    let id = format!("{:?}", actor("a number", || thread::current().id()).finish());
    id.strip_prefix("ThreadId(")?.strip_suffix(')')?.parse().ok()
}
