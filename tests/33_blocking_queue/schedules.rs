//! Stories of a few threads that share one queue, each told along every schedule.

use harness::{Actor, actor, expect, expect_eq, quiesce, scenario, sleep};
use std::sync::Arc;
use std::time::{Duration, Instant};
use subject::{GetError, PutError, Queue};

type Shared = Arc<Queue<u32>>;

fn bounded(capacity: usize) -> Shared {
    Arc::new(Queue::bounded(capacity))
}

fn thread<R: Send + 'static>(
    name: &str,
    queue: &Shared,
    part: impl FnOnce(&Queue<u32>) -> R + Send + 'static,
) -> Actor<R> {
    let queue = Arc::clone(queue);
    actor(name, move || part(&queue))
}

/// A thread that takes so many items, says after each that it is done, and returns them.
fn getter(name: &str, queue: &Shared, times: usize) -> Actor<Vec<u32>> {
    thread(name, queue, move |queue| {
        let take = |_| {
            let item = queue.get();
            expect_eq!(queue.task_done(), Ok(()), "task_done, for an item that was just taken");
            item.expect("the queue is not shut down")
        };
        (0..times).map(take).collect()
    })
}

// Everybody comes when they like: each item is taken once, each producer's items in their order, and nobody waits in vain.

fn crowd(putters: &[&str], getters: &[(&str, usize)], capacity: usize) {
    let queue = bounded(capacity);
    let items: usize = getters.iter().map(|(_, times)| times).sum();
    let each = items / putters.len();
    let number = |putter: usize, round: usize| (10 * putter + round) as u32;
    let start = |(putter, name): (usize, &&str)| {
        thread(name, &queue, move |queue| (0..each).for_each(|round| queue.put(number(putter, round)).unwrap()))
    };
    let putting: Vec<_> = putters.iter().enumerate().map(start).collect();
    let getting: Vec<_> = getters.iter().map(|(name, times)| getter(name, &queue, *times)).collect();
    putting.into_iter().for_each(Actor::finish);
    let taken: Vec<Vec<u32>> = getting.into_iter().map(Actor::finish).collect();
    for items in &taken {
        for putter in 0..putters.len() as u32 {
            let theirs: Vec<&u32> = items.iter().filter(|item| *item / 10 == putter).collect();
            let in_order = theirs.is_sorted();
            expect!(in_order, "the items of one putter that one getter took", "in their order", format!("{theirs:?}"));
        }
    }
    let mut taken = taken.concat();
    taken.sort_unstable();
    let put: Vec<u32> =
        (0..putters.len()).flat_map(|putter| (0..each).map(move |round| number(putter, round))).collect();
    expect_eq!(taken, put, "all items that were taken, sorted");
    queue.join();
}

/// One putter and one getter, room for one: every item gets through, in order, and nobody waits in vain.
///
/// Next: between a look at the queue and the wait that follows from it, nobody may change the queue.
#[scenario]
fn one_putter_one_getter_capacity_1() {
    crowd(&["putter"], &[("getter", 3)], 1);
}

/// Two putters and one getter, room for one: whoever waits is woken when there is something for it.
///
/// Next: who is woken when an item is taken? Can it be somebody who has no use for that?
#[scenario]
fn two_putters_one_getter_capacity_1() {
    crowd(&["putter 1", "putter 2"], &[("getter", 4)], 1);
}

/// One putter and two getters, room for one: whoever waits is woken when there is something for it.
///
/// Next: who is woken when an item is put? Can it be somebody who has no use for that?
#[scenario]
fn one_putter_two_getters_capacity_1() {
    crowd(&["putter"], &[("getter 1", 1), ("getter 2", 1)], 1);
}

/// Two putters and two getters, room for one: whoever waits is woken when there is something for it.
///
/// Next: read the lanes from their end: who waits, for what, and who was woken in its place?
#[scenario]
fn two_putters_two_getters_capacity_1() {
    crowd(&["putter 1", "putter 2"], &[("getter 1", 1), ("getter 2", 1)], 1);
}

/// One putter and two getters, room for two: each of two items that are put one after the other reaches a getter.
///
/// Next: an item that is put on top of another one is news, too: the first may not have been taken yet.
#[scenario]
fn one_putter_two_getters_capacity_2() {
    crowd(&["putter"], &[("getter 1", 1), ("getter 2", 1)], 2);
}

