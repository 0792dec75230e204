//! Facts about a blocking queue. Each tells a story with a few threads and looks at it whenever all have come to rest.

use harness::{Actor, actor, expect, expect_eq, fact, quiesce};
use std::panic::catch_unwind;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use subject::{GetError, PutError, Queue, TaskDoneError};

/// Long enough that no wait of this length ends by itself while a fact is looked at.
const LONG: Duration = Duration::from_secs(3600);

fn bounded<T>(capacity: usize) -> Arc<Queue<T>> {
    Arc::new(Queue::bounded(capacity))
}

/// A queue that is full of the numbers from 0.
fn full_queue(capacity: u32) -> Arc<Queue<u32>> {
    let queue = bounded(capacity as usize);
    for number in 0..capacity {
        expect_eq!(put_result(queue.try_put(number)), "Ok", "try_put, while there is room");
    }
    queue
}

/// What became of a put, in words.
fn put_result(result: Result<(), PutError<u32>>) -> String {
    match result {
        Ok(()) => "Ok".into(),
        Err(PutError::Full(item)) => format!("Full({item})"),
        Err(PutError::ShutDown(item)) => format!("ShutDown({item})"),
    }
}

type Put = Result<(), PutError<u32>>;
type Get = Result<u32, GetError>;

/// A thread that does one thing with the queue. It has come to rest when this returns: it has done it, or waits.
fn thread<R: Send + 'static>(
    name: &str,
    queue: &Arc<Queue<u32>>,
    part: impl FnOnce(&Queue<u32>) -> R + Send + 'static,
) -> Actor<R> {
    let queue = Arc::clone(queue);
    let actor = actor(name, move || part(&queue));
    quiesce();
    actor
}

fn putter(name: &str, queue: &Arc<Queue<u32>>, item: u32) -> Actor<Put> {
    thread(name, queue, move |queue| queue.put(item))
}

fn getter(name: &str, queue: &Arc<Queue<u32>>) -> Actor<Get> {
    thread(name, queue, |queue| queue.get())
}

fn joiner(name: &str, queue: &Arc<Queue<u32>>) -> Actor<()> {
    thread(name, queue, |queue| queue.join())
}

fn waits<R>(actor: &Actor<R>, about: &str) {
    expect!(!actor.has_finished(), about, "it waits", "it has returned");
}

/// The result of an actor that must have one by now.
fn returned<R>(actor: Actor<R>, about: &str) -> R {
    quiesce();
    expect!(actor.has_finished(), about, "it returns", "it waits");
    actor.finish()
}

fn count<R>(actors: &[Actor<R>]) -> usize {
    quiesce();
    actors.iter().filter(|actor| actor.has_finished()).count()
}

fn task_done(queue: &Queue<u32>) {
    expect_eq!(queue.task_done(), Ok(()), "task_done, for an item that was taken");
}

// Order and room.

/// Items come out in the order in which they got in.
///
/// Next: take from the end that you do not put to.
#[fact]
fn items_come_out_in_the_order_they_got_in() {
    let queue = bounded(8);
    for round in 0..3 {
        for number in 0..5 {
            expect_eq!(put_result(queue.put(10 * round + number)), "Ok", "put, while there is room");
        }
        let items: Vec<Get> = (0..5).map(|_| queue.get()).collect();
        let expected: Vec<Get> = (0..5).map(|number| Ok(10 * round + number)).collect();
        expect_eq!(items, expected, "five items, in the order in which get returned them");
    }
}

/// A put waits while the queue is full, and gets in when an item is taken.
///
/// Next: full means that `capacity` items lie in the queue, neither one less nor one more.
#[fact]
fn a_put_waits_while_the_queue_is_full() {
    let queue = full_queue(2);
    let putter = putter("putter", &queue, 2);
    waits(&putter, "put, while a queue with room for two holds two");
    expect_eq!(queue.len(), 2, "the length of a queue with room for two, while a put waits");
    expect_eq!(queue.get(), Ok(0), "what get returns");
    expect_eq!(put_result(returned(putter, "put, after an item was taken")), "Ok", "what the put that waited returned");
    expect_eq!([queue.get(), queue.get()], [Ok(1), Ok(2)], "what get returns then");
}

