//! Wakes: a child's wake reaches the task and the next poll, from wherever and whenever it comes.

use super::probe::{Remote, polls, probes};
use super::task::Task;
use harness::{actor, expect, expect_eq, fact, unmet};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use subject::gather;

/// Waking a child wakes the task that waits for the gather, time after time.
///
/// Next: a child's waker has two things to do: note the child, and wake the waker that the gather was last polled with.
#[fact]
fn waking_a_child_wakes_the_task() {
    let (probes, remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    for round in 1..=3 {
        let before = task.wakes();
        remotes[round % 2].wake();
        expect!(task.wakes() > before, format!("wakes of the task by wake {round} of a child"), "1", "0");
        let _ = task.poll(gathered.as_mut());
    }
}

/// A gather wakes its task only because a child was woken.
///
/// Next: waking yourself at the end of each poll is busy waiting. Return pending and let the children's wakers do it.
#[fact]
fn waiting_wakes_nobody() {
    let (probes, remotes) = probes(3);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(task.wakes(), 0, "wakes of the task by a first poll during which no child was woken");
    remotes[0].finish();
    let before = task.wakes();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(task.wakes() - before, 0, "wakes of the task by a poll in which one child finished and none was woken");
}

/// It is always the waker of the latest poll that is woken, even for children that this poll did not touch.
///
/// Next: a task may come with another waker at each poll: keep the latest where all children's wakers look for it.
#[fact]
fn the_waker_of_the_latest_poll_is_woken() {
    let (probes, remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let (first, second, third) = (Task::new(), Task::new(), Task::new());
    let _ = first.poll(gathered.as_mut());
    let _ = second.poll(gathered.as_mut());
    remotes[0].wake();
    expect!(second.wakes() > 0, "wakes of the waker that came with the second poll", "1", "0");
    let _ = third.poll(gathered.as_mut());
    let before = third.wakes();
    remotes[1].wake();
    expect!(third.wakes() > before, "wakes of the waker that came with the third poll", "1", "0");
}

/// A child that wakes itself during its own poll makes the task poll again, and is then polled again.
///
/// Next: register the task's waker before you poll any child, and unmark a child before you poll it, not after.
#[fact]
fn a_wake_during_the_childs_own_poll_is_not_lost() {
    let (mut probes, remotes) = probes(2);
    let mut left = 2;
    probes[0].during_poll(move |waker| {
        if left > 0 {
            left -= 1;
            waker.wake_by_ref();
        }
    });
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    for poll in 1..=2 {
        let before = task.wakes();
        let _ = task.poll(gathered.as_mut());
        expect!(
            task.wakes() > before,
            format!("wakes of the task in poll {poll}, when a child wakes itself"),
            "1",
            "0"
        );
        expect_eq!(polls(&remotes), [poll, 1], "polls of the child that wakes itself, and of its sibling");
    }
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [3, 1], "polls of the child that woke itself in two polls, and of its sibling");
}

/// A child that always wakes itself is polled once per poll of the gather and does not hold up the others.
///
/// Next: take the children to poll at the start of the poll; what is woken from then on is for the next one.
#[fact]
fn a_child_that_always_wakes_itself_does_not_hold_up_the_others() {
    let (mut probes, remotes) = probes(3);
    let mut spins = 0;
    probes[1].during_poll(move |waker| {
        spins += 1;
        if spins > 1000 {
            unmet(
                "one poll of the gather, with a child that always wakes itself",
                "it ends",
                "1000 polls of that child",
            );
        }
        waker.wake_by_ref();
    });
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    for poll in 1..=10 {
        let _ = task.poll(gathered.as_mut());
        expect_eq!(remotes[1].polls(), poll, format!("polls of the restless child after {poll} polls of the gather"));
    }
    remotes[0].finish();
    remotes[2].finish();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [2, 11, 2], "polls of the children after the two calm ones were woken once");
}

/// A child that is woken by a sibling's poll, after its own, is polled again.
///
/// Next: a child may be woken at any moment, also between two children of the same round.
#[fact(negated)]
fn a_wake_by_a_sibling_is_not_lost() {
    let (mut probes, remotes) = probes(2);
    let sibling = remotes[0].clone();
    let mut first = true;
    probes[1].during_poll(move |_| {
        if std::mem::take(&mut first) {
            sibling.finish();
        }
    });
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    expect!(task.wakes() > 0, "wakes of the task in a poll in which child 1 woke child 0", "1", "0");
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [2, 1], "polls of child 0, woken by the poll of child 1, and of child 1");
}

