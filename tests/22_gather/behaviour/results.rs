//! Results come in argument order, as soon as the last child ends; the children start together.

use super::probe::{Remote, fallible, polls, probes};
use super::task::{Task, on_paused_clock};
use harness::{expect, expect_eq, fact, threads_alive};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use subject::{gather, gather_settled, try_gather};
use tokio::time::sleep;

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
#[fact(negated)]
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
