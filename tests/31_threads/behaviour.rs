//! Facts about running jobs and mapping items on threads. What blocks in a call is a gate; whoever is at rest is at a gate.

use harness::{actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use subject::{Job, JobPanic, parallel_map, run_all};

/// Lets through whom it is opened for; the others wait.
#[derive(Default)]
struct Gate {
    places: Mutex<usize>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut places = self.opened.wait_while(self.places.lock().unwrap(), |places| *places == 0).unwrap();
        *places -= 1;
    }

    fn open_for(&self, places: usize) {
        *self.places.lock().unwrap() += places;
        self.opened.notify_all();
    }
}

/// Counts how often a value is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// The payload of the panic that `action` ends with.
fn panic_of<R>(about: &str, action: impl FnOnce() -> R) -> Box<dyn std::any::Any + Send> {
    match catch_unwind(AssertUnwindSafe(action)) {
        Ok(_) => harness::unmet(about, "a panic", "it returned"),
        Err(payload) => payload,
    }
}

fn only_the_test_is_left(before: usize, about: &str) {
    quiesce();
    expect_eq!(threads_alive(), before, format!("the number of threads, {about}"));
}

// run_all

/// Each job runs on a thread of its own that bears its name.
///
/// Next: `std::thread::Builder` starts threads with names; `std::thread::scope` has a place for it in `spawn_scoped`.
#[fact]
fn each_job_runs_on_a_thread_with_its_name() {
    let names = ["reader", "twin", "", "twin", "a name that is longer than a system likes"];
    let job = |name: &str| Job::new(name, || (thread::current().name().map(str::to_owned), thread::current().id()));
    let results = run_all(names.iter().map(|name| job(name)).collect());
    let (seen, ids): (Vec<_>, HashSet<_>) = results.into_iter().map(Result::unwrap).unzip();
    let expected: Vec<_> = names.iter().map(|name| Some(name.to_string())).collect();
    expect_eq!(seen, expected, "what each job gets from std::thread::current().name()");
    expect_eq!(ids.len(), names.len(), "how many different threads five jobs ran on");
    expect!(!ids.contains(&thread::current().id()), "the thread of a job", "one of its own", "the caller's");
}

/// All jobs run at the same time: each may wait for all the others.
///
/// Next: every thread must be started before the first one is joined. Iterators are lazy.
#[fact]
fn all_jobs_run_at_the_same_time() {
    let meeting = Barrier::new(20);
    let jobs = (0..20).map(|number| Job::new(format!("job {number}"), || _ = meeting.wait()));
    expect_eq!(run_all(jobs.collect()), vec![Ok(()); 20], "the results of 20 jobs that meet");
}

/// The results are in the order of the jobs, even if the jobs end in the opposite order.
///
/// Next: join the threads in the order in which you started them.
#[fact]
fn results_are_in_the_order_of_the_jobs() {
    let gates: Vec<Gate> = (0..5).map(|_| Gate::default()).collect();
    gates[4].open_for(1);
    let job = |number: usize| {
        let gates = &gates;
        Job::new("job", move || {
            gates[number].pass();
            if number > 0 {
                gates[number - 1].open_for(1);
            }
            number
        })
    };
    let results = run_all((0..5).map(job).collect());
    expect_eq!(results, (0..5).map(Ok).collect::<Vec<_>>(), "the results of jobs of which the last ends first");
}

/// A job's panic is its result, with the job's name and the message.
///
/// Next: a payload is a `Box<dyn Any + Send>`. Which type has it after `panic!("x")`, which after `panic!("{x}")`? And look for
/// it in the box: the box itself is `Any`, too.
#[fact(panics)]
fn a_panic_is_the_result_of_its_job() {
    let place = 3;
    let results = run_all(vec![
        Job::new("good", || place),
        Job::new("plain text", || panic!("no tea left")),
        Job::new("formatted", || panic!("no tea left in pot {place}")),
        Job::new("a String", || panic_any(String::from("no cup"))),
        Job::new("a number", || panic_any(7)),
        Job::new("also good", || 4),
    ]);
    let panicked =
        |job: &str, message: Option<&str>| Err(JobPanic { job: job.to_owned(), message: message.map(str::to_owned) });
    let expected = vec![
        Ok(3),
        panicked("plain text", Some("no tea left")),
        panicked("formatted", Some("no tea left in pot 3")),
        panicked("a String", Some("no cup")),
        panicked("a number", None),
        Ok(4),
    ];
    for (seen, expected) in results.iter().zip(&expected) {
        expect_eq!(seen, expected, "the result of one of six jobs");
    }
    expect_eq!(results.len(), expected.len(), "the number of results of six jobs");
}

