//! What a pool does with jobs, with workers that are lost, with its own end, and what the worker's side does.
//!
//! Where it matters who has which job, the workers are played by hand: the fact holds the other ends of their streams. Where
//! it matters how a process ends, they are processes.

use harness::{
    Actor, actor, child_processes, children_running_after, expect, expect_eq, fact, open_descriptors, peer,
    peer_command, quiesce, reap_children, start_peer, threads_alive,
};
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use subject::{MAX_PAYLOAD, Pool, Worker, WorkerError, serve};

// ---------------------------------------------------------------------------------------------- what the facts use

/// How long a fact is patient with processes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// A job or an answer as the brief describes it, made without the code under test.
fn frame(number: u32, payload: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes(), &(payload.len() as u32).to_be_bytes(), payload].concat()
}

fn inputs(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

type Outcome = Result<Vec<u8>, WorkerError>;

/// Outcomes as the brief names them: `Ok(text)`, or the error.
fn told(outcomes: &[Outcome]) -> Vec<String> {
    let tell = |outcome: &Outcome| match outcome {
        Ok(output) => format!("Ok({})", String::from_utf8_lossy(output)),
        Err(error) => format!("{error:?}"),
    };
    outcomes.iter().map(tell).collect()
}

#[track_caller]
fn expect_told(outcomes: &[Outcome], expected: &[&str], about: &str) {
    expect_eq!(told(outcomes), expected, about);
}

/// A thread that calls `map`.
fn mapping(name: &str, pool: &Arc<Pool>, texts: &[&str]) -> Actor<Vec<Outcome>> {
    let (pool, inputs) = (Arc::clone(pool), inputs(texts));
    actor(name, move || pool.map(inputs))
}

/// The test's end of a worker's stream.
struct Hand {
    /// `None` once this hand has hung up.
    stream: Option<UnixStream>,
    inbox: Vec<u8>,
    /// The pool has hung up.
    ended: bool,
}

/// What `start` does next.
enum Start {
    Refuses(ErrorKind),
    /// Waits for a word before it goes on.
    Waits(Receiver<()>),
    /// Makes a worker whose other end is closed already.
    MakesDead,
}

#[derive(Default)]
struct Table {
    hands: Vec<Hand>,
    /// Of the next calls of `start`; without a plan it makes a worker.
    plans: Vec<Start>,
    /// How often `start` has been called.
    calls: usize,
}

/// All workers of a pool, played by hand.
#[derive(Clone, Default)]
struct Hands(Arc<Mutex<Table>>);

/// A job that has arrived at a hand.
struct Arrived {
    hand: usize,
    number: u32,
    input: Vec<u8>,
}

impl Hands {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().expect("no thread panics with the table")
    }

    fn start(&self) -> io::Result<Worker> {
        let mut table = self.table();
        table.calls += 1;
        let plan = if table.plans.is_empty() { None } else { Some(table.plans.remove(0)) };
        drop(table);
        let (stream, theirs) = UnixStream::pair()?;
        theirs.set_nonblocking(true)?;
        let mut theirs = Some(theirs);
        match plan {
            Some(Start::Refuses(kind)) => return Err(kind.into()),
            Some(Start::Waits(word)) => drop(word.recv()),
            Some(Start::MakesDead) => theirs = None,
            None => {}
        }
        self.table().hands.push(Hand { stream: theirs, inbox: Vec::new(), ended: false });
        Ok(Worker { stream, process: None })
    }

    fn plan(&self, plans: impl IntoIterator<Item = Start>) {
        self.table().plans.extend(plans);
    }

    fn calls(&self) -> usize {
        self.table().calls
    }

    /// When nothing moves any more: the jobs that have arrived since the last look, by hand.
    #[track_caller]
    fn jobs(&self) -> Vec<Arrived> {
        let mut jobs = Vec::new();
        loop {
            quiesce();
            let mut more = false;
            for (index, hand) in self.table().hands.iter_mut().enumerate() {
                more |= hand.look();
                while let Some((number, input)) = hand.next_frame() {
                    jobs.push(Arrived { hand: index, number, input });
                }
            }
            if !more {
                return jobs;
            }
        }
    }

    /// The only job that has arrived since the last look.
    #[track_caller]
    fn only_job(&self, about: &str) -> Arrived {
        let mut jobs = self.jobs();
        expect!(jobs.len() == 1, about, "one job has been given to a worker", format!("{} have been", jobs.len()));
        jobs.remove(0)
    }

    fn write(&self, hand: usize, bytes: &[u8]) {
        let table = self.table();
        if let Some(stream) = &table.hands[hand].stream {
            // What the pool does not want to read any more is of no interest.
            let _ = (&*stream).write_all(bytes);
        }
    }

    fn answer(&self, job: &Arrived, output: &str) {
        self.write(job.hand, &frame(job.number, output.as_bytes()));
    }

    /// Answers and leaves. Nothing that is written from the answer on arrives.
    fn answer_and_leave(&self, job: &Arrived, output: &str) {
        let stream = self.table().hands[job.hand].stream.take().expect("whoever has a job has not left");
        stream.shutdown(Shutdown::Read).expect("the other side of a socket is there");
        let _ = (&stream).write_all(&frame(job.number, output.as_bytes()));
    }

    fn hang_up(&self, hand: usize) {
        self.table().hands[hand].stream = None;
    }

    /// Whether the pool has ended the stream of this worker.
    fn has_ended(&self, hand: usize) -> bool {
        quiesce();
        let mut table = self.table();
        table.hands[hand].look();
        table.hands[hand].ended
    }

    /// Answers everything with its input in capitals, until nothing comes any more; returns the inputs in the order of
    /// their arrival.
    #[track_caller]
    fn answer_all(&self) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            let jobs = self.jobs();
            if jobs.is_empty() {
                return seen;
            }
            for job in jobs {
                let input = String::from_utf8_lossy(&job.input).into_owned();
                self.answer(&job, &input.to_uppercase());
                seen.push(input);
            }
        }
    }
}