/// A get waits while the queue is empty, and takes the item that is put.
///
/// Next: who puts has somebody to wake.
#[fact]
fn a_get_waits_while_the_queue_is_empty() {
    let queue = bounded(1);
    let getter = getter("getter", &queue);
    waits(&getter, "get, while the queue is empty");
    expect_eq!(put_result(queue.put(7)), "Ok", "put, while there is room");
    expect_eq!(returned(getter, "get, after an item was put"), Ok(7), "what the get that waited returned");
    expect!(queue.is_empty(), "the queue, after its one item was taken", "empty", format!("{} items", queue.len()));
}

/// Of several threads that wait to put, each item that is taken lets one in.
///
/// Next: to be woken is not to have room: look again, and wait again.
#[fact]
fn each_item_taken_lets_one_put_in() {
    let queue = full_queue(1);
    let putters = ["putter 1", "putter 2", "putter 3"].map(|name| putter(name, &queue, 1));
    for taken in 1..=3 {
        expect!(queue.get().is_ok(), "get, while the queue holds an item", "Ok", "an error");
        expect_eq!(count(&putters), taken, "how many of three waiting puts got in, by the number of items taken");
        expect_eq!(queue.len(), 1, "the length of a queue with room for one");
    }
}

/// Of several threads that wait to get, each item that is put lets one go on.
///
/// Next: to be woken is not to have an item: look again, and wait again.
#[fact]
fn each_item_put_lets_one_get_go_on() {
    let queue = bounded(3);
    let getters = ["getter 1", "getter 2", "getter 3"].map(|name| getter(name, &queue));
    for put in 1..=3 {
        expect_eq!(put_result(queue.put(7)), "Ok", "put, while there is room");
        expect_eq!(count(&getters), put, "how many of three waiting gets went on, by the number of items put");
    }
    for getter in getters {
        expect_eq!(getter.finish(), Ok(7), "what a get that waited returned");
    }
}

/// A put in an unbounded queue never waits.
///
/// Next: no bound is not a bound of 0, nor of 1000.
#[fact]
fn an_unbounded_queue_always_has_room() {
    let queue = Queue::unbounded();
    for number in 0..50_000 {
        expect_eq!(put_result(queue.try_put(number)), "Ok", "try_put, in an unbounded queue");
    }
    expect_eq!(queue.len(), 50_000, "the length after 50000 puts");
    expect!(!queue.is_full(), "is_full, of an unbounded queue", "false", "true");
    expect_eq!(queue.get(), Ok(0), "what get returns");
}

/// A bound of 0 is refused with a panic.
///
/// Next: `assert!`.
#[fact(panics)]
fn a_bound_of_zero_is_refused() {
    expect!(catch_unwind(|| Queue::<u32>::bounded(0)).is_err(), "Queue::bounded(0)", "a panic", "a queue");
}

/// Threads that wait are blocked: they use no processor time and do not look again every so often.
///
/// Next: wait on a condition variable, without a time-out, until somebody notifies it.
#[fact]
fn waiting_costs_nothing() {
    let (full, empty) = (full_queue(1), bounded(1));
    let (putter, getter, joiner) = (putter("putter", &full, 7), getter("getter", &empty), joiner("joiner", &full));
    // `quiesce` has refused whatever spins or polls; the rest is whether it could be woken.
    let standings = [("put", putter.standing()), ("get", getter.standing()), ("join", joiner.standing())];
    for (call, standing) in standings {
        expect!(
            standing.waits_for_a_sibling(),
            format!("a thread that has to wait in {call}"),
            "it waits for another thread to wake it",
            format!("it {}", standing.describe())
        );
    }
}

// Not waiting, and waiting only so long.

/// The `try_` calls fail instead of waiting, and hand the item back.
///
/// Next: `Full` holds the item that was not put.
#[fact]
fn try_calls_fail_instead_of_waiting() {
    let queue = bounded(1);
    expect_eq!(queue.try_get(), Err(GetError::Empty), "try_get, while the queue is empty");
    expect_eq!(put_result(queue.try_put(1)), "Ok", "try_put, while there is room");
    expect_eq!(put_result(queue.try_put(2)), "Full(2)", "try_put of 2, while the queue is full");
    expect_eq!(queue.try_get(), Ok(1), "try_get, while the queue holds 1");
    expect_eq!(queue.try_get(), Err(GetError::Empty), "try_get, after the one item was taken");
    expect_eq!(queue.task_done(), Ok(()), "task_done, for the one item that got in");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, once more: the item that was refused does not count");
}