/// A job that panics stops no other one, and `run_all` goes on waiting for the others.
///
/// Next: join all threads, whatever the first one of them returns.
#[fact(panics)]
fn a_panic_stops_no_other_job() {
    let gate = Arc::new(Gate::default());
    let theirs = Arc::clone(&gate);
    let caller = actor("caller", move || {
        let patient = |name| {
            let gate = &theirs;
            Job::new(name, move || {
                gate.pass();
                name
            })
        };
        run_all(vec![patient("first"), Job::new("panicking", || panic!("on purpose")), patient("last")])
    });
    quiesce();
    expect!(
        !caller.has_finished(),
        "run_all, when one of three jobs has panicked and two are still at work",
        "it waits",
        "it has come back"
    );
    gate.open_for(1);
    quiesce();
    expect!(!caller.has_finished(), "run_all, when one job is still at work", "it waits", "it has come back");
    gate.open_for(1);
    let results = match caller.join() {
        Ok(results) => results,
        Err(_) => harness::unmet("run_all, when one of three jobs panicked", "it returns", "it panicked"),
    };
    let returned: Vec<_> = results.iter().map(|result| result.as_ref().ok().copied()).collect();
    expect_eq!(returned, [Some("first"), None, Some("last")], "what three jobs returned, of which one panicked");
}

/// What a job has captured is gone when `run_all` returns, and each job has run once.
///
/// Next: a job is an `FnOnce`: call it by value, and let nobody keep it.
#[fact(panics)]
fn a_job_is_used_up() {
    let (ran, dropped) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let before = threads_alive();
    let job = |number: usize| {
        let captured = Dropped(Arc::clone(&dropped));
        let ran = &ran;
        Job::new(format!("job {number}"), move || {
            let _captured = &captured;
            ran.fetch_add(1, SeqCst);
            if number.is_multiple_of(10) {
                panic_any(number);
            }
        })
    };
    let results = run_all((0..100).map(job).collect());
    expect_eq!(dropped.load(SeqCst), 100, "how many of 100 captured values are dropped, when run_all has returned");
    expect_eq!(ran.load(SeqCst), 100, "how many jobs of 100 have run");
    expect_eq!(results.iter().filter(|result| result.is_err()).count(), 10, "how many jobs of 100 panicked");
    only_the_test_is_left(before, "after run_all has returned");
}

/// Without jobs or items there are no results.
///
/// Next: none of the two needs a thread for nothing.
#[fact]
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

// parallel_map: results and balance

/// Each item is handed to `f` once, and its result is at its place.
///
/// Next: an item's index must travel with it to the result.
#[fact]
fn every_item_has_its_result_at_its_place() {
    for workers in [1, 2, 3, 8] {
        let calls = AtomicUsize::new(0);
        let results = parallel_map((0..1000).collect(), workers, |item: u64| {
            calls.fetch_add(1, SeqCst);
            item * item
        });
        let expected: Vec<u64> = (0..1000).map(|item| item * item).collect();
        let wrong = results.iter().zip(&expected).position(|(seen, expected)| seen != expected);
        expect_eq!(wrong, None, format!("the first wrong one of 1000 results, with {workers} workers"));
        expect_eq!(results.len(), 1000, format!("the number of results of 1000 items, with {workers} workers"));
        expect_eq!(calls.into_inner(), 1000, format!("how often f is called for 1000 items, with {workers} workers"));
    }
}