impl Hand {
    /// Takes what is there; whether there was anything.
    fn look(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let mut bytes = [0; 65536];
        match stream.read(&mut bytes) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                self.inbox.extend_from_slice(&bytes[..count]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => self.ended = true,
        }
        false
    }

    fn next_frame(&mut self) -> Option<(u32, Vec<u8>)> {
        let (header, rest) = self.inbox.split_first_chunk::<8>()?;
        let [n0, n1, n2, n3, l0, l1, l2, l3] = *header;
        let payload = rest.get(..u32::from_be_bytes([l0, l1, l2, l3]) as usize)?.to_vec();
        self.inbox.drain(..8 + payload.len());
        Some((u32::from_be_bytes([n0, n1, n2, n3]), payload))
    }
}

fn new_pool(workers: usize, start: impl FnMut() -> io::Result<Worker> + Send + 'static) -> Arc<Pool> {
    match Pool::new(workers, start) {
        Ok(pool) => Arc::new(pool),
        Err(error) => harness_unmet("a pool whose workers can be started", "Pool::new makes it", &error.to_string()),
    }
}

#[track_caller]
fn harness_unmet(about: &str, expected: &str, seen: &str) -> ! {
    expect!(false, about, expected, seen);
    unreachable!("an unmet expectation ends the fact")
}

/// A pool whose workers are played by hand.
fn by_hand(workers: usize) -> (Arc<Pool>, Hands) {
    let hands = Hands::default();
    let theirs = hands.clone();
    (new_pool(workers, move || theirs.start()), hands)
}

/// A pool whose workers are threads that echo.
fn of_threads(workers: usize) -> Arc<Pool> {
    new_pool(workers, || {
        let (stream, theirs) = UnixStream::pair()?;
        std::thread::spawn(move || serve(theirs, |input| input));
        Ok(Worker { stream, process: None })
    })
}

/// A pool whose workers are processes that play this peer.
fn of_processes(workers: usize, peer: &'static str) -> Arc<Pool> {
    new_pool(workers, move || Worker::spawn(peer_command(peer)))
}

/// The pool itself, when no thread uses it any more.
fn alone(pool: Arc<Pool>) -> Pool {
    Arc::into_inner(pool).expect("the actors have finished")
}

/// What a pool must not leave behind: child processes, threads, descriptors, when nothing moves any more.
fn belongings() -> (usize, usize, usize) {
    quiesce();
    (child_processes().len(), threads_alive(), open_descriptors())
}

#[track_caller]
fn expect_nothing_left(before: (usize, usize, usize), about: &str) {
    expect_eq!(belongings(), before, format!("child processes, threads and descriptors {about}"));
}

// ------------------------------------------------------------------------------------------------------------- jobs

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
#[fact]
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

// --------------------------------------------------------------------------------------------------- workers that are lost

/// A worker that is lost costs its own job; that job is not given to anybody else, and the others are done.
///
/// Next: an error is the outcome of one job. The place of the worker gets a new one.
#[fact]
fn a_lost_worker_costs_its_own_job_only() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    let job = hands.only_job("a pool with one worker");
    hands.answer(&job, "A");
    let job = hands.only_job("a pool with one worker");
    // Half of an answer.
    hands.write(job.hand, &frame(job.number, b"not everything")[..12]);
    hands.hang_up(job.hand);
    expect_eq!(hands.answer_all(), ["c", "d"], "what the replacement of a worker that was lost with job b is given");
    expect_told(&map.finish(), &["Ok(A)", "Disconnected", "Ok(C)", "Ok(D)"], "one worker lost in its second job");
    expect_eq!(hands.calls(), 2, "calls of start for one worker and its replacement");
}