/// The errors say in words what was the matter.
///
/// Next: the error types of the starter are complete; leave them as they are.
#[fact]
fn errors_say_what_was_the_matter() {
    let (full, shut_down) = (PutError::Full(7), PutError::ShutDown(7));
    expect_eq!(format!("{full:?}, {full}"), "Full(..), the queue is full", "Debug and Display of PutError::Full");
    let words = format!("{shut_down:?}, {shut_down}");
    expect_eq!(words, "ShutDown(..), the queue is shut down", "Debug and Display of PutError::ShutDown");
    expect_eq!([full, shut_down].map(PutError::into_item), [7, 7], "the items of the two");
    let words = [GetError::Empty, GetError::ShutDown].map(|error| error.to_string());
    expect_eq!(words, ["the queue is empty", "the queue is shut down"], "Display of GetError");
}

/// The calls that do not wait do not wait for a thread that waits in `put`, `get` or `join`, either.
///
/// Next: no lock may be held while waiting, but the one that the condition variable lets go of.
#[fact]
fn calls_that_do_not_wait_do_not_stand_behind_those_that_do() {
    let full = full_queue(1);
    let _waiting = (putter("putter", &full, 7), joiner("joiner", &full));
    let result = thread("try_put", &full, |queue| queue.try_put(8));
    expect_eq!(put_result(returned(result, "try_put, while a put and a join wait")), "Full(8)", "what it returned");
    let result =
        thread("task_done", &full, |queue| (queue.len(), queue.is_empty(), queue.is_full(), queue.task_done()));
    let result = returned(result, "len, is_empty, is_full and task_done, while a put and a join wait");
    expect_eq!(result, (1, false, true, Ok(())), "what they returned");
    let empty = bounded(1);
    let _waiting = getter("getter", &empty);
    let result = thread("try_get", &empty, |queue| queue.try_get());
    expect_eq!(returned(result, "try_get, while a get waits"), Err(GetError::Empty), "what it returned");
    let result = thread("shutdown", &empty, |queue| (queue.is_empty(), queue.is_full(), queue.shutdown(false)));
    let result = returned(result, "is_empty, is_full and shutdown, while a get waits");
    expect_eq!(result, (true, false, ()), "what they returned");
}

/// A put or get with a time-out fails when its time has passed, and not before.
///
/// Next: a condition variable tells why its wait has ended, and that is not always the time.
#[fact]
fn time_outs_wait_as_long_as_they_say() {
    const TIME: Duration = Duration::from_millis(20);
    let queue = bounded(1);
    let begun = Instant::now();
    expect_eq!(queue.get_timeout(TIME), Err(GetError::Empty), "get_timeout, while the queue is empty");
    expect!(begun.elapsed() >= TIME, "get_timeout of 20 ms", "at least 20 ms", format!("{:?}", begun.elapsed()));
    expect_eq!(put_result(queue.put_timeout(1, TIME)), "Ok", "put_timeout, while there is room");
    let begun = Instant::now();
    expect_eq!(put_result(queue.put_timeout(2, TIME)), "Full(2)", "put_timeout of 2, while the queue is full");
    expect!(begun.elapsed() >= TIME, "put_timeout of 20 ms", "at least 20 ms", format!("{:?}", begun.elapsed()));
    expect_eq!(queue.get_timeout(TIME), Ok(1), "get_timeout, while the queue holds 1");
}

/// A time-out of zero is a look: what can be had at once is had.
///
/// Next: look at the queue before you look at the clock.
#[fact]
fn a_time_out_of_zero_is_a_look() {
    let queue = bounded(1);
    expect_eq!(
        queue.get_timeout(Duration::ZERO),
        Err(GetError::Empty),
        "get_timeout of zero, while the queue is empty"
    );
    expect_eq!(put_result(queue.put_timeout(1, Duration::ZERO)), "Ok", "put_timeout of zero, while there is room");
    expect_eq!(
        put_result(queue.put_timeout(2, Duration::ZERO)),
        "Full(2)",
        "put_timeout of zero, of 2, while it is full"
    );
    expect_eq!(queue.get_timeout(Duration::ZERO), Ok(1), "get_timeout of zero, while the queue holds 1");
}

// What is unfinished.

/// `join` waits until `task_done` was called for every item, taken or not.
///
/// Next: an empty queue is not a finished one: count what was put and not done.
#[fact]
fn join_waits_for_the_last_item_to_be_done() {
    let queue = full_queue(2);
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, while two items lie in the queue");
    let _items = (queue.get(), queue.get());
    task_done(&queue);
    quiesce();
    waits(&joiner, "join, after two items were taken and one of them is done");
    task_done(&queue);
    returned(joiner, "join, after both items are done");
}

