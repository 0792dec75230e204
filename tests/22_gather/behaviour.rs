//! Facts about `gather`, `try_gather` and `gather_settled`.
//!
//! Most facts play the runtime themselves: they poll the gather by hand with a waker that counts ([`Task`]), over
//! children that count their polls and drops ([`Probe`]) and that are woken and finished from outside ([`Remote`]).
//! Those about durations run on tokio's paused clock.

use harness::{actor, expect, expect_eq, fact, threads_alive, unmet};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use subject::{Panicked, gather, gather_settled, try_gather};
use tokio::time::{Instant, sleep};

// ---- Results, and their order

/// Nothing is polled before the gather is polled.
///
/// Next: a future does nothing until it is polled; calling the function may collect the children, not more.
#[fact]
fn nothing_is_polled_before_the_gather_is() {
    let (probes, remotes) = probes(3);
    let plain = gather(probes);
    expect_eq!(polls(&remotes), [0, 0, 0], "polls of the children after gather() was called and before it was polled");
    let (probes, remotes) = fallible(3);
    let fallible = try_gather(probes);
    expect_eq!(polls(&remotes), [0, 0, 0], "polls of the children after try_gather() and before the first poll");
    let (probes, remotes) = self::probes(3);
    let settled = gather_settled(probes);
    expect_eq!(polls(&remotes), [0, 0, 0], "polls of the children after gather_settled() and before the first poll");
    drop((plain, fallible, settled));
}

/// The first poll polls every child once, in argument order.
///
/// Next: start all of them before you wait for any of them.
#[fact]
fn the_first_poll_polls_every_child_once_in_argument_order() {
    let order = RefCell::new(Vec::new());
    let children = (0..4).map(|index| {
        let order = &order;
        std::future::poll_fn(move |_| {
            order.borrow_mut().push(index);
            Poll::<()>::Pending
        })
    });
    let mut gathered = pin!(gather(children));
    let task = Task::new();
    expect!(task.poll(gathered.as_mut()).is_pending(), "the first poll of a gather", "pending", "ready");
    expect_eq!(*order.borrow(), [0, 1, 2, 3], "children polled by the first poll, by argument index");
}

/// Results come in argument order, whatever order the children finish in.
///
/// Next: a child's place in the result is its place among the arguments: keep its index with it.
#[fact]
fn results_come_in_argument_order() {
    let (probes, remotes) = probes(4);
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    for index in [2, 0, 3] {
        remotes[index].finish();
        expect!(task.poll(gathered.as_mut()).is_pending(), "a gather with an unfinished child", "pending", "ready");
    }
    remotes[1].finish();
    expect_eq!(
        task.poll(gathered.as_mut()),
        Poll::Ready(vec![0, 1, 2, 3]),
        "the result of children 0 to 3, which finished in the order 2, 0, 3, 1"
    );
}

/// Delays of 1 s, 2 s and 0.5 s take exactly 2 s together.
///
/// Next: awaiting one child after another adds their times up; poll all of them in the same poll.
#[fact]
fn three_delays_take_as_long_as_the_longest() {
    let delays = [1000, 2000, 500];
    let children = delays.map(|milliseconds| async move {
        sleep(Duration::from_millis(milliseconds)).await;
        milliseconds
    });
    let (results, elapsed) = on_paused_clock(gather(children));
    expect_eq!(elapsed, Duration::from_secs(2), "the time that delays of 1 s, 2 s and 0.5 s take");
    expect_eq!(results, delays, "the results of the children that slept 1000 ms, 2000 ms and 500 ms");
}

/// A gather of no futures is ready at its first poll.
///
/// Next: nobody will ever wake a gather without children, so it must not wait for a wake.
#[fact]
fn an_empty_gather_is_ready_at_once() {
    let task = Task::new();
    let none = || Vec::<std::future::Ready<u32>>::new();
    expect_eq!(task.poll(pin!(gather(none()))), Poll::Ready(vec![]), "the first poll of gather([])");
    let fallible = Vec::<std::future::Ready<Result<u32, String>>>::new();
    expect_eq!(task.poll(pin!(try_gather(fallible))), Poll::Ready(Ok(vec![])), "the first poll of try_gather([])");
    expect_eq!(task.poll(pin!(gather_settled(none()))), Poll::Ready(vec![]), "the first poll of gather_settled([])");
}

