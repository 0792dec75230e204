//! `run_all`: jobs on threads of their own, and what comes of each, also of those that panic.

use super::calls::only_the_test_is_left;
use harness::{DropCount, Gate, actor, expect, expect_eq, fact, quiesce, threads_alive};
use std::collections::HashSet;
use std::panic::panic_any;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use subject::{Job, JobPanic, run_all};

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
#[fact(negated)]
fn all_jobs_run_at_the_same_time() {
    // However many there are.
    let meeting = Barrier::new(300);
    let jobs = (0..300).map(|number| Job::new(format!("job {number}"), || _ = meeting.wait()));
    expect_eq!(run_all(jobs.collect()), vec![Ok(()); 300], "the results of 300 jobs that meet");
}

/// The results are in the order of the jobs, even if the jobs end in the opposite order.
///
/// Next: join the threads in the order in which you started them.
#[fact]
fn results_are_in_the_order_of_the_jobs() {
    let gates: Vec<Gate> = (0..5).map(|_| Gate::new()).collect();
    gates[4].admit(1);
    let job = |number: usize| {
        let gates = &gates;
        Job::new("job", move || {
            gates[number].pass();
            if number > 0 {
                gates[number - 1].admit(1);
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
#[fact(panics, negated)]
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
    let gate = Gate::new();
    let theirs = gate.clone();
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
    gate.admit(1);
    quiesce();
    expect!(!caller.has_finished(), "run_all, when one job is still at work", "it waits", "it has come back");
    gate.admit(1);
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
    let (ran, dropped) = (AtomicUsize::new(0), DropCount::new());
    let before = threads_alive();
    let job = |number: usize| {
        let captured = dropped.token();
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
    expect_eq!(dropped.get(), 100, "how many of 100 captured values are dropped, when run_all has returned");
    expect_eq!(ran.load(SeqCst), 100, "how many jobs of 100 have run");
    expect_eq!(results.iter().filter(|result| result.is_err()).count(), 10, "how many jobs of 100 panicked");
    only_the_test_is_left(before, "after run_all has returned");
}