/// `join` returns at once when nothing is to be done.
///
/// Next: look at the number first, wait afterwards.
#[fact]
fn join_returns_at_once_when_nothing_is_to_be_done() {
    let queue = bounded(1);
    returned(joiner("joiner", &queue), "join, of a queue that was never used");
    expect_eq!(put_result(queue.put(1)), "Ok", "put, while there is room");
    expect_eq!(queue.get(), Ok(1), "what get returns");
    task_done(&queue);
    returned(self::joiner("late joiner", &queue), "join, after the only item is done");
}

/// The last `task_done` releases all threads that join.
///
/// Next: what lets one of them go lets all of them go.
#[fact]
fn all_who_join_are_released() {
    let queue = full_queue(1);
    let joiners = ["joiner 1", "joiner 2", "joiner 3"].map(|name| joiner(name, &queue));
    let _item = queue.get();
    task_done(&queue);
    expect_eq!(count(&joiners), 3, "how many of three threads that join were released by the last task_done");
}

/// A `task_done` too many is an error, and changes nothing.
///
/// Next: refuse before you subtract.
#[fact]
fn a_task_done_too_many_is_an_error() {
    let queue = bounded(2);
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, before anything was put");
    expect_eq!(put_result(queue.put(1)), "Ok", "put, while there is room");
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, while an item lies in the queue, after a task_done too many before it");
    expect_eq!(queue.get(), Ok(1), "what get returns");
    task_done(&queue);
    returned(joiner, "join, after the only item is done");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, after the only item is done");
}

// Shutting down.

/// After a shutdown every put is refused, with or without room, and hands the item back.
///
/// Next: ask whether the queue is shut down before you ask whether it is full.
#[fact]
fn a_shut_down_queue_refuses_every_put() {
    for (queue, room) in [(full_queue(1), "no room"), (bounded(1), "room")] {
        queue.shutdown(false);
        let results = [queue.put(7), queue.try_put(8), queue.put_timeout(9, LONG)].map(put_result);
        let expected = ["ShutDown(7)", "ShutDown(8)", "ShutDown(9)"];
        expect_eq!(results, expected, format!("put, try_put and put_timeout, after a shutdown, with {room}"));
    }
}

/// After a shutdown what lies in the queue can still be taken; then every get says `ShutDown`.
///
/// Next: a get asks for an item first, and only if there is none whether the queue is shut down.
#[fact]
fn what_lies_in_a_shut_down_queue_can_be_taken() {
    let queue = full_queue(3);
    queue.shutdown(false);
    let items = [queue.get(), queue.try_get(), queue.get_timeout(LONG)];
    expect_eq!(items, [Ok(0), Ok(1), Ok(2)], "get, try_get and get_timeout, after a shutdown, with three items left");
    let ends = [queue.get(), queue.try_get(), queue.get_timeout(LONG)];
    expect_eq!(ends, [Err(GetError::ShutDown); 3], "get, try_get and get_timeout, when nothing is left");
}

/// A shutdown releases all threads that wait to get.
///
/// Next: a shutdown is news for everybody who waits.
#[fact]
fn a_shutdown_releases_all_who_wait_to_get() {
    for immediate in [false, true] {
        let queue = bounded(1);
        let getters = ["getter 1", "getter 2", "getter 3"].map(|name| getter(name, &queue));
        queue.shutdown(immediate);
        expect_eq!(count(&getters), 3, format!("how many of three waiting gets returned after shutdown({immediate})"));
        for getter in getters {
            expect_eq!(getter.finish(), Err(GetError::ShutDown), "what a get that waited returned");
        }
    }
}

/// A shutdown releases all threads that wait to put; none of them gets in, and each has its item back.
///
/// Next: who is woken in `put` asks again whether the queue is shut down.
#[fact]
fn a_shutdown_releases_all_who_wait_to_put() {
    for immediate in [false, true] {
        let queue = full_queue(1);
        let putters = [("putter 7", 7), ("putter 8", 8)].map(|(name, item)| putter(name, &queue, item));
        queue.shutdown(immediate);
        expect_eq!(count(&putters), 2, format!("how many of two waiting puts returned after shutdown({immediate})"));
        let results = putters.map(|putter| put_result(putter.finish()));
        expect_eq!(results, ["ShutDown(7)", "ShutDown(8)"], "what puts of 7 and 8 returned that waited");
        let left = if immediate { 0 } else { 1 };
        expect_eq!(queue.len(), left, format!("items in the queue, after shutdown({immediate}) with one item in it"));
    }
}