/// A gather is ready in the very poll in which its last child finishes.
///
/// Next: after polling the woken children look whether any is left; do not wait for one more poll to find out.
#[fact]
fn the_gather_is_ready_with_its_last_child() {
    let task = Task::new();
    let ready = [1, 2, 3].map(std::future::ready);
    expect_eq!(
        task.poll(pin!(gather(ready))),
        Poll::Ready(vec![1, 2, 3]),
        "the first poll over children that are ready"
    );
    let (probes, remotes) = probes(2);
    let mut gathered = pin!(gather(probes));
    let _ = task.poll(gathered.as_mut());
    remotes[0].finish();
    remotes[1].finish();
    expect_eq!(task.poll(gathered.as_mut()), Poll::Ready(vec![0, 1]), "the poll after both children became ready");
}

/// An `Err` is an ordinary output to `gather` and `gather_settled`: it stops nobody.
///
/// Next: only `try_gather` looks into the outputs of its children.
#[fact]
fn an_err_is_an_ordinary_output_to_gather() {
    let children = || {
        [(1, Err("refused")), (2, Ok(7))].map(|(seconds, output)| async move {
            sleep(Duration::from_secs(seconds)).await;
            output
        })
    };
    let (results, elapsed) = on_paused_clock(gather(children()));
    expect_eq!(results, [Err("refused"), Ok(7)], "the outputs of children that end in Err and Ok");
    expect_eq!(
        elapsed,
        Duration::from_secs(2),
        "the time that it takes when the child that fails needs 1 s, the other 2 s"
    );
    let (results, _) = on_paused_clock(gather_settled(children()));
    expect_eq!(
        results,
        [Ok(Err("refused")), Ok(Ok(7))],
        "what gather_settled makes of children that end in Err and Ok"
    );
}

/// The children run in the task that polls the gather: on its thread, with no other thread started.
///
/// Next: nothing has to be spawned to run futures at the same time; poll them all from the one poll.
#[fact]
fn children_run_on_the_thread_that_polls() {
    let before = threads_alive();
    let (probes, remotes) = probes(8);
    let here = std::thread::current().id();
    let seen = Cell::new(None);
    let probes = probes.into_iter().map(|probe| async {
        seen.set(Some(std::thread::current().id()));
        probe.await
    });
    let mut gathered = pin!(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    expect!(seen.get() == Some(here), "the thread that polls a child", "the one that polls the gather", "another one");
    remotes.iter().for_each(Remote::wake);
    expect_eq!(threads_alive(), before, "threads of the process while a gather waits for eight children");
}

// ---- Who is polled

/// A poll of the gather polls the children that were woken, and no other.
///
/// Next: hand every child a waker of its own, which notes that this child wants to be polled.
#[fact]
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

// ---- Wakes

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
#[fact]
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

// ---- The end of a gather

/// Dropping a gather drops every child exactly once and polls none, whether or not it was ever polled.
///
/// Next: own the children by value; then dropping them needs no code at all.
#[fact]
fn dropping_the_gather_drops_every_child() {
    let (probes, remotes) = probes(3);
    drop(gather(probes));
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children of a gather that was dropped before its first poll");
    expect_eq!(polls(&remotes), [0, 0, 0], "polls of the children of a gather that was dropped before its first poll");
    let (probes, remotes) = self::probes(3);
    let mut gathered = Box::pin(gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[1].finish();
    let _ = task.poll(gathered.as_mut());
    remotes[2].wake();
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children of a gather that was dropped half-way");
    expect_eq!(polls(&remotes), [1, 2, 1], "polls of the children of a gather that was dropped half-way");
}

/// Outputs of a gather that is dropped half-way are dropped with it, exactly once.
///
/// Next: an output that nobody will receive still has an owner: the gather.
#[fact]
fn dropping_the_gather_drops_finished_outputs() {
    let drops = Arc::new(AtomicUsize::new(0));
    let output = Counted(Arc::clone(&drops));
    let mut gathered = Box::pin(gather([None, Some(output)].map(|output| async {
        match output {
            Some(output) => output,
            None => std::future::pending().await,
        }
    })));
    let _ = Task::new().poll(gathered.as_mut());
    drop(gathered);
    expect_eq!(drops.load(SeqCst), 1, "drops of the output of a child that had finished when the gather was dropped");
}

/// A child's panic comes out of the poll of a plain gather, with the panic's own payload; the children are dropped with
/// the gather.
///
/// Next: let the panic pass; only `gather_settled` catches it.
#[fact(panics)]
fn a_childs_panic_comes_out_of_gather() {
    let (mut probes, remotes) = probes(3);
    probes[1].during_poll(|_| panic_any("the disk is full"));
    let mut gathered = Box::pin(gather(probes));
    let payload = panic_of(gathered.as_mut());
    expect_eq!(text_of(&*payload), Some("the disk is full"), "the payload of the panic that came out of gather");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1, 1], "drops of the children after the gather that panicked was dropped");
    remotes.iter().for_each(Remote::wake);

    let (mut probes, remotes) = fallible(2);
    probes[0].during_poll(|_| panic_any("the disk is full"));
    let mut gathered = Box::pin(try_gather(probes));
    let payload = panic_of(gathered.as_mut());
    expect_eq!(text_of(&*payload), Some("the disk is full"), "the payload of the panic that came out of try_gather");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1], "drops of the children after the try_gather that panicked was dropped");
}