/// A caller and its `parallel_map`, in which the calls for some items block.
struct Blocked {
    caller: harness::Actor<Vec<usize>>,
    gate: Arc<Gate>,
    begun: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

/// Maps the numbers below `items`; the calls for those in `blocking` wait at a gate. All has come to rest when this returns.
fn blocked(items: usize, workers: usize, blocking: &'static [usize]) -> Blocked {
    let (gate, begun, ended) = (Arc::<Gate>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let theirs = (Arc::clone(&gate), Arc::clone(&begun), Arc::clone(&ended));
    let caller = actor("caller", move || {
        let (gate, begun, ended) = theirs;
        parallel_map((0..items).collect(), workers, |item| {
            begun.fetch_add(1, SeqCst);
            if blocking.contains(&item) {
                gate.pass();
            }
            ended.fetch_add(1, SeqCst);
            item
        })
    });
    quiesce();
    Blocked { caller, gate, begun, ended }
}

impl Blocked {
    /// Opens the gate for all, and waits for the results, which must be the items themselves.
    fn finish(self, items: usize) {
        self.gate.open_for(items);
        let expected: Vec<usize> = (0..items).collect();
        expect_eq!(
            self.caller.finish(),
            expected,
            "the results, when f returns its item and some calls took their time"
        );
    }
}

/// With two workers and one item that blocks, all other items get done, wherever that item is.
///
/// Next: do not deal the items out in advance: a worker that is free takes one that nobody has taken.
#[fact]
fn a_slow_item_holds_up_nobody() {
    for (blocking, place) in [(&[0], "first"), (&[5], "in the middle"), (&[9], "last")] {
        let blocked = blocked(10, 2, blocking);
        let about =
            format!("how many calls have ended, of 10 items of which the one that is {place} blocks, with 2 workers");
        expect_eq!(blocked.ended.load(SeqCst), 9, about);
        expect!(
            !blocked.caller.has_finished(),
            "parallel_map, while one call of f has not ended",
            "it waits",
            "it has come back"
        );
        blocked.finish(10);
    }
}

/// With four workers and three items that block, the fourth worker does all the rest.
///
/// Next: every worker takes single items until none is left; none has a share of its own.
#[fact]
fn one_free_worker_is_enough() {
    let blocked = blocked(40, 4, &[0, 1, 20]);
    expect_eq!(
        blocked.ended.load(SeqCst),
        37,
        "how many calls have ended, of 40 items of which 3 block, with 4 workers"
    );
    blocked.finish(40);
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
        blocked.gate.open_for(1);
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

/// One worker takes the items in the order of the list.
///
/// Next: take them from the front.
#[fact]
fn one_worker_takes_the_items_in_order() {
    let order = Mutex::new(Vec::new());
    parallel_map((0..10).collect(), 1, |item: u32| order.lock().unwrap().push(item));
    expect_eq!(order.into_inner().unwrap(), (0..10).collect::<Vec<_>>(), "the order of the calls, with one worker");
}

/// `parallel_map` with no workers panics before it calls `f`, whether there are items or not.
///
/// Next: check it first.
#[fact(panics)]
fn no_workers_is_a_panic() {
    for items in [Vec::new(), vec![1, 2]] {
        let calls = AtomicUsize::new(0);
        let about = format!("parallel_map with {} items and 0 workers", items.len());
        panic_of(&about, || parallel_map(items, 0, |_| calls.fetch_add(1, SeqCst)));
        expect_eq!(calls.into_inner(), 0, "how often f is called by no workers");
    }
}

// parallel_map: panics

/// A panic of `f` goes on in the caller, with its payload, when all calls have ended.
///
/// Next: a scope by itself says "a scoped thread panicked" and loses the payload; what does `join` return?
#[fact(panics)]
fn a_panic_goes_on_when_all_calls_have_ended() {
    let gate = Arc::new(Gate::default());
    let theirs = Arc::clone(&gate);
    let before = threads_alive();
    let caller = actor("caller", move || {
        parallel_map(vec![0, 1, 2], 2, |item| match item {
            0 => theirs.pass(),
            1 => panic_any(1001_u64),
            _ => (),
        })
    });
    quiesce();
    expect!(
        !caller.has_finished(),
        "parallel_map, when one call has panicked and another one has not ended",
        "it waits",
        "it has come back"
    );
    gate.open_for(1);
    match caller.join() {
        Ok(_) => harness::unmet("parallel_map, when f panicked", "the panic goes on in the caller", "it returned"),
        Err(payload) => {
            let seen = payload.downcast_ref::<u64>();
            expect_eq!(seen, Some(&1001), "the payload, if it is the u64 that f panicked with");
        }
    }
    only_the_test_is_left(before, "after a panic has gone on in the caller");
}

/// After a panic all other items are handed to `f` as well, even by a single worker whose every second call panics.
///
/// Next: a panic ends a call, not a worker: catch it right around the call.
#[fact(panics)]
fn a_panic_costs_no_other_item_its_call() {
    for workers in [1, 3] {
        let called = Mutex::new(Vec::new());
        panic_of("parallel_map, when f panicked", || {
            parallel_map((0..12).collect(), workers, |item: usize| {
                called.lock().unwrap().push(item);
                if item.is_multiple_of(2) {
                    panic_any(item);
                }
            })
        });
        let mut called = called.into_inner().unwrap();
        called.sort_unstable();
        let about =
            format!("the items that f was called with, of 0 to 11, with {workers} workers, when the even ones panic");
        expect_eq!(called, (0..12).collect::<Vec<_>>(), about);
    }
}

/// A panic costs no worker: as many calls overlap after it as before.
///
/// Next: a panic ends a call, not a worker: catch it right around the call.
#[fact(panics)]
fn a_panic_costs_no_worker() {
    let meeting = Barrier::new(3);
    let payload = panic_of("parallel_map, when f panicked", || {
        // Three calls at a time meet, and each three of them leave three workers for the next.
        parallel_map((0..6).collect(), 3, |item: u8| {
            meeting.wait();
            if item < 3 {
                panic_any(item);
            }
        })
    });
    expect!(payload.is::<u8>(), "the payload, when items panic with themselves", "the item, a u8", "something else");
}

/// Of several panics that of the first item in the list goes on, even if it was the last to be raised.
///
/// Next: keep each panic at its item's place, as a result like any other, and look for the first one in the end.
#[fact(panics)]
fn the_first_panic_in_the_list_goes_on() {
    let later = Gate::default();
    let payload = panic_of("parallel_map, when f panicked", || {
        parallel_map((0..4).collect(), 2, |item: usize| match item {
            0 => (),
            1 => {
                later.pass();
                panic_any(1_usize);
            }
            2 => panic_any(2_usize),
            _ => {
                later.open_for(1);
                panic_any(3_usize);
            }
        })
    });
    let about = "the payload, when the items 1, 2 and 3 panicked with their numbers, and item 1 after item 3";
    expect_eq!(payload.downcast_ref::<usize>(), Some(&1), about);
}

/// Items and results are dropped once each, also when a panic goes on and nobody gets the results.
///
/// Next: `f` owns its item. Who owns the results when there is nothing to return them in?
#[fact(panics)]
fn items_and_results_are_dropped_once() {
    let (items, results) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for panicking in [None, Some(2)] {
        items.store(0, SeqCst);
        results.store(0, SeqCst);
        let all: Vec<(usize, Dropped)> = (0..6).map(|number| (number, Dropped(Arc::clone(&items)))).collect();
        let map = || {
            parallel_map(all, 2, |(number, _item)| {
                if Some(number) == panicking {
                    panic_any(number);
                }
                Dropped(Arc::clone(&results))
            })
        };
        let what = if panicking.is_some() { "when one call panicked" } else { "when no call panicked" };
        let returned = if panicking.is_some() {
            panic_of("parallel_map, when f panicked", map);
            0
        } else {
            let returned = map();
            expect_eq!(results.load(SeqCst), 0, "how many results are dropped before the caller drops them");
            returned.len()
        };
        expect_eq!(returned, if panicking.is_some() { 0 } else { 6 }, "the number of results of 6 items");
        expect_eq!(items.load(SeqCst), 6, format!("how many of 6 items are dropped {what}"));
        let expected = if panicking.is_some() { 5 } else { 6 };
        expect_eq!(results.load(SeqCst), expected, format!("how many results are dropped in the end, {what}"));
    }
}

// Together

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
