//! Who is polled: a child that was woken, and no other.

use super::probe::{fallible, polls, probes};
use super::task::Task;
use harness::{expect, expect_eq, fact};
use std::pin::pin;
use std::task::Poll;
use subject::{gather, gather_settled, try_gather};

/// A poll of the gather polls the children that were woken, and no other.
///
/// Next: hand every child a waker of its own, which notes that this child wants to be polled.
#[fact(negated)]
fn only_woken_children_are_polled() {
    let (probes, remotes) = probes(5);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[3].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 1, 1, 2, 1], "polls of five children of which number 3 was woken");
    remotes[4].wake();
    remotes[0].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [2, 1, 1, 2, 2], "polls of five children after numbers 4 and 0 were woken too");
}

/// `try_gather` and `gather_settled` poll only the children that were woken, too.
///
/// Next: build all three functions on the same machine.
#[fact]
fn the_other_two_poll_only_woken_children() {
    let (probes, remotes) = fallible(3);
    let mut gathered = pin!(try_gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[1].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 2, 1], "polls of three children of a try_gather of which number 1 was woken");
    let (probes, remotes) = self::probes(3);
    let mut gathered = pin!(gather_settled(probes));
    let _ = task.poll(gathered.as_mut());
    remotes[1].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 2, 1], "polls of three children of a gather_settled of which number 1 was woken");
}

/// A poll of the gather that no child asked for polls no child.
///
/// Next: a task is polled for many reasons; look at who was woken, not at the fact that you are being polled.
#[fact]
fn a_poll_that_no_child_asked_for_polls_none() {
    let (probes, remotes) = probes(3);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    for _ in 0..5 {
        let _ = task.poll(gathered.as_mut());
    }
    expect_eq!(polls(&remotes), [1, 1, 1], "polls of the children after five polls of the gather and no wake");
}

/// Of ten thousand children that are woken once each, none is polled more than twice.
///
/// Next: 10 000 wakes must not cost 10 000 polls of every child: keep a list of the woken ones.
#[fact]
fn ten_thousand_children_are_polled_at_most_twice_each() {
    const CHILDREN: usize = 10_000;
    let (probes, remotes) = probes(CHILDREN);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    let mut result = Poll::Pending;
    for step in 0..CHILDREN {
        // 7919 is prime: the steps visit every child once, all over the place.
        remotes[step * 7919 % CHILDREN].finish();
        result = task.poll(gathered.as_mut());
        let most = if step < 100 { polls(&remotes).into_iter().max() } else { None };
        expect!(most <= Some(2), "polls of one child that was woken at most once", "2 at most", format!("{most:?}"));
    }
    expect!(
        result == Poll::Ready((0..CHILDREN).collect()),
        "the result",
        "all outputs in argument order",
        "something else"
    );
    let total: usize = polls(&remotes).iter().sum();
    expect_eq!(total, 2 * CHILDREN, "polls of 10 000 children altogether, each woken once after the first poll");
}

/// A finished child is never polled again, even if its waker is used once more.
///
/// Next: a waker outlives its child's work; look whether the child is still there before polling it.
#[fact]
fn a_finished_child_is_never_polled_again() {
    let (probes, remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[0].finish();
    let _ = task.poll(gathered.as_mut());
    remotes[0].wake();
    let _ = task.poll(gathered.as_mut());
    remotes[0].wake();
    remotes[1].finish();
    expect_eq!(task.poll(gathered.as_mut()), Poll::Ready(vec![0, 1]), "the result");
    expect_eq!(
        polls(&remotes),
        [2, 2],
        "polls of two children that were polled, woken once while unfinished, and finished"
    );
}

/// A child that is woken twice before the gather is polled is polled once.
///
/// Next: being woken is a state, not a count: a child that is already listed need not be listed again.
#[fact]
fn two_wakes_make_one_poll() {
    let (probes, remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    for _ in 0..3 {
        remotes[1].wake();
    }
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 2], "polls of two children after number 1 was woken three times in a row");
    let _ = task.poll(gathered.as_mut());
    expect_eq!(
        polls(&remotes),
        [1, 2],
        "polls of the children after another poll of the gather, with no wake in between"
    );
}
