//! What holds for both: nothing to do, calls inside calls, calls side by side.

use super::calls::blocked;
use harness::{expect_eq, fact};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use subject::{Job, parallel_map, run_all};

/// Without jobs or items there are no results.
///
/// Next: none of the two needs a thread for nothing.
#[fact(negated)]
fn nothing_to_do_is_done_at_once() {
    expect_eq!(run_all::<u8>(Vec::new()), Vec::new(), "the results of run_all without jobs");
    let calls = AtomicUsize::new(0);
    let results = parallel_map(Vec::<u8>::new(), 3, |item| {
        calls.fetch_add(1, SeqCst);
        item
    });
    expect_eq!(results, Vec::new(), "the results of parallel_map without items");
    expect_eq!(calls.into_inner(), 0, "how often f is called without items");
}

/// Calls may be nested: inside `f`, and inside a job.
///
/// Next: threads that all calls share can all be waiting for an inner call that finds no thread.
#[fact]
fn calls_may_be_nested() {
    let rows = parallel_map(vec![10, 20, 30], 2, |tens: u32| {
        let inner = parallel_map(vec![1, 2, 3], 2, |ones| {
            run_all(vec![Job::new("inner", || tens), Job::new("inner", || ones)])
        });
        inner.into_iter().map(|pair| pair.into_iter().map(Result::unwrap).sum()).collect::<Vec<u32>>()
    });
    expect_eq!(rows, [[11, 12, 13], [21, 22, 23], [31, 32, 33]], "a table, each row by an inner call");
}

/// Calls inside `f` have as many workers as any other: their items may wait for each other.
///
/// Next: what does an inner call do while all threads of the outer one are busy? It starts threads of its own.
#[fact(negated)]
fn items_of_an_inner_call_may_wait_for_each_other() {
    let meetings = parallel_map(vec![3, 2], 2, |workers: usize| {
        let meeting = Barrier::new(workers);
        parallel_map((0..workers).collect(), workers, |_| meeting.wait().is_leader())
    });
    let leaders: Vec<usize> =
        meetings.into_iter().map(|meeting| meeting.into_iter().filter(|leads| *leads).count()).collect();
    expect_eq!(leaders, [1, 1], "how many calls of each inner parallel_map led the meeting of all its items");
}

/// Two calls at the same time have nothing in common.
///
/// Next: no statics: all that a call needs lives on its own stack.
#[fact]
fn calls_may_overlap() {
    let first = blocked(4, 2, &[0, 1, 2, 3]);
    let second = blocked(6, 3, &[0]);
    expect_eq!(
        second.ended.load(SeqCst),
        5,
        "how many calls of a second parallel_map have ended while the first one blocks"
    );
    second.finish(6);
    first.finish(4);
}