/// An answer with a foreign number is garbage: no output gets to a job that it does not belong to.
///
/// Next: compare the number in the answer with the job's, before anything is done with the output.
#[fact]
fn an_answer_to_another_job_is_garbage() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let job = hands.only_job("a pool with one worker");
    let twice = [frame(job.number, b"A"), frame(job.number, b"A again")].concat();
    hands.write(job.hand, &twice);
    let seen = hands.answer_all();
    // Whether the worker that had answered twice still got to see job b is of no interest.
    expect_eq!(seen.last().map(String::as_str), Some("c"), "the last job that a worker is given");
    expect_told(&map.finish(), &["Ok(A)", "Garbage", "Ok(C)"], "a worker that answers its first job twice");
    expect_eq!(hands.calls(), 2, "calls of start for one worker and its replacement");
}

/// A length over the limit is garbage at once: the pool does not wait for the output and makes no room for it.
///
/// Next: between reading a length and believing it there is a comparison.
#[fact]
fn a_hostile_length_is_garbage_at_once() {
    let (pool, hands) = by_hand(1);
    let lens = [MAX_PAYLOAD as u32 + 1, u32::MAX];
    let map = mapping("map", &pool, &["a", "b", "c"]);
    for len in lens {
        let job = hands.only_job("a pool with one worker");
        hands.write(job.hand, &[job.number.to_be_bytes(), len.to_be_bytes()].concat());
        let ended = hands.has_ended(job.hand);
        expect!(
            ended,
            format!("the stream of a worker that has announced {len} bytes"),
            "the pool closes it",
            "it is still open"
        );
    }
    hands.answer_all();
    expect_told(&map.finish(), &["Garbage", "Garbage", "Ok(C)"], "two jobs whose answers announce too much");
}

/// A worker that is lost while it has no job costs none: a replacement does the job.
///
/// Next: if the very first write finds the stream closed, nobody has seen anything of the job.
#[fact]
fn a_worker_lost_between_jobs_costs_nothing() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a", "b"]);
    hands.answer_all();
    map.finish();
    hands.hang_up(0);
    hands.hang_up(1);
    let map = mapping("map", &pool, &["c", "d", "e"]);
    let mut seen = hands.answer_all();
    seen.sort();
    expect_eq!(seen, ["c", "d", "e"], "what the replacements of two workers that were lost without a job are given");
    expect_told(&map.finish(), &["Ok(C)", "Ok(D)", "Ok(E)"], "jobs after both workers were lost without a job");
    // Alone, where the order shows.
    let (pool, hands) = by_hand(1);
    hands.hang_up(0);
    let map = mapping("map", &pool, &["x", "y", "z"]);
    expect_eq!(hands.answer_all(), ["x", "y", "z"], "what the replacement of the only worker is given, in this order");
    expect_told(&map.finish(), &["Ok(X)", "Ok(Y)", "Ok(Z)"], "jobs after the only worker was lost without a job");
    // Between two jobs that follow each other at once.
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["p", "q", "r"]);
    let job = hands.only_job("the first of three jobs for one worker");
    hands.answer_and_leave(&job, "P");
    expect_eq!(hands.answer_all(), ["q", "r"], "what the replacement of a worker that left after its answer is given");
    expect_told(&map.finish(), &["Ok(P)", "Ok(Q)", "Ok(R)"], "jobs after the only worker has answered one and left");
}

/// A replacement that is lost before it ever had a job costs none either: another one does the job.
///
/// Next: only a worker that was started for *this* job, and is gone already, makes the job fail.
#[fact]
fn a_replacement_lost_between_jobs_costs_nothing() {
    let (pool, hands) = by_hand(2);
    let (word, waits) = channel();
    hands.plan([Start::Waits(waits)]);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    quiesce();
    rest.iter().for_each(|job| hands.answer(job, "B"));
    expect_eq!(hands.answer_all(), ["c"], "what the other worker is given, while start works on a replacement");
    // The replacement comes when nothing is left for it, and leaves before there is anything new.
    drop(word);
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)"], "a worker whose replacement comes too late");
    quiesce();
    hands.hang_up(2);
    let map = mapping("map", &pool, &["d", "e"]);
    let mut seen = hands.answer_all();
    seen.sort();
    expect_eq!(seen, ["d", "e"], "what is given to workers that are there, after an idle replacement was lost");
    expect_told(&map.finish(), &["Ok(D)", "Ok(E)"], "jobs after a replacement was lost before it had one");
}

/// Workers that are gone as soon as they are started cost a job each; they are not started without end.
///
/// Next: a job that finds a replacement gone as well fails.
#[fact]
fn workers_that_are_gone_at_once_are_not_started_without_end() {
    let (pool, hands) = by_hand(1);
    hands.plan((0..10).map(|_| Start::MakesDead));
    hands.hang_up(0);
    let map = mapping("map", &pool, &["a", "b"]);
    let seen = hands.answer_all();
    expect!(
        seen.is_empty() && map.has_finished(),
        "two jobs for workers that are gone at once, one after the other",
        "map returns, after a few of them",
        format!("{} calls of start, and map {}", hands.calls(), if seen.is_empty() { "waits" } else { "went on" })
    );
    expect_told(&map.finish(), &["Disconnected", "Disconnected"], "two jobs for workers that are gone at once");
}

