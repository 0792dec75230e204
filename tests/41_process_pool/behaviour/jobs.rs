//! Jobs: the order of the outputs, the frames, and which worker has which job.

use super::pools::{Outcome, by_hand, expect_told, mapping, new_pool, of_threads};
use harness::{expect, expect_eq, fact, quiesce};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use subject::{MAX_PAYLOAD, Worker};

/// The outputs come in the order of the inputs, in whatever order the workers finish.
///
/// Next: remember which input each job came from, and put its output there.
#[fact]
fn outputs_come_in_the_order_of_the_inputs() {
    let (pool, hands) = by_hand(3);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let mut jobs = hands.jobs();
    expect_eq!(jobs.len(), 3, "how many of 3 jobs are under way at 3 workers");
    jobs.sort_by(|one, other| other.input.cmp(&one.input));
    for job in &jobs {
        hands.answer(job, &format!("{} done", String::from_utf8_lossy(&job.input)));
        quiesce();
    }
    expect!(map.has_finished(), "map, when the last of its jobs is answered", "it returns", "it still waits");
    expect_told(&map.finish(), &["Ok(a done)", "Ok(b done)", "Ok(c done)"], "jobs that were answered last to first");
}

/// A job is a number, a length and the input; the answer with the same number is its output.
///
/// Next: eight bytes of header, the highest byte of each number first, then exactly the input.
#[fact]
fn jobs_and_answers_are_frames_with_a_number() {
    let (ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    let mut ours = Some(ours);
    let start = move || Ok(Worker { stream: ours.take().ok_or(ErrorKind::Other)?, process: None });
    let pool = new_pool(1, start);
    let map = mapping("map", &pool, &["some input", ""]);
    let mut wire = [0; 18];
    (&theirs).read_exact(&mut wire).expect("the job comes");
    expect_eq!(wire[4..8], [0, 0, 0, 10], "the length in the header of a job with the input \"some input\"");
    expect_eq!(wire[8..], *b"some input", "what follows the header of that job");
    // The answer comes in pieces.
    for byte in [&wire[..4], &[0, 0, 0, 6], b"output"].concat() {
        (&theirs).write_all(&[byte]).expect("the pool reads");
        quiesce();
    }
    let mut second = [0; 8];
    (&theirs).read_exact(&mut second).expect("the second job comes");
    expect_eq!(second[4..], [0; 4], "the length in the header of a job with an empty input");
    expect!(second[..4] != wire[..4], "two jobs that a worker gets in succession", "two numbers", "the same number");
    (&theirs).write_all(&second).expect("the pool reads");
    expect_told(&map.finish(), &["Ok(output)", "Ok()"], "the outputs, one sent byte by byte and one empty");
}

/// A worker has one job at a time, and gets the jobs of a `map` in the order of the inputs.
///
/// Next: the next job goes out when the answer to the last one is in.
#[fact]
fn a_worker_has_one_job_at_a_time() {
    let (pool, hands) = by_hand(1);
    let texts = ["a", "b", "c", "d"];
    let map = mapping("map", &pool, &texts);
    for text in texts {
        let job = hands.only_job("a pool with one worker, while a job is not answered");
        expect_eq!(String::from_utf8_lossy(&job.input), text, "which job the only worker is given next");
        hands.answer(&job, text);
    }
    expect_told(&map.finish(), &["Ok(a)", "Ok(b)", "Ok(c)", "Ok(d)"], "four jobs at one worker");
}

/// A slow job holds up no other one: the free worker does all the rest.
///
/// Next: nobody owns a job before it is begun; whoever is free takes the next one from a common queue.
#[fact]
fn a_slow_job_holds_up_no_other() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["slow", "b", "c", "d", "e", "f", "g"]);
    let (slow, others): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"slow");
    expect_eq!((slow.len(), others.len()), (1, 1), "jobs under way at two workers: the slow one, and others");
    hands.answer(&others[0], "B");
    let seen = hands.answer_all();
    expect_eq!(seen, ["c", "d", "e", "f", "g"], "what the other worker is given, while the slow job takes its time");
    expect!(!map.has_finished(), "map, while its first job is not answered", "it waits", "it returned");
    hands.answer(&slow[0], "SLOW");
    let expected = ["Ok(SLOW)", "Ok(B)", "Ok(C)", "Ok(D)", "Ok(E)", "Ok(F)", "Ok(G)"];
    expect_told(&map.finish(), &expected, "a slow job and six quick ones");
}

/// Two threads that call `map` share the workers, and each gets its own results.
///
/// Next: a job knows which call it belongs to; no lock is held from the beginning of a `map` to its end.
#[fact]
fn two_maps_share_the_workers() {
    let (pool, hands) = by_hand(2);
    let slow = mapping("slow map", &pool, &["slow"]);
    let job = hands.only_job("two workers and one job");
    let quick = mapping("quick map", &pool, &["x", "y", "z"]);
    expect_eq!(hands.answer_all(), ["x", "y", "z"], "what the free worker is given from a second map");
    expect!(
        quick.has_finished(),
        "a second map, whose jobs are all answered",
        "it returns, whatever the first one waits for",
        "it still waits"
    );
    expect_told(&quick.finish(), &["Ok(X)", "Ok(Y)", "Ok(Z)"], "the results of the second map");
    hands.answer(&job, "SLOW");
    expect_told(&slow.finish(), &["Ok(SLOW)"], "the results of the first map");
}

/// Workers are started when the pool is made, once each, and are kept for job after job.
///
/// Next: `start` is for `new` and for replacements.
#[fact(negated)]
fn workers_are_started_once_and_kept() {
    let (pool, hands) = by_hand(3);
    expect_eq!(hands.calls(), 3, "calls of start after Pool::new with 3 workers");
    for _ in 0..3 {
        let map = mapping("map", &pool, &["a", "b", "c", "d", "e"]);
        expect_eq!(hands.answer_all().len(), 5, "jobs that the workers were given by one map of 5");
        map.finish();
    }
    expect_eq!(hands.calls(), 3, "calls of start after 15 jobs");
}

/// Inputs of every length up to the limit are worked on; one that is too long is refused, and no worker hears of it.
///
/// Next: `MAX_PAYLOAD` is the last length that is allowed. Reads and writes may move fewer bytes than asked for.
#[fact]
fn inputs_up_to_the_limit_are_worked_on() {
    let pool = of_threads(1);
    expect_told(&pool.map(Vec::new()), &[], "the outputs for no inputs");
    expect_eq!(MAX_PAYLOAD, 1 << 20, "MAX_PAYLOAD");
    let lens = [0, 1, MAX_PAYLOAD + 1, MAX_PAYLOAD, 5];
    let input = |len: usize| (0..len).map(|index| (index % 251) as u8).collect::<Vec<u8>>();
    let outcomes = pool.map(lens.iter().map(|len| input(*len)).collect());
    let tell = |(outcome, len): (&Outcome, &usize)| match outcome {
        Ok(output) if *output == input(*len) => "the same".to_owned(),
        Ok(output) => format!("{} other bytes", output.len()),
        Err(error) => format!("{error:?}"),
    };
    let seen: Vec<String> = outcomes.iter().zip(&lens).map(tell).collect();
    let expected = ["the same", "the same", "TooLarge", "the same", "the same"];
    expect_eq!(seen, expected, format!("what an echoing worker makes of inputs of {lens:?} bytes"));
}