// ---- try_gather

/// `try_gather` returns all values in argument order if no child fails.
///
/// Next: the `Ok` side is `gather` with the values unwrapped.
#[fact]
fn try_gather_returns_all_values_in_argument_order() {
    let children = [3, 1, 2].map(|seconds| async move {
        sleep(Duration::from_secs(seconds)).await;
        Ok::<_, String>(seconds)
    });
    let (result, elapsed) = on_paused_clock(try_gather(children));
    expect_eq!(result, Ok(vec![3, 1, 2]), "the result of children that succeed after 3 s, 1 s and 2 s");
    expect_eq!(elapsed, Duration::from_secs(3), "the time that children of 3 s, 1 s and 2 s take");
}

/// `try_gather` returns the first error in time, at the moment of that error.
///
/// Next: do not wait for the others, and do not look at the children in argument order: act on `Err` where you see it.
#[fact]
fn the_first_error_in_time_wins() {
    let children = [(3, Err("late")), (1, Ok(())), (2, Err("early")), (9, Ok(()))];
    let children = children.map(|(seconds, output)| async move {
        sleep(Duration::from_secs(seconds)).await;
        output
    });
    let (result, elapsed) = on_paused_clock(try_gather(children));
    expect_eq!(result, Err("early"), "the result of children that end after 3 s (error), 1 s, 2 s (error) and 9 s");
    expect_eq!(
        elapsed,
        Duration::from_secs(2),
        "the time until try_gather returned the error of the child that took 2 s"
    );
}

/// When a child fails the others have been dropped, unpolled, by the time `try_gather` returns the error.
///
/// Next: drop the children inside the poll that returns the error, not whenever the gather itself is dropped.
#[fact]
fn an_error_drops_the_others_before_it_is_returned() {
    let (probes, remotes) = fallible(4);
    let mut gathered = pin!(try_gather(probes));
    let task = Task::new();
    let _ = task.poll(gathered.as_mut());
    remotes[2].finish();
    let _ = task.poll(gathered.as_mut());
    remotes[1].fail();
    expect_eq!(task.poll(gathered.as_mut()), Poll::Ready(Err(1)), "the result after child 1 failed");
    let unfinished = [remotes[0].drops(), remotes[3].drops()];
    expect_eq!(unfinished, [1, 1], "drops of the two unfinished children when try_gather has returned the error");
    expect_eq!(
        polls(&remotes),
        [1, 2, 2, 1],
        "polls of four children: 2 finished, then 1 failed, 0 and 3 were never woken"
    );
}

/// Once a child of `try_gather` has failed, no other child is polled.
///
/// Next: leave the loop over the woken children at the first error.
#[fact]
fn no_child_is_polled_after_an_error() {
    let (probes, remotes) = fallible(4);
    remotes[1].fail();
    let mut gathered = pin!(try_gather(probes));
    expect_eq!(Task::new().poll(gathered.as_mut()), Poll::Ready(Err(1)), "the first poll, in which child 1 fails");
    expect_eq!(polls(&remotes), [1, 1, 0, 0], "polls of four children of which number 1 fails in the first poll");
    let others = [remotes[0].drops(), remotes[2].drops(), remotes[3].drops()];
    expect_eq!(others, [1, 1, 1], "drops of the other children when try_gather has returned the error");
}

/// The values of children that succeeded before another one failed are dropped with the gather, exactly once.
///
/// Next: the error takes the place of the whole result; the values that are already there go with the gather.
#[fact]
fn an_error_drops_the_values_that_were_there() {
    let drops = Arc::new(AtomicUsize::new(0));
    let outputs = [Ok(Counted(Arc::clone(&drops))), Err("refused")];
    let mut gathered = Box::pin(try_gather(outputs.map(std::future::ready)));
    let result = Task::new().poll(gathered.as_mut());
    expect!(matches!(result, Poll::Ready(Err("refused"))), "the result", "the error", "something else");
    drop(gathered);
    expect_eq!(drops.load(SeqCst), 1, "drops of the value of the child that succeeded before the other one failed");
}

// ---- gather_settled