/// A worker that cannot be replaced leaves its jobs to the others.
///
/// Next: a place without a worker takes no jobs; they are still there for the others.
#[fact]
fn a_place_that_stays_empty_leaves_its_jobs_to_the_others() {
    let (pool, hands) = by_hand(2);
    hands.plan([Start::Refuses(ErrorKind::OutOfMemory)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d", "e"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    expect_eq!((lost.len(), rest.len()), (1, 1), "jobs under way at two workers: the first, and others");
    hands.hang_up(lost[0].hand);
    quiesce();
    hands.answer(&rest[0], "B");
    expect_eq!(hands.answer_all(), ["c", "d", "e"], "what the other worker is given");
    expect_told(
        &map.finish(),
        &["Disconnected", "Ok(B)", "Ok(C)", "Ok(D)", "Ok(E)"],
        "two workers, one of which is lost in job a and cannot be replaced",
    );
}

/// When no worker is left and none can be started, the waiting jobs say so; a later `map` tries to fill every place again.
///
/// Next: the last place that finds no worker has to tell all those who wait for one.
#[fact]
fn without_workers_jobs_are_not_started() {
    let (pool, hands) = by_hand(2);
    hands.plan([Start::Refuses(ErrorKind::OutOfMemory), Start::Refuses(ErrorKind::OutOfMemory)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    for job in hands.jobs() {
        hands.hang_up(job.hand);
    }
    quiesce();
    expect!(map.has_finished(), "map, when no worker is left and none can be started", "it returns", "it still waits");
    let expected = ["Disconnected", "Disconnected", "NotStarted(OutOfMemory)", "NotStarted(OutOfMemory)"];
    expect_told(&map.finish(), &expected, "four jobs, two workers lost, and no replacements");
    let map = mapping("map", &pool, &["e", "f"]);
    let jobs = hands.jobs();
    expect_eq!(jobs.len(), 2, "how many jobs of a later map are under way, when two workers can be started again");
    jobs.iter().for_each(|job| hands.answer(job, "late"));
    expect_told(&map.finish(), &["Ok(late)", "Ok(late)"], "a later map, when workers can be started again");
}

/// While a replacement is being started, the other workers go on.
///
/// Next: `start` is called under no lock that anybody else needs for a job.
#[fact]
fn the_others_go_on_while_a_replacement_is_started() {
    let (pool, hands) = by_hand(2);
    let (word, waits) = channel();
    hands.plan([Start::Waits(waits)]);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    quiesce();
    rest.iter().for_each(|job| hands.answer(job, "B"));
    let seen = hands.answer_all();
    expect_eq!(seen, ["c", "d"], "what the other worker is given, while start works on a replacement for a lost one");
    drop(word);
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)", "Ok(D)"], "a worker whose replacement takes long");
}

// ------------------------------------------------------------------------------------------------------ beginning, end

/// A pool whose workers cannot all be started is an error, and leaves none of them behind.
///
/// Next: the workers that were started before the error must be killed and waited for.
#[fact(seconds = 5)]
fn a_pool_that_cannot_be_made_leaves_nothing_behind() {
    let before = belongings();
    let mut calls = 0;
    let result = Pool::new(3, move || {
        calls += 1;
        if calls < 3 { Worker::spawn(peer_command("never_answers")) } else { Err(ErrorKind::QuotaExceeded.into()) }
    });
    expect_eq!(result.err().map(|error| error.kind()), Some(ErrorKind::QuotaExceeded), "the error of Pool::new");
    expect_nothing_left(before, "after two of three workers had been started");
    let none = Pool::new(0, || harness_unmet("a pool of no workers", "start is not called", "it was called"));
    expect_eq!(none.err().map(|error| error.kind()), Some(ErrorKind::InvalidInput), "Pool::new with no workers");
}

/// After `close`, the jobs that were there are done, also by a replacement; later ones are `Closed`. It does not wait.
///
/// Next: closing is a mark that `map` looks at, and that everybody who waits for jobs must hear of.
#[fact]
fn closing_lets_the_jobs_finish() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let job = hands.only_job("a pool with one worker");
    let theirs = Arc::clone(&pool);
    let closing = actor("close", move || (theirs.close(), theirs.close()));
    quiesce();
    expect!(closing.has_finished(), "close, while a job is not answered", "it returns", "it waits");
    let late = vec![vec![1], vec![0; MAX_PAYLOAD + 1]];
    expect_told(&pool.map(late), &["Closed", "Closed"], "map after close");
    hands.hang_up(job.hand);
    expect_eq!(hands.answer_all(), ["b", "c"], "what a replacement is given after close");
    expect_told(&map.finish(), &["Disconnected", "Ok(B)", "Ok(C)"], "the map that was under way");
    expect!(hands.has_ended(1), "the stream of the worker, when all is done", "it has ended", "it is open");
}

/// After `close`, a worker for which nothing is left finds the end of its stream, while others still work.
///
/// Next: whoever waits for a job must be woken by `close`, and hang up.
#[fact]
fn an_idle_worker_ends_when_the_pool_is_closed() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a"]);
    let job = hands.only_job("two workers and one job");
    pool.close();
    expect!(
        hands.has_ended(1 - job.hand),
        "the stream of a worker without a job, after close",
        "it has ended",
        "it is open"
    );
    expect!(!hands.has_ended(job.hand), "the stream of a worker with a job", "it is open", "it has ended");
    hands.answer(&job, "A");
    expect_told(&map.finish(), &["Ok(A)"], "the job that was under way when the pool was closed");
    expect!(hands.has_ended(job.hand), "the stream of that worker, after its last job", "it has ended", "it is open");
}

#[peer]
fn tidies_up(stream: UnixStream) {
    let name = std::env::var("TIDY").unwrap_or_default();
    let address = SocketAddr::from_abstract_name(name).expect("a short name");
    let mut log = UnixStream::connect_addr(&address).expect("the test listens");
    let _ = serve(stream, |input| input);
    // Long enough for a pool that does not wait to be noticed.
    std::thread::sleep(Duration::from_millis(100));
    let _ = log.write_all(b"tidy");
}

/// `join` lets the workers end by themselves, and waits until their processes have ended; nothing of the pool is left.
///
/// Next: close, wait for the work, then `wait` for every process.
#[fact(seconds = 5)]
fn join_waits_for_the_processes() {
    let before = belongings();
    let name = format!("pool of {}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let listener = UnixListener::bind_addr(&address).expect("the name is free");
    let pool = new_pool(1, move || {
        let mut command = peer_command("tidies_up");
        command.env("TIDY", &name);
        Worker::spawn(command)
    });
    expect_told(&pool.map(inputs(&["a"])), &["Ok(a)"], "a job");
    let (mut log, _) = listener.accept().expect("the worker has connected before its first job");
    alone(pool).join();
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the worker writes text");
    expect_eq!(text, "tidy", "what a worker that takes its time at the end had written when join returned");
    drop((log, listener));
    expect_nothing_left(before, "after join");
}

/// `join` waits, too, for a worker that is only just being started, and lets it end by itself.
///
/// Next: `join` has to know of every `start` that is under way, and wait for it first.
#[fact(seconds = 5)]
fn join_waits_for_a_worker_that_is_being_started() {
    let name = format!("late pool of {}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let listener = UnixListener::bind_addr(&address).expect("the name is free");
    let hands = Hands::default();
    let (word, waits) = channel::<()>();
    let theirs = hands.clone();
    let pool = new_pool(2, move || {
        if theirs.calls() < 2 {
            return theirs.start();
        }
        let mut command = peer_command("tidies_up");
        command.env("TIDY", &name);
        let worker = Worker::spawn(command);
        let _ = waits.recv();
        worker
    });
    let map = mapping("map", &pool, &["a", "b", "c"]);
    let (lost, rest): (Vec<_>, Vec<_>) = hands.jobs().into_iter().partition(|job| job.input == b"a");
    hands.hang_up(lost[0].hand);
    let (mut log, _) = listener.accept().expect("a replacement is started, since there is a job for it");
    rest.iter().for_each(|job| hands.answer(job, "B"));
    hands.answer_all();
    // A map whose own threads start workers may wait for this one; then there is nothing to see here.
    if !map.has_finished() {
        drop(word);
        map.finish();
        return;
    }
    map.finish();
    let join = actor("join", move || alone(pool).join());
    quiesce();
    drop(word);
    join.finish();
    let mut text = String::new();
    log.read_to_string(&mut text).expect("the worker writes text");
    expect_eq!(
        text,
        "tidy",
        "what a worker that was being started when join was called had written when join returned"
    );
}

/// `terminate` ends a `map` that is under way: what was done keeps its output, the rest is `Terminated`.
///
/// Next: a thread that waits for an answer must be interrupted: shut its stream down.
#[fact]
fn terminate_cuts_off_what_is_under_way() {
    let (pool, hands) = by_hand(2);
    let map = mapping("map", &pool, &["a", "b", "c", "d"]);
    for job in hands.jobs() {
        if job.input == b"a" {
            hands.answer(&job, "A");
        } else {
            hands.hang_up(job.hand);
        }
    }
    let jobs = hands.jobs();
    expect_eq!(jobs.len(), 2, "jobs under way at two workers");
    let terminating = Arc::clone(&pool);
    let terminate = actor("terminate", move || terminating.terminate());
    let again = Arc::clone(&pool);
    let twice = actor("once more", move || again.terminate());
    quiesce();
    expect!(
        terminate.has_finished() && twice.has_finished() && map.has_finished(),
        "terminate, and the map whose jobs it ends",
        "both return",
        "one of them waits"
    );
    let expected = ["Ok(A)", "Disconnected", "Terminated", "Terminated"];
    expect_told(&map.finish(), &expected, "one job done, one lost, and two under way when the pool is terminated");
    expect!(jobs.iter().all(|job| hands.has_ended(job.hand)), "the workers' streams", "they end", "one is open");
    let late = vec![vec![1], vec![0; MAX_PAYLOAD + 1]];
    expect_told(&pool.map(late), &["Terminated", "Terminated"], "map after terminate");
    pool.close();
    expect_told(&pool.map(vec![vec![1]]), &["Terminated"], "map after terminate and close");
}

/// `terminate` ends jobs that nobody has begun, too.
///
/// Next: the queue belongs to those who wait for what is in it.
#[fact]
fn terminate_cuts_off_what_nobody_has_begun() {
    let (pool, hands) = by_hand(1);
    let map = mapping("map", &pool, &["a", "b", "c"]);
    hands.only_job("a pool with one worker");
    pool.terminate();
    quiesce();
    expect!(map.has_finished(), "map, after terminate", "it returns", "it still waits");
    expect_told(&map.finish(), &["Terminated"; 3], "three jobs, one begun, when the pool is terminated");
}

#[peer]
fn never_answers(stream: UnixStream) {
    let _ = (&stream).write_all(b"?");
    loop {
        std::thread::park();
    }
}

/// A `terminate` or a drop ends processes that hang, or do not care for the end of their stream, and waits for them.
///
/// Next: kill, then wait. A process that nobody has waited for is a zombie.
#[fact(seconds = 5)]
fn terminate_and_drop_end_processes_that_hang() {
    let before = belongings();
    let pool = of_processes(2, "never_answers");
    let map = mapping("map", &pool, &["a"]);
    quiesce();
    pool.terminate();
    expect_eq!(child_processes().len(), before.0, "child processes, zombies included, when terminate returns");
    expect_told(&map.finish(), &["Terminated"], "a job at a worker that hangs");
    drop(pool);
    expect_nothing_left(before, "after terminate and drop");
    let pool = of_processes(2, "never_answers");
    // Nobody may now be waiting for processes that do not end by themselves.
    pool.close();
    drop(alone(pool));
    expect_nothing_left(before, "after close and drop");
}

/// `terminate` ends a worker, too, that is only just being started, and waits for it.
///
/// Next: after `start` has returned, look again whether the worker is still wanted.
#[fact(seconds = 5)]
fn terminate_ends_a_worker_that_is_being_started() {
    let before = belongings();
    let (word, waits) = channel::<()>();
    let mut waits = Some(waits);
    let mut calls = 0;
    let pool = new_pool(1, move || {
        calls += 1;
        if calls == 1 {
            let (stream, _) = UnixStream::pair()?;
            return Ok(Worker { stream, process: None });
        }
        let worker = Worker::spawn(peer_command("never_answers"));
        let _ = waits.take().map(|waits| waits.recv());
        worker
    });
    let map = mapping("map", &pool, &["a", "b"]);
    quiesce();
    let theirs = Arc::clone(&pool);
    let terminate = actor("terminate", move || {
        theirs.terminate();
        child_processes().len()
    });
    quiesce();
    expect!(!terminate.has_finished(), "terminate, while start makes a worker", "it waits for it", "it returned");
    drop(word);
    let children = terminate.finish();
    expect_eq!(children, before.0, "child processes when terminate returns, which came while start made one");
    expect_told(&map.finish(), &["Terminated", "Terminated"], "the jobs that waited for that worker");
    drop(pool);
    expect_nothing_left(before, "after terminate and drop");
}

// ---------------------------------------------------------------------------------------------------- real processes

struct Late;

impl Drop for Late {
    /// Long enough for a pool that has seen the end of the stream to kill this process.
    fn drop(&mut self) {
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[peer]
fn obeys(stream: UnixStream) {
    let _late = Late;
    let result = serve(stream, |input| match &input[..] {
        b"exit 0" => std::process::exit(0),
        b"exit 3" => std::process::exit(3),
        b"panic" => panic!("as ordered"),
        b"too much" => vec![0; MAX_PAYLOAD + 1],
        // SAFETY: the process signals itself.
        b"signal 9" => unsafe { [libc::raise(libc::SIGKILL) as u8].to_vec() },
        // SAFETY: the process signals itself.
        b"signal 15" => unsafe { [libc::raise(libc::SIGTERM) as u8].to_vec() },
        _ => input.to_ascii_uppercase(),
    });
    std::mem::forget(_late);
    std::process::exit(if result.is_ok() { 0 } else { 1 });
}

/// An error says how the worker's process ended, and the process has been waited for.
///
/// Next: `wait` returns the status: a code, or (`ExitStatusExt`) a signal.
#[fact(seconds = 5)]
fn an_error_says_how_the_process_ended() {
    let before = belongings();
    let pool = of_processes(1, "obeys");
    let texts = ["a", "exit 3", "b", "exit 0", "signal 9", "c", "signal 15"];
    let expected = ["Ok(A)", "Exited(3)", "Ok(B)", "Exited(0)", "Killed(9)", "Ok(C)", "Killed(15)"];
    expect_told(&pool.map(inputs(&texts)), &expected, format!("jobs {texts:?}").as_str());
    let zombies = child_processes().into_iter().filter(|child| child.is_zombie).count();
    expect_eq!(zombies, 0, "zombies after four workers have been lost");
    alone(pool).join();
    expect_nothing_left(before, "after join");
}

/// A panic in a job, or an output that is too long, ends the worker's process with code 101, as the pool can tell.
///
/// Next: if a panic closes the stream on its way up, the pool sees its end before the process has ended.
#[fact(seconds = 5)]
fn a_panic_in_a_job_is_exit_code_101() {
    let pool = of_processes(1, "obeys");
    let texts = ["panic", "a", "too much", "b"];
    let expected = ["Exited(101)", "Ok(A)", "Exited(101)", "Ok(B)"];
    expect_told(
        &pool.map(inputs(&texts)),
        &expected,
        "a job that panics, one whose output is too long, and two others",
    );
}

#[peer]
fn hangs_up_and_lives_on(stream: UnixStream) {
    let mut header = [0; 8];
    let _ = (&stream).read_exact(&mut header);
    let _ = (&stream).write_all(&header[..6]);
    drop(stream);
    loop {
        std::thread::park();
    }
}

/// A worker whose stream ends is lost, even if its process runs on: it is killed.
///
/// Next: the end of the stream is the end of the worker. Kill before you wait.
#[fact(seconds = 5)]
fn a_process_that_hangs_up_is_killed() {
    let before = belongings();
    let pool = of_processes(1, "hangs_up_and_lives_on");
    let outcomes = pool.map(inputs(&["a", "b"]));
    expect_told(&outcomes, &["Killed(9)", "Killed(9)"], "jobs for processes that close their stream and run on");
    drop(pool);
    expect_nothing_left(before, "after the pool was dropped");
}

#[peer]
fn writes_garbage(stream: UnixStream) {
    let _ = (&stream).write_all(&[0xff; 64]);
    loop {
        std::thread::park();
    }
}

/// A process that writes garbage is killed at once, and waited for before its job's error is returned.
///
/// Next: nothing that it writes can be trusted any more; its process must not be left running, nor as a zombie.
#[fact(seconds = 5)]
fn a_process_that_writes_garbage_is_killed() {
    let mut calls = 0;
    let pool = new_pool(1, move || {
        calls += 1;
        Worker::spawn(peer_command(if calls == 1 { "writes_garbage" } else { "obeys" }))
    });
    expect_told(&pool.map(inputs(&["a", "b"])), &["Garbage", "Ok(B)"], "a worker of garbage, and its replacement");
    expect_eq!(child_processes().len(), 1, "child processes of a pool of one, after a worker was replaced");
}

#[peer]
fn ends_at_once(_: UnixStream) {
    std::process::exit(7);
}

/// A command that ends at once is told by its exit code, for each job, and is not started without end.
///
/// Next: a job that finds a replacement gone as well fails with how that one ended.
#[fact(seconds = 5)]
fn a_command_that_ends_at_once_is_told_by_its_code() {
    let pool = of_processes(2, "ends_at_once");
    let outcomes = pool.map(inputs(&["a", "b", "c"]));
    expect_told(&outcomes, &["Exited(7)", "Exited(7)", "Exited(7)"], "jobs for a command that ends with code 7");
}

#[peer]
fn owns_a_pool(stream: UnixStream) {
    let pool = of_processes(3, "obeys");
    let outcomes = pool.map(inputs(&["a", "exit 3", "b", "c"]));
    let _ = (&stream).write_all(told(&outcomes).join(" ").as_bytes());
    let _ = (&stream).write_all(b".");
    loop {
        std::thread::park();
    }
}

/// When the process that owns a pool is killed, the workers end.
///
/// Next: `serve` returns at the end of its stream. Who else holds the other end open?
#[fact(seconds = 15)]
fn workers_end_when_their_owner_is_killed() {
    let (mut owner, stream) = start_peer("owns_a_pool");
    let mut text = String::new();
    let _ = io::BufRead::read_until(&mut io::BufReader::new(&stream), b'.', &mut Vec::new())
        .map(|_| text.push_str("the pool has worked"));
    expect_eq!(text, "the pool has worked", "a pool in another process");
    owner.kill().expect("a child can be killed");
    owner.wait().expect("a child can be waited for");
    let running = children_running_after(PATIENCE);
    expect!(
        running.is_empty(),
        format!("the workers of a pool, {} s after its process was killed", PATIENCE.as_secs()),
        "they have ended",
        format!("{} of them run", running.len())
    );
    reap_children();
}

/// A thousand jobs and twenty lost workers leave no descriptor, no thread and no process behind.
///
/// Next: whatever was opened, started or spawned for a job or for a worker must go with it.
#[fact(seconds = 10)]
fn nothing_grows_with_jobs_or_lost_workers() {
    let pool = of_threads(2);
    pool.map(inputs(&["warm"; 4]));
    let before = belongings();
    pool.map(inputs(&["job"; 1000]));
    expect_nothing_left(before, "after 1000 jobs");
    drop(pool);
    let pool = of_processes(1, "obeys");
    pool.map(inputs(&["warm"]));
    let before = belongings();
    let texts: Vec<&str> = std::iter::repeat_n("exit 3", 20).chain(["last"]).collect();
    let outcomes = pool.map(inputs(&texts));
    expect_eq!(told(&outcomes).last().map(String::as_str), Some("Ok(LAST)"), "the job after 20 workers were lost");
    expect_nothing_left(before, "after 20 workers were lost and replaced");
}

/// `Worker::spawn` gives the process a socket as its standard input and leaves the other settings alone; on this side
/// only the stream stays open.
///
/// Next: `Stdio::from(OwnedFd::from(theirs))`, and nobody keeps a copy of it.
#[fact(seconds = 5)]
fn spawn_connects_the_standard_input() {
    let before = open_descriptors();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "read line; echo \"$line $GREETING\" >&0"]).env("GREETING", "to you");
    let Worker { mut stream, process } = Worker::spawn(command).expect("there is a shell");
    let grown = open_descriptors() - before;
    // A process may have a descriptor of its own, to wait for it.
    expect!(grown <= 2, "descriptors that stay open for a process", "that of the stream", format!("{grown}"));
    stream.write_all(b"hello\n").expect("the shell reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the shell writes text");
    expect_eq!(text, "hello to you\n", "what a shell writes back, until the end of the stream");
    let mut process = process.expect("spawn returns the process that it has started");
    let status = process.wait().expect("a child can be waited for");
    expect!(status.success(), "the shell", "it ends with code 0", status.to_string());
}

// ----------------------------------------------------------------------------------------------------- the worker's side

/// What `serve` returns for these bytes on the wire, and what it answers. The stream ends behind them if `ends`.
fn served(wire: &[u8], ends: bool) -> (Result<(), ErrorKind>, Vec<u8>) {
    let (mut ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    let server = actor("serve", move || serve(theirs, |input| input.to_ascii_uppercase()));
    for byte in wire {
        ours.write_all(&[*byte]).expect("the worker reads");
    }
    if ends {
        ours.shutdown(Shutdown::Write).expect("a socket can be shut down");
    }
    quiesce();
    expect!(
        server.has_finished(),
        format!("serve, given the bytes {wire:?}{}", if ends { " and the end" } else { "" }),
        "it returns",
        "it still waits"
    );
    let mut answers = Vec::new();
    // A reset, because not everything was read, is an end as well.
    let _ = ours.read_to_end(&mut answers);
    (server.finish().map_err(|error| error.kind()), answers)
}

/// `serve` answers job after job with the same numbers, and returns `Ok` when the stream ends between two jobs.
///
/// Next: the end before the first byte of a header is the pool's way to say that there is nothing more to do.
#[fact]
fn serve_answers_until_the_stream_ends() {
    let jobs = [frame(7, b"one"), frame(u32::MAX, b""), frame(7, b"two")].concat();
    let answers = [frame(7, b"ONE"), frame(u32::MAX, b""), frame(7, b"TWO")].concat();
    expect_eq!(served(&jobs, true), (Ok(()), answers), "three jobs, and the end of the stream");
    expect_eq!(served(b"", true), (Ok(()), Vec::new()), "the end of the stream, and no job");
}

/// `serve` returns an error for a stream that ends inside a job, and for a hostile length: for this one at once.
///
/// Next: count what has come of a header; compare its length with `MAX_PAYLOAD`.
#[fact]
fn serve_refuses_half_jobs_and_hostile_lengths() {
    let job = frame(7, b"one");
    for count in [1, 3, 7, 8, 10] {
        let (result, _) = served(&job[..count], true);
        let about = format!("what serve returns when the stream ends after {count} of 11 bytes of a job");
        expect_eq!(result, Err(ErrorKind::UnexpectedEof), about);
    }
    for len in [MAX_PAYLOAD as u32 + 1, u32::MAX] {
        let (result, _) = served(&[7u32.to_be_bytes(), len.to_be_bytes()].concat(), false);
        expect_eq!(result, Err(ErrorKind::InvalidData), format!("what serve returns for a job of {len} bytes"));
    }
}

/// Each error has words of its own, with the number that belongs to it.
///
/// Next: the starter's `Display` is as it should be.
#[fact]
fn errors_say_what_happened() {
    let exited = WorkerError::Exited(42).to_string();
    expect!(exited.contains("42"), "the words of Exited(42)", "the code is among them", exited);
    let killed = WorkerError::Killed(19).to_string();
    expect!(killed.contains("19"), "the words of Killed(19)", "the signal is among them", killed);
}