/// Two putters and one getter, room for two: each of two places that become free one after the other reaches a putter.
///
/// Next: a place that becomes free beside another one is news, too: the first may not have been taken yet.
#[scenario]
fn two_waiting_putters_capacity_2() {
    let queue = bounded(2);
    (0..2).for_each(|item| queue.put(item).unwrap());
    let putters =
        [("putter 2", 2), ("putter 3", 3)].map(|(name, item)| thread(name, &queue, move |queue| queue.put(item)));
    let getter = getter("getter", &queue, 2);
    expect_eq!(getter.finish(), [0, 1], "the first items that were taken");
    for putter in putters {
        expect!(putter.finish().is_ok(), "a put that waited, after two of two items were taken", "Ok", "an error");
    }
}

// What is unfinished.

/// The last `task_done` releases a thread that joins, even one that is just about to wait.
///
/// Next: the number of unfinished items belongs under the same lock as the wait for it.
#[scenario(negated)]
fn the_last_task_done_meets_a_join() {
    let queue = bounded(1);
    queue.put(7).unwrap();
    let getter = getter("getter", &queue, 1);
    queue.join();
    expect_eq!(getter.finish(), [7], "what was taken");
}

// Time-outs.

const SECOND: Duration = Duration::from_secs(1);

/// What a time-out of one second came to. Only explored time is exact: on real threads no upper bound holds.
fn expect_a_second(took: Duration, call: &str) {
    let exact = if cfg!(graded) { took == SECOND } else { took >= SECOND };
    expect!(exact, format!("the time that {call} took to fail, woken after half a second"), "1s", format!("{took:?}"));
}

/// A get with a time-out of one second that is woken after half a second for an item which another thread takes goes on
/// waiting for the other half, and no longer.
///
/// Next: what counts is when the call began. How much of the time-out is left when the thread is woken?
#[scenario]
fn a_get_that_comes_too_late_waits_for_the_rest_of_its_time() {
    let queue = bounded(1);
    let waiting = thread("waiting", &queue, |queue| {
        let begun = Instant::now();
        (queue.get_timeout(SECOND), begun.elapsed())
    });
    sleep(SECOND / 2);
    queue.put(7).unwrap();
    let taken = queue.try_get();
    let (result, took) = waiting.finish();
    match taken {
        Ok(_) => {
            expect_eq!(result, Err(GetError::Empty), "get_timeout, when another thread was faster to take the item");
            expect_a_second(took, "get_timeout");
        }
        Err(_) => expect_eq!(result, Ok(7), "get_timeout, when no other thread took the item"),
    }
}

/// A put with a time-out of one second that is woken after half a second for a place which another thread takes goes on
/// waiting for the other half, and no longer.
///
/// Next: what counts is when the call began. How much of the time-out is left when the thread is woken?
#[scenario]
fn a_put_that_comes_too_late_waits_for_the_rest_of_its_time() {
    let queue = bounded(1);
    queue.put(0).unwrap();
    let waiting = thread("waiting", &queue, |queue| {
        let begun = Instant::now();
        (queue.put_timeout(1, SECOND), begun.elapsed())
    });
    sleep(SECOND / 2);
    let first = queue.get();
    let again = queue.try_put(2);
    let (result, took) = waiting.finish();
    expect_eq!(first, Ok(0), "what get returns");
    match again {
        Ok(()) => {
            expect_eq!(result, Err(PutError::Full(1)), "put_timeout of 1, when another thread was faster to put");
            expect_a_second(took, "put_timeout");
        }
        Err(_) => expect_eq!(result, Ok(()), "put_timeout, when no other thread took the place"),
    }
}

/// A get and a put with a time-out of `Duration::MAX` wait as long as it takes.
///
/// Next: a deadline that cannot be computed is none.
#[scenario]
fn the_longest_time_out_waits_as_long_as_it_takes() {
    let queue = bounded(1);
    let getter = thread("getter", &queue, |queue| queue.get_timeout(Duration::MAX));
    sleep(SECOND / 100);
    queue.put(7).unwrap();
    expect_eq!(getter.finish(), Ok(7), "get_timeout of Duration::MAX, after an item was put");
    queue.put(8).unwrap();
    let putter = thread("putter", &queue, |queue| queue.put_timeout(9, Duration::MAX));
    sleep(SECOND / 100);
    expect_eq!(queue.get(), Ok(8), "what get returns");
    expect_eq!(putter.finish(), Ok(()), "put_timeout of Duration::MAX, after an item was taken");
}

