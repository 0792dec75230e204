//! Stories of a pool whose workers are threads, each told along every schedule.

use harness::{Actor, actor, expect, expect_eq, quiesce, scenario};
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use subject::{Pool, Worker, WorkerError, serve};

/// What a call of `start` leads to.
#[derive(Clone, Copy)]
enum Start {
    /// A worker that answers in capitals until the pool hangs up.
    Serves,
    /// A worker that reads the beginning of a job, and hangs up.
    LeavesInItsJob,
    /// A worker that has hung up already.
    Gone,
    /// An error.
    Refused,
}

/// A pool whose `start` follows a script. After its end workers serve.
fn pool(places: usize, script: &'static [Start]) -> Arc<Pool> {
    let mut script = script.iter();
    let mut count = 0;
    let pool = Pool::new(places, move || {
        let plan = script.next().copied().unwrap_or(Start::Serves);
        if let Start::Refused = plan {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let (stream, theirs) = UnixStream::pair()?;
        count += 1;
        // The worker's thread needs nobody who waits for it: it ends with its stream.
        match plan {
            Start::Serves => drop(actor(&format!("worker {count}"), move || {
                let _ = serve(theirs, |input| input.to_ascii_uppercase());
            })),
            Start::LeavesInItsJob => drop(actor(&format!("worker {count}"), move || {
                let _ = (&theirs).read(&mut [0; 4]);
            })),
            Start::Gone | Start::Refused => drop(theirs),
        }
        Ok(Worker { stream, process: None })
    });
    match pool {
        Ok(pool) => Arc::new(pool),
        Err(error) => panic!("Pool::new returned an error: {error}"),
    }
}

/// Outcomes as the brief names them: `Ok(text)`, or the error.
fn map(pool: &Pool, texts: &str) -> Vec<String> {
    let outcomes = pool.map(texts.bytes().map(|letter| vec![letter]).collect());
    let tell = |outcome: Result<Vec<u8>, WorkerError>| match outcome {
        Ok(output) => format!("Ok({})", String::from_utf8_lossy(&output)),
        Err(error) => format!("{error:?}"),
    };
    outcomes.into_iter().map(tell).collect()
}

/// A thread that calls `map`, with each letter as an input.
fn mapping(name: &str, pool: &Arc<Pool>, texts: &'static str) -> Actor<Vec<String>> {
    let pool = Arc::clone(pool);
    actor(name, move || map(&pool, texts))
}

/// Every job has one of the outcomes that are allowed for it.
#[track_caller]
fn expect_each(outcomes: &[String], allowed: &[&[&str]], about: &str) {
    let right = outcomes.len() == allowed.len();
    let right = right && outcomes.iter().zip(allowed).all(|(one, all)| all.contains(&one.as_str()));
    let allowed: Vec<String> = allowed.iter().map(|all| all.join(" or ")).collect();
    expect!(right, about, allowed.join(", "), outcomes.join(", "));
}

/// Three jobs at two workers come out in their order, whoever is faster; then the pool can be joined.
///
/// Next: the output belongs to the place of its input, not to the moment when it comes.
#[scenario]
fn two_workers_share_three_jobs() {
    let pool = pool(2, &[]);
    expect_eq!(map(&pool, "abc"), ["Ok(A)", "Ok(B)", "Ok(C)"], "what map returns for a, b, c");
    Arc::into_inner(pool).expect("nobody else uses it").join();
}

/// A job and its answer that are too long for the buffer of a socket arrive whole.
///
/// Next: one write may take less than it was given, and one read bring less than was asked for.
#[scenario]
fn a_job_longer_than_the_buffer() {
    let pool = pool(1, &[]);
    let letters = "abcdefghij".repeat(7);
    let outcomes = pool.map(vec![letters.clone().into_bytes()]);
    let about = "what map returns for 70 letters, which a socket does not take at once";
    expect!(
        outcomes == [Ok(letters.to_uppercase().into_bytes())],
        about,
        "the same as capitals",
        format!("{outcomes:?}")
    );
    pool.terminate();
}

/// Two threads map at once over one worker: each gets its own outputs.
///
/// Next: how does a thread that waits for its outputs learn that the last one has come, and that it is its own?
#[scenario]
fn two_maps_at_one_worker() {
    let pool = pool(1, &[]);
    let one = mapping("map a", &pool, "a");
    let other = mapping("map b", &pool, "b");
    expect_eq!(one.finish(), ["Ok(A)"], "what the map of a returns");
    expect_eq!(other.finish(), ["Ok(B)"], "what the map of b returns");
    pool.terminate();
}

/// A worker that hangs up in its job costs that job only; the other worker and the replacement do the rest.
///
/// Next: which job did this worker have? Every other one must end as if nothing had happened.
#[scenario]
fn a_worker_leaves_in_its_job() {
    let pool = pool(2, &[Start::LeavesInItsJob]);
    let outcomes = map(&pool, "abc");
    let lost = outcomes.iter().filter(|outcome| *outcome == "Disconnected").count();
    let about = "what map returns for a, b, c, when one of two workers hangs up in its job";
    expect!(lost <= 1, about, "at most one job is lost", outcomes.join(", "));
    let allowed: [&[&str]; 3] = [&["Ok(A)", "Disconnected"], &["Ok(B)", "Disconnected"], &["Ok(C)", "Disconnected"]];
    expect_each(&outcomes, &allowed, about);
    pool.terminate();
}

/// A worker was lost between jobs and cannot be replaced: the other one does the job, though it was idle when the job came.
///
/// Next: who is told that a job is back in the queue?
#[scenario]
fn a_job_comes_back_from_a_worker_that_is_gone() {
    let pool = pool(2, &[Start::Gone, Start::Serves, Start::Refused]);
    expect_eq!(map(&pool, "a"), ["Ok(A)"], "what map returns for a, when one of two workers is gone");
    pool.terminate();
}

/// Two of three workers were lost between jobs and cannot be replaced: the third does the job, whoever is woken first.
///
/// Next: of those who wait, some can do nothing with a job. Wake one of them alone, and nobody does it.
#[scenario]
fn a_job_comes_back_twice() {
    use Start::{Gone, Refused, Serves};
    let pool = pool(3, &[Gone, Gone, Serves, Refused, Refused]);
    expect_eq!(map(&pool, "a"), ["Ok(A)"], "what map returns for a, when two of three workers are gone");
    pool.terminate();
}

/// Two workers leave in their jobs and cannot be replaced: the third job is told so, whoever of the two finds out last.
///
/// Next: the question whether anybody is left and the answer to those who wait belong under one hold of the lock.
#[scenario]
fn nobody_is_left_for_the_third_job() {
    use Start::{LeavesInItsJob, Refused};
    let pool = pool(2, &[LeavesInItsJob, LeavesInItsJob, Refused, Refused]);
    let outcomes = map(&pool, "abc");
    let expected = ["Disconnected", "Disconnected", "NotStarted(OutOfMemory)"];
    expect_eq!(outcomes, expected, "what map returns for a, b, c, when both workers leave and none can be started");
    pool.terminate();
}

/// A pool is closed while a map comes and a worker turns out to be gone: every job is done or refused, and the workers end.
///
/// Next: who may leave when the queue is empty, and what if a job comes back after that?
#[scenario]
fn a_close_meets_a_map() {
    let pool = pool(2, &[Start::Gone, Start::Serves, Start::Refused]);
    let mapping = mapping("map", &pool, "a");
    let theirs = Arc::clone(&pool);
    let closing = actor("close", move || theirs.close());
    let allowed = ["Ok(A)", "Closed", "NotStarted(OutOfMemory)"];
    expect_each(&mapping.finish(), &[&allowed], "what map returns for a");
    closing.finish();
    // Neither joined nor terminated yet: workers that would still wait now are reported.
    quiesce();
    Arc::into_inner(pool).expect("nobody else uses it").join();
}

/// `close` finds a worker idle, or on its way there: it ends, though nobody joins the pool.
///
/// Next: between the look whether the pool is closed and the beginning of the wait nobody may close it.
#[scenario]
fn idle_workers_end_after_close() {
    let (stream, theirs) = UnixStream::pair().expect("there is room for a socket pair");
    let mut streams = vec![stream];
    let pool = Pool::new(1, move || {
        let stream = streams.pop().ok_or(ErrorKind::Other)?;
        Ok(Worker { stream, process: None })
    });
    let pool = Arc::new(pool.unwrap_or_else(|error| panic!("Pool::new returned an error: {error}")));
    let worker = actor("worker", move || serve(theirs, |input| input.to_ascii_uppercase()).is_ok());
    let closes = Arc::clone(&pool);
    let closing = actor("close", move || closes.close());
    expect!(worker.finish(), "serve, in a worker of a pool that was closed", "it returns Ok", "it returned an error");
    closing.finish();
    drop(pool);
}

/// `terminate` meets a map at any moment: every job is done or `Terminated`, everybody returns, and the worker ends.
///
/// Next: whoever is just between two steps, with a job in its hands, must find out as well.
#[scenario]
fn terminate_meets_a_map() {
    let pool = pool(1, &[]);
    let mapping = mapping("map", &pool, "ab");
    pool.terminate();
    let allowed: [&[&str]; 2] = [&["Ok(A)", "Terminated"], &["Ok(B)", "Terminated"]];
    expect_each(&mapping.finish(), &allowed, "what map returns for a, b");
}

/// `terminate` comes while a worker is being replaced: the replacement ends as well, whether it was just started or not.
///
/// Next: look whether the pool still wants the worker *after* `start` has returned, and under the lock.
#[scenario]
fn terminate_meets_a_replacement() {
    let pool = pool(1, &[Start::LeavesInItsJob]);
    let mapping = mapping("map", &pool, "ab");
    pool.terminate();
    let allowed: [&[&str]; 2] = [&["Disconnected", "Terminated"], &["Ok(B)", "Terminated"]];
    expect_each(&mapping.finish(), &allowed, "what map returns for a, b");
}