/// A child that panics becomes its own `Err` in `gather_settled`; the others run on and keep their results.
///
/// Next: catch the panic around the poll of that one child, not around the poll of all.
#[fact(panics)]
fn a_panicking_child_stops_no_other() {
    let children = [(2, false), (1, true), (3, false), (0, true)].map(|(seconds, panics)| async move {
        sleep(Duration::from_secs(seconds)).await;
        if panics {
            panic!("no answer after {seconds} s");
        }
        seconds
    });
    let (results, elapsed) = on_paused_clock(gather_settled(children));
    let seen: Vec<_> = results.iter().map(|result| result.as_ref().map_err(Panicked::message)).collect();
    expect_eq!(
        seen,
        [Ok(&2), Err(Some("no answer after 1 s")), Ok(&3), Err(Some("no answer after 0 s"))],
        "the results of children that succeed after 2 s, panic after 1 s, succeed after 3 s and panic after 0 s"
    );
    expect_eq!(elapsed, Duration::from_secs(3), "the time that these children take");
}

/// A child that has panicked is not polled again, is dropped exactly once, and its late wake does no harm.
///
/// Next: a panic ends a child just as a result does.
#[fact(panics)]
fn a_panicked_child_is_finished() {
    let (mut probes, remotes) = probes(2);
    probes[0].during_poll(|_| panic_any("out of range"));
    let mut gathered = Box::pin(gather_settled(probes));
    let task = Task::new();
    expect!(task.poll(gathered.as_mut()).is_pending(), "a gather_settled with an unfinished child", "pending", "ready");
    remotes[0].wake();
    let _ = task.poll(gathered.as_mut());
    expect_eq!(polls(&remotes), [1, 1], "polls of the child that panicked, woken again after that, and of its sibling");
    remotes[1].finish();
    let Poll::Ready(results) = task.poll(gathered.as_mut()) else {
        unmet("a gather_settled whose children have panicked or finished", "ready", "pending")
    };
    expect!(results[0].is_err(), "the result of the child that panicked", "Err", "Ok");
    expect_eq!(results[1], Ok(1), "the result of the child that finished");
    drop(gathered);
    expect_eq!(drops(&remotes), [1, 1], "drops of the children");
}

/// `Panicked::message` is the panic's text, literal or formatted, and `None` for any other payload.
///
/// Next: `panic!("text")` carries a `&'static str`, `panic!("{x}")` a `String`, and `panic_any` whatever it is given.
#[fact(panics)]
fn the_message_of_a_panic_is_kept() {
    let children = (0..3).map(|child| async move {
        match child {
            0 => panic_any("a literal"),
            1 => panic_any(format!("a text with {child} number")),
            _ => panic_any(child),
        }
    });
    let Poll::Ready(results) = Task::new().poll(pin!(gather_settled(children))) else {
        unmet("a gather_settled of children that all panic in their first poll", "ready", "pending")
    };
    let panics: Vec<Panicked> = results.into_iter().filter_map(|result: Result<(), Panicked>| result.err()).collect();
    let messages: Vec<_> = panics.iter().map(Panicked::message).collect();
    expect_eq!(
        messages,
        [Some("a literal"), Some("a text with 1 number"), None],
        "the messages of panics with a &'static str, a String and a number"
    );
    let shown: Vec<_> = panics.iter().map(ToString::to_string).collect();
    expect_eq!(
        shown,
        ["panicked: a literal", "panicked: a text with 1 number", "panicked"],
        "the same panics as Display shows them"
    );
}

// ---- The parts that the facts are played with

/// The task that waits for a gather: a waker that counts, and wakes the thread that created it.
struct Task {
    waker: Arc<TaskWaker>,
}

struct TaskWaker {
    wakes: AtomicUsize,
    thread: std::thread::Thread,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.thread.unpark();
    }
}

impl Task {
    fn new() -> Self {
        Self { waker: Arc::new(TaskWaker { wakes: AtomicUsize::new(0), thread: std::thread::current() }) }
    }

    fn wakes(&self) -> usize {
        self.waker.wakes.load(SeqCst)
    }

    fn poll<G: Future>(&self, gathered: Pin<&mut G>) -> Poll<G::Output> {
        gathered.poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.waker))))
    }

    /// Polls as often as it is woken, until the end. The first poll has been made.
    fn run<G: Future>(&self, mut gathered: Pin<&mut G>) -> G::Output {
        let mut seen = 0;
        loop {
            while self.wakes() == seen {
                std::thread::park();
            }
            seen = self.wakes();
            if let Poll::Ready(output) = self.poll(gathered.as_mut()) {
                return output;
            }
        }
    }
}