/// A shutdown releases threads that wait with a time-out, long before it has passed.
///
/// Next: those who wait with a time-out wait for the same news as the others.
#[scenario]
fn a_shutdown_releases_those_who_wait_with_a_time_out() {
    let (full, empty) = (bounded(1), bounded(1));
    full.put(0).unwrap();
    let putter = thread("putter", &full, |queue| (queue.put_timeout(1, 100 * SECOND), Instant::now()));
    let getter = thread("getter", &empty, |queue| (queue.get_timeout(100 * SECOND), Instant::now()));
    let limit = Instant::now() + 99 * SECOND;
    sleep(SECOND / 100);
    full.shutdown(false);
    empty.shutdown(false);
    let ((put, put_at), (get, get_at)) = (putter.finish(), getter.finish());
    expect_eq!(put, Err(PutError::ShutDown(1)), "put_timeout of 1, which waited while the queue was shut down");
    expect_eq!(get, Err(GetError::ShutDown), "get_timeout, which waited while the queue was shut down");
    let late = put_at.max(get_at) > limit;
    expect!(!late, "when they returned", "at once", "when their time had passed");
}

// Shutting down.

/// A shutdown releases a thread that waits to get, even one that is just about to wait.
///
/// Next: that the queue is shut down belongs under the same lock as the wait.
#[scenario]
fn a_shutdown_meets_a_get() {
    let queue = bounded(1);
    let getter = thread("getter", &queue, |queue| queue.get());
    queue.shutdown(false);
    expect_eq!(getter.finish(), Err(GetError::ShutDown), "get, of an empty queue that is shut down");
}

/// A shutdown releases a thread that waits to put, even one that is just about to wait.
///
/// Next: that the queue is shut down belongs under the same lock as the wait.
#[scenario(negated)]
fn a_shutdown_meets_a_put() {
    let queue = bounded(1);
    queue.put(0).unwrap();
    let putter = thread("putter", &queue, |queue| queue.put(1));
    queue.shutdown(false);
    expect_eq!(putter.finish(), Err(PutError::ShutDown(1)), "put of 1, in a full queue that is shut down");
    expect_eq!(queue.len(), 1, "items in the queue");
}

/// A put that has waited does not get in after a shutdown, even if there is room by then.
///
/// Next: whoever was woken asks both questions again, the one about the shutdown first.
#[scenario]
fn nothing_gets_in_after_a_shutdown() {
    let queue = bounded(1);
    queue.put(0).unwrap();
    let putter = thread("putter", &queue, |queue| queue.put(1));
    quiesce();
    expect_eq!(queue.get(), Ok(0), "what get returns");
    queue.shutdown(false);
    let left: Vec<u32> = std::iter::from_fn(|| queue.try_get().ok()).collect();
    let result = putter.finish();
    let expected = if left.is_empty() { Err(PutError::ShutDown(1)) } else { Ok(()) };
    let seen = format!("put of 1, which waited; after the shutdown, {left:?} was left in the queue");
    expect!(result == expected, seen, format!("{expected:?}"), format!("{result:?}"));
}

/// An immediate shutdown leaves nothing behind: what is put at the same moment is either dropped and done, or refused.
///
/// Next: to close the way in and to empty the queue is one step, under one hold of the lock.
#[scenario]
fn an_immediate_shutdown_is_one_step() {
    let queue = bounded(2);
    let putters =
        [("putter 1", 1), ("putter 2", 2)].map(|(name, item)| thread(name, &queue, move |queue| queue.put(item)));
    queue.shutdown(true);
    let puts = putters.map(Actor::finish);
    expect_eq!(
        queue.len(),
        0,
        format!("items in the queue, after an immediate shutdown and puts that returned {puts:?}")
    );
    queue.join();
}

/// Of an item that a get and an immediate shutdown both reach for, one has it: a taken item stays unfinished until it is done.
///
/// Next: what was taken is not there to be dropped; count what you drop.
#[scenario]
fn an_immediate_shutdown_meets_a_get() {
    let queue = bounded(2);
    (1..=2).for_each(|item| queue.put(item).unwrap());
    let getter = thread("getter", &queue, |queue| {
        let item = queue.get();
        (item, item.is_ok().then(|| queue.task_done()))
    });
    queue.shutdown(true);
    match getter.finish() {
        (Ok(item), done) => {
            expect_eq!((item, done), (1, Some(Ok(()))), "the item that get returned, and what task_done said about it");
        }
        (Err(error), _) => expect_eq!(error, GetError::ShutDown, "why get failed"),
    }
    queue.join();
}