/// A gentle shutdown finishes nothing: `join` waits for what is left.
///
/// Next: only an immediate shutdown counts items as done.
#[fact]
fn a_gentle_shutdown_leaves_join_waiting() {
    let queue = full_queue(1);
    let joiner = joiner("joiner", &queue);
    queue.shutdown(false);
    quiesce();
    waits(&joiner, "join, after shutdown(false), with an item in the queue");
    expect_eq!(queue.get(), Ok(0), "what get returns");
    task_done(&queue);
    returned(joiner, "join, after the last item is done");
}

/// An immediate shutdown counts what lies in the queue as done: `join` returns.
///
/// Next: nobody will ever call `task_done` for an item that nobody gets.
#[fact]
fn an_immediate_shutdown_finishes_what_lies_in_the_queue() {
    let queue = full_queue(3);
    let joiners = ["joiner 1", "joiner 2"].map(|name| joiner(name, &queue));
    queue.shutdown(true);
    expect_eq!(count(&joiners), 2, "how many of two threads that join returned after shutdown(true)");
    expect_eq!((queue.len(), queue.is_full()), (0, false), "len and is_full, after shutdown(true)");
    expect_eq!(queue.get(), Err(GetError::ShutDown), "get, after shutdown(true)");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, after shutdown(true)");
}

/// An immediate shutdown does not finish an item that somebody has taken.
///
/// Next: take away from what is unfinished what was dropped, and no more.
#[fact]
fn an_immediate_shutdown_leaves_taken_items_unfinished() {
    let queue = full_queue(3);
    let _item = queue.get();
    queue.shutdown(true);
    let joiner = joiner("joiner", &queue);
    waits(&joiner, "join, after shutdown(true), while a taken item is not done");
    task_done(&queue);
    returned(joiner, "join, after the taken item is done");
}

/// An immediate shutdown after a `task_done` that came early leaves nothing unfinished.
///
/// Next: there may be fewer unfinished than there are items to drop.
#[fact]
fn an_early_task_done_does_not_confuse_a_shutdown() {
    let queue = full_queue(2);
    task_done(&queue);
    queue.shutdown(true);
    returned(joiner("joiner", &queue), "join, after two puts, one task_done and shutdown(true)");
    expect_eq!(queue.task_done(), Err(TaskDoneError), "task_done, then");
}

/// A second shutdown may be immediate; one that is not changes nothing.
///
/// Next: do not return early because the queue is shut down already.
#[fact]
fn a_second_shutdown_may_be_immediate() {
    let queue = full_queue(2);
    queue.shutdown(false);
    queue.shutdown(true);
    expect_eq!(queue.len(), 0, "items in the queue, after shutdown(false) and shutdown(true)");
    returned(joiner("joiner", &queue), "join, then");
    queue.shutdown(false);
    expect_eq!(queue.get(), Err(GetError::ShutDown), "get, after one more shutdown(false)");
    expect_eq!(put_result(queue.put(7)), "ShutDown(7)", "put, after one more shutdown(false)");
}

/// An item that uses the queue when it is dropped.
struct Visitor(Weak<Queue<Visitor>>);

impl Drop for Visitor {
    fn drop(&mut self) {
        if let Some(queue) = self.0.upgrade() {
            expect_eq!(queue.len(), 0, "len, called by an item that an immediate shutdown drops");
        }
    }
}

/// An immediate shutdown drops the items before it returns, and their destructors may use the queue.
///
/// Next: take the items out under the lock, and drop them after you have let go of it.
#[fact]
fn dropped_items_may_use_the_queue() {
    let token = Arc::new(());
    let items = bounded(2);
    expect!(items.put(Arc::clone(&token)).is_ok(), "put, while there is room", "Ok", "an error");
    items.shutdown(true);
    expect_eq!(Arc::strong_count(&token), 1, "who still has the item that an immediate shutdown dropped");

    let queue = bounded(2);
    let visitor = || Visitor(Arc::downgrade(&queue));
    expect!(queue.put(visitor()).is_ok() && queue.put(visitor()).is_ok(), "put, while there is room", "Ok", "an error");
    queue.shutdown(true);
}