/// Another thread can wake a child while that child is being polled: it does not have to wait, and its wake counts.
///
/// Next: hold no lock while you poll a child that the child's waker needs.
#[fact]
fn a_wake_from_another_thread_during_the_poll_counts() {
    let (mut probes, remotes) = probes(2);
    let mut first = true;
    probes[0].during_poll(move |waker| {
        if std::mem::take(&mut first) {
            let waker = waker.clone();
            actor("waking thread", move || waker.wake()).finish();
        }
    });
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    expect!(task.wakes() > 0, "wakes of the task in a poll during which another thread woke a child", "1", "0");
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [2, 1], "polls of the child that was woken from another thread, and of its sibling");
}

/// Children that other threads wake all finish, with the waiting thread parked in between.
///
/// Next: noting the child must come before waking the task, or the task looks too early and sleeps on.
#[fact]
fn children_woken_from_other_threads_finish() {
    const CHILDREN: usize = 400;
    let (probes, remotes) = probes(CHILDREN);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    let remotes = Arc::new(remotes);
    let actors: Vec<_> = (0..4)
        .map(|part| {
            let remotes = Arc::clone(&remotes);
            actor(&format!("waking thread {part}"), move || {
                (part..CHILDREN).step_by(4).for_each(|index| remotes[index].finish());
            })
        })
        .collect();
    expect_eq!(task.run(gathered), (0..CHILDREN).collect::<Vec<_>>(), "the outputs of children woken by four threads");
    actors.into_iter().for_each(|actor| actor.finish());
    expect_eq!(polls(&remotes), vec![2; CHILDREN], "polls of children that were woken once each");
}

/// The task's waker may use a child's waker.
///
/// Next: call the task's waker when no lock of yours is held: it is foreign code, and may come back to you.
#[fact]
fn the_tasks_waker_may_wake_a_sibling() {
    struct Relay(Mutex<Option<Remote>>);
    impl Wake for Relay {
        fn wake(self: Arc<Self>) {
            let sibling = self.0.lock().unwrap().take();
            if let Some(sibling) = sibling {
                sibling.wake();
            }
        }
    }
    let (probes, mut remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let relay = Arc::new(Relay(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&relay));
    let _ = gathered.as_mut().poll(&mut Context::from_waker(&waker));
    let (sibling, first) = (remotes.pop().unwrap(), remotes.pop().unwrap());
    *relay.0.lock().unwrap() = Some(sibling.clone());
    first.wake();
    let _ = gathered.as_mut().poll(&mut Context::from_waker(&waker));
    let seen = [first.polls(), sibling.polls()];
    expect_eq!(seen, [2, 2], "polls of two children, one woken by hand, the other by the task's waker");
}

/// A waker that is used after the gather is ready, or after it was dropped, does no harm.
///
/// Next: what a child's waker shares with the gather must outlive the gather or notice that it has gone.
#[fact]
fn a_wake_after_the_end_is_harmless() {
    let (probes, remotes) = probes(2);
    let mut gathered = Box::pin(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes.iter().for_each(Remote::finish);
    expect_eq!(task.poll(gathered.as_mut()), Poll::Ready(vec![0, 1]), "the result");
    remotes.iter().for_each(Remote::wake);
    drop(gathered);
    remotes.iter().for_each(Remote::wake);
    expect_eq!(polls(&remotes), [2, 2], "polls of the children of a gather that was ready, woken again after that");
    let (probes, remotes) = self::probes(2);
    let mut gathered = Box::pin(gather(probes));
    let _ = task.poll(gathered.as_mut());
    drop(gathered);
    remotes.iter().for_each(Remote::wake);
    expect_eq!(polls(&remotes), [1, 1], "polls of the children of a gather that was dropped, woken after that");
}

/// Gathers can be nested, and only the woken path is polled.
///
/// Next: a gather is a future like any other: whatever it assumes about its own task must also hold inside another gather.
#[fact]
fn a_gather_of_gathers_polls_only_the_woken_path() {
    let (left, left_remotes) = probes(2);
    let (right, right_remotes) = probes(2);
    let mut gathered = pin!(gather([gather(left), gather(right)]));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    let before = task.wakes();
    right_remotes[0].finish();
    expect!(task.wakes() > before, "wakes of the task by a child of an inner gather", "1", "0");
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&left_remotes), [1, 1], "polls of the children of the inner gather of which none was woken");
    expect_eq!(polls(&right_remotes), [2, 1], "polls of the children of the inner gather of which the first was woken");
    right_remotes[1].finish();
    left_remotes.iter().for_each(Remote::finish);
    let result = task.poll(gathered.as_mut());
    expect_eq!(result, Poll::Ready(vec![vec![0, 1], vec![0, 1]]), "the result of a gather of two gathers");
}