/// A child that is pending until its [`Remote`] says otherwise, and that counts.
struct Probe<T> {
    state: Arc<State>,
    /// The output of a child that was told to finish, and that of a child that was told to fail.
    outputs: Option<[T; 2]>,
    during_poll: Option<Action>,
}

type Action = Box<dyn FnMut(&Waker)>;

/// The other end of a [`Probe`].
#[derive(Clone)]
struct Remote {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    polls: AtomicUsize,
    drops: AtomicUsize,
    /// The waker of the latest poll, and which of the outputs is due.
    signal: Mutex<(Option<Waker>, Option<usize>)>,
}

/// Children whose outputs are their indices.
fn probes(count: usize) -> (Vec<Probe<usize>>, Vec<Remote>) {
    (0..count).map(|index| probe([index, usize::MAX])).unzip()
}

/// Children whose outputs are `Ok(index)`, or `Err(index)` when they are told to fail.
fn fallible(count: usize) -> (Vec<Probe<Result<usize, usize>>>, Vec<Remote>) {
    (0..count).map(|index| probe([Ok(index), Err(index)])).unzip()
}

fn probe<T>(outputs: [T; 2]) -> (Probe<T>, Remote) {
    let state = Arc::new(State::default());
    (Probe { state: Arc::clone(&state), outputs: Some(outputs), during_poll: None }, Remote { state })
}

impl<T> Probe<T> {
    /// Does something with the child's waker in each poll.
    fn during_poll(&mut self, action: impl FnMut(&Waker) + 'static) {
        self.during_poll = Some(Box::new(action));
    }
}

/// A probe is never pinned to its place.
impl<T> Unpin for Probe<T> {}

impl<T> Future for Probe<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.state.polls.fetch_add(1, SeqCst);
        if self.outputs.is_none() {
            unmet("a child that has finished", "it is never polled again", "it was polled again");
        }
        let due = {
            let mut signal = self.state.signal.lock().unwrap();
            signal.0 = Some(context.waker().clone());
            signal.1
        };
        if let Some(during_poll) = &mut self.during_poll {
            during_poll(context.waker());
        }
        let Some(due) = due else { return Poll::Pending };
        let outputs = self.outputs.take().map(|[success, failure]| if due == 0 { success } else { failure });
        Poll::Ready(outputs.expect("an unfinished child has its outputs"))
    }
}

impl<T> Drop for Probe<T> {
    fn drop(&mut self) {
        self.state.drops.fetch_add(1, SeqCst);
    }
}

impl Remote {
    fn polls(&self) -> usize {
        self.state.polls.load(SeqCst)
    }

    fn drops(&self) -> usize {
        self.state.drops.load(SeqCst)
    }

    /// Wakes the child, which stays as unfinished as it was.
    fn wake(&self) {
        let waker = self.state.signal.lock().unwrap().0.clone();
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }

    fn finish(&self) {
        self.end(0);
    }

    fn fail(&self) {
        self.end(1);
    }

    fn end(&self, output: usize) {
        let waker = {
            let mut signal = self.state.signal.lock().unwrap();
            signal.1 = Some(output);
            signal.0.clone()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn polls(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::polls).collect()
}

fn drops(remotes: &[Remote]) -> Vec<usize> {
    remotes.iter().map(Remote::drops).collect()
}

/// An output that counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Runs a gather on tokio's paused clock; returns its output and how much virtual time it took.
fn on_paused_clock<G: Future>(gathered: G) -> (G::Output, Duration) {
    const MOST_POLLS: usize = 1000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("the system has room for a runtime").block_on(async {
        let start = Instant::now();
        let mut gathered = pin!(gathered);
        let mut polls = 0;
        let output = std::future::poll_fn(|context| {
            polls += 1;
            // The clock only moves on when the task is idle.
            if polls > MOST_POLLS {
                unmet(
                    "a gather of a few children that sleep",
                    "it is polled when a child was woken, a few times altogether",
                    format!("it woke its own task over and over: {MOST_POLLS} polls"),
                );
            }
            gathered.as_mut().poll(context)
        })
        .await;
        (output, start.elapsed())
    })
}

/// The payload of the panic that comes out of the next poll.
fn panic_of<G: Future>(gathered: Pin<&mut G>) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(|| Task::new().poll(gathered).is_ready())) {
        Err(payload) => payload,
        Ok(ready) => unmet(
            "a poll in which a child panics",
            "the panic comes out of it",
            if ready { "the gather was ready" } else { "the gather was pending" },
        ),
    }
}

fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    payload.downcast_ref::<&'static str>().copied()
}
