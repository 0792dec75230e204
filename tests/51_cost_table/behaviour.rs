//! Facts about the cost table, each a sentence that is true of every correct solution.

use harness::{
    ChildProcess, actor, child_processes, expect, expect_eq, fact, open_descriptors, peer, peer_command, quiesce,
    threads_alive,
};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use subject::*;

fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

fn summary(median: u64, p95: u64, mad: u64) -> Summary {
    Summary { median: nanos(median), p95: nanos(p95), mad: nanos(mad) }
}

fn of(durations: impl IntoIterator<Item = u64>) -> Summary {
    Summary::of(&durations.into_iter().map(nanos).collect::<Vec<_>>())
}

/// The numbers from 1 to n in an order that is neither up nor down: n + 1 is a prime number.
fn shuffled(n: u64) -> impl Iterator<Item = u64> {
    (1..=n).map(move |number| number * 7 % (n + 1))
}

// ------------------------------------------------------------------------------------------------------- statistics

/// The median of an odd number of durations is the one in the middle, of an even number the mean of the two in the
/// middle.
///
/// Next: sort first; then look at what stands in the middle of a list of three, and of four.
#[fact]
fn the_median_is_what_lies_in_the_middle() {
    expect_eq!(of([7]).median, nanos(7), "the median of 7");
    expect_eq!(of([9, 1, 5]).median, nanos(5), "the median of 9, 1, 5");
    expect_eq!(of([40, 10, 31, 20]).median, nanos(25), "the median of 40, 10, 31, 20, whose middle is 25.5");
    expect_eq!(of([8, 2]).median, nanos(5), "the median of 8, 2");
    expect_eq!(of(shuffled(100)).median, nanos(50), "the median of 1 to 100 in some order, whose middle is 50.5");
    let spoilt = of([10, 11, 12, 13, 1_000_000_000]).median;
    expect_eq!(spoilt, nanos(12), "the median of 10, 11, 12, 13 and one hiccup of a second");
}

/// The 95th percentile is the duration at place ⌈0.95 · n⌉, counted from 1, of the sorted durations.
///
/// Next: work out the place of the 20th, 21st and 100th by hand, and mind that indices count from 0.
#[fact]
fn the_95th_percentile_is_the_nearest_rank() {
    expect_eq!(of([42]).p95, nanos(42), "the 95th percentile of one duration");
    expect_eq!(of(shuffled(100)).p95, nanos(95), "the 95th percentile of 1 to 100 in some order");
    for n in 1..=300u64 {
        // The smallest place which 19 of 20 do not lie behind.
        let place = (1..=n).find(|place| place * 20 >= n * 19).expect("the last place is far enough");
        expect_eq!(of((1..=n).rev()).p95, nanos(place), format!("the 95th percentile of {n} to 1"));
    }
}

/// The median absolute deviation is the median of the distances from the median.
///
/// Next: distances have no sign, and their order is not that of the durations.
#[fact]
fn the_deviation_is_the_median_distance() {
    expect_eq!(of([7]).mad, nanos(0), "the deviation of one duration");
    expect_eq!(of([1, 1, 2, 2, 4, 6, 9]), summary(2, 9, 1), "the summary of 1, 1, 2, 2, 4, 6, 9");
    expect_eq!(of([10, 40, 30, 60]), summary(35, 60, 15), "the summary of 10, 40, 30, 60");
    let spoilt = of([100, 104, 97, 1_000_000_000, 102]);
    expect_eq!(spoilt, summary(102, 1_000_000_000, 2), "the summary of 100, 104, 97, 102 and one hiccup of a second");
}

/// Statistics are right for the longest durations there are.
///
/// Next: the sum of two durations may be more than a duration can hold; what lies between them is not.
#[fact]
fn the_longest_durations_do_not_overflow() {
    let max = Duration::MAX;
    let seen = Summary::of(&[max, max]);
    expect_eq!(seen, Summary { median: max, p95: max, mad: Duration::ZERO }, "the summary of Duration::MAX twice");
    let seen = Summary::of(&[max, Duration::ZERO, max]);
    expect_eq!(seen, Summary { median: max, p95: max, mad: Duration::ZERO }, "the summary of MAX, zero and MAX");
}

/// There is no summary of nothing, and no measurement without samples: both panic, the latter before it calls the
/// operation.
///
/// Next: a median of no durations would be a number that somebody made up.
#[fact(panics)]
fn nothing_has_no_summary() {
    expect_eq!(of([7]), summary(7, 7, 0), "the summary of one duration, which there is");
    expect!(catch_unwind(|| Summary::of(&[])).is_err(), "the summary of no durations", "a panic", "a summary");
    let calls = Cell::new(0);
    let (clock, plan) = (Scripted::new(0, 1), Plan { warm_up: 1, samples: 0, at_least: nanos(0) });
    let operation = || {
        calls.set(calls.get() + 1);
        Ok::<_, Infallible>(())
    };
    let Ok(seen) = measure(&clock, &Plan { samples: 1, ..plan }, operation);
    expect_eq!((seen, calls.replace(0)), (summary(0, 0, 0), 4), "measure with a plan of 1 sample, and its calls");
    let seen = catch_unwind(AssertUnwindSafe(|| measure(&clock, &plan, operation)));
    expect!(seen.is_err(), "measure with a plan of 0 samples", "a panic", "a summary");
    expect_eq!(calls.get(), 0, "calls of the operation in measure with a plan of 0 samples");
}

// ------------------------------------------------------------------------------------------------------------ clocks

/// A clock that is moved by the operation, and by being read.
struct Scripted {
    nanos: Cell<u64>,
    reading: Cell<u64>,
    tick: u64,
}

impl Scripted {
    fn new(reading: u64, tick: u64) -> Scripted {
        Scripted { nanos: Cell::new(1_000_000), reading: Cell::new(reading), tick }
    }

    fn pass(&self, nanos: u64) {
        self.nanos.set(self.nanos.get() + nanos);
    }
}

impl Clock for Scripted {
    fn now(&self) -> Duration {
        self.pass(self.reading.get());
        nanos(self.nanos.get() / self.tick * self.tick)
    }
}

/// A clock whose every reading comes from a function.
struct Told<F>(RefCell<F>);

impl<F: FnMut() -> u64> Clock for Told<F> {
    fn now(&self) -> Duration {
        nanos(self.0.borrow_mut()())
    }
}

fn backwards() -> impl Clock {
    let mut now = 1_000_000_000;
    Told(RefCell::new(move || {
        now -= 1;
        now
    }))
}

/// Measures an operation whose n-th call (from 0) takes `length(n)`, and counts the calls.
fn measured(clock: &Scripted, plan: (usize, usize, u64), length: impl Fn(u64) -> u64) -> (Summary, u64) {
    let (warm_up, samples, at_least) = plan;
    let mut calls = 0;
    let plan = Plan { warm_up, samples, at_least: nanos(at_least) };
    let Ok(summary) = measure(clock, &plan, || {
        clock.pass(length(calls));
        calls += 1;
        Ok::<_, Infallible>(())
    });
    (summary, calls)
}

/// The overhead of a clock is the smallest difference between two readings with nothing in between.
///
/// Next: take many pairs; a hiccup makes a difference larger, never smaller.
#[fact]
fn the_overhead_is_the_smallest_difference() {
    expect_eq!(overhead(&Scripted::new(25, 1)), nanos(25), "the overhead of a clock whose readings take 25 ns");
    // The first readings are slow, and every third one is disturbed.
    let (mut readings, mut now) = (0, 0);
    let clock = Told(RefCell::new(|| {
        now += if readings < 10 || readings % 3 == 0 { 900 + readings } else { 25 };
        readings += 1;
        now
    }));
    let about = "the overhead of a clock whose readings take 25 ns, the first ten and every third one more";
    expect_eq!(overhead(&clock), nanos(25), about);
    expect_eq!(overhead(&Scripted::new(30, 1_000)), nanos(0), "the overhead when ticks are longer than readings");
    expect_eq!(overhead(&backwards()), nanos(0), "the overhead of a clock that goes backwards");
}

/// The overhead of the clock is not part of what is measured.
///
/// Next: between the two readings of a batch lies the batch, and one reading.
#[fact]
fn the_overhead_is_subtracted() {
    let (seen, _) = measured(&Scripted::new(40, 1), (1, 9, 0), |_| 100);
    expect_eq!(seen, summary(100, 100, 0), "100 ns, on a clock whose readings take 40 ns");
    let (seen, _) = measured(&Scripted::new(40, 1), (1, 9, 700), |_| 100);
    expect_eq!(seen, summary(100, 100, 0), "100 ns in batches of 8, on a clock whose readings take 40 ns");
    let (seen, _) = measured(&Scripted::new(5_000, 1), (1, 9, 0), |_| 11);
    expect_eq!(seen, summary(11, 11, 0), "11 ns, on a clock whose readings take 5 µs");
}

/// A batch that seems to take less than the overhead of the clock, or less than nothing, takes zero.
///
/// Next: durations cannot be negative: subtract with saturation, also the one reading from the other.
#[fact]
fn less_than_nothing_is_zero() {
    let clock = Scripted::new(400, 1);
    let (seen, _) = measured(&clock, (0, 4, 0), |_| {
        clock.reading.set(10);
        20
    });
    expect_eq!(seen, summary(0, 0, 0), "20 ns, on a clock whose readings took 400 ns, and then only 10");
    let plan = Plan { warm_up: 1, samples: 3, at_least: nanos(0) };
    let Ok(seen) = measure(&backwards(), &plan, || Ok::<_, Infallible>(()));
    expect_eq!(seen, summary(0, 0, 0), "anything, on a clock that goes backwards");
}

/// The first call, the batches in search of a size, and the warm-up are not among the samples, and every sample is.
///
/// Next: count the calls with the brief at hand: 1, then 1, then those of the warm-up; the next one is the first
/// sample.
#[fact]
fn only_the_samples_count() {
    // Call number n takes 2^n, so that every number tells which calls are in it.
    for (warm_up, first) in [(0, 4), (1, 8), (3, 32)] {
        let about = format!("{warm_up} batches of warm-up, when call n takes 2^n ns, n from 0");
        let (seen, _) = measured(&Scripted::new(0, 1), (warm_up, 1, 0), |call| 1 << call);
        expect_eq!(seen, summary(first, first, 0), format!("one sample after {about}"));
        let (seen, _) = measured(&Scripted::new(0, 1), (warm_up, 3, 0), |call| 1 << call);
        expect_eq!(seen, summary(2 * first, 4 * first, first), format!("three samples after {about}"));
    }
    // Batches of 4: one call, 1 + 2 + 4 calls, and 4 of the warm-up.
    let (seen, _) = measured(&Scripted::new(0, 1), (1, 5, 35), |call| if call < 12 { 10 } else { 30 });
    expect_eq!(seen, summary(30, 30, 0), "batches of 4, when calls 0 to 11 take 10 ns and later ones 30 ns");
}

/// The operation is called exactly as often as the plan says.
///
/// Next: 1 + (2b - 1) + (warm_up + samples) · b calls, for batches of b.
#[fact]
fn the_operation_is_called_as_often_as_planned() {
    // What the calls take, the plan, and the size of the batches.
    let cases = [
        (10, (0, 1, 0), 1),
        (10, (4, 7, 10), 1),
        (10, (4, 7, 11), 2),
        (25, (0, 5, 100), 4),
        (25, (2, 5, 101), 8),
        (3, (1, 2, 1_000), 512),
    ];
    for (length, (warm_up, samples, at_least), batch) in cases {
        let about = format!(
            "calls of an operation of {length} ns, with a warm-up of {warm_up}, {samples} samples and batches of \
             {at_least} ns or more"
        );
        let (seen, calls) = measured(&Scripted::new(60, 1), (warm_up, samples, at_least), |_| length);
        expect_eq!(calls, 2 * batch + (warm_up + samples) as u64 * batch, about);
        expect_eq!(seen, summary(length, length, 0), format!("the summary instead of the number of {about}"));
    }
}

/// What only the very first call has to pay does not decide the size of the batches.
///
/// Next: call the operation once before anything is measured.
#[fact]
fn a_slow_first_call_decides_nothing() {
    let (seen, calls) = measured(&Scripted::new(0, 1), (1, 5, 1_000), |call| if call == 0 { 1_000_000 } else { 10 });
    expect_eq!(seen, summary(10, 10, 0), "10 ns, when the first call takes 1 ms");
    expect_eq!(
        calls,
        2 * 128 + 6 * 128,
        "calls in batches of at least 1 µs, when the first one takes 1 ms, later ones 10 ns"
    );
}

/// An operation that is shorter than a tick of the clock is measured in batches; the time of one call is rounded down.
///
/// Next: the time of the batch is divided by its size, once, at the end.
#[fact]
fn batches_see_what_is_shorter_than_a_tick() {
    let (seen, calls) = measured(&Scripted::new(0, 1_000), (2, 9, 100_000), |_| 30);
    expect_eq!(calls, 2 * 4_096 + 11 * 4_096, "calls of 30 ns in batches of at least 100 µs");
    let fits = (29..=30).contains(&seen.median.as_nanos()) && seen.mad <= nanos(1);
    expect!(fits, "30 ns, on a clock with ticks of 1 µs", "a median of 29 or 30 ns", format!("{seen:?}"));
    // Batches of 4, in which one call takes 3 ns longer.
    let (seen, _) = measured(&Scripted::new(0, 1), (0, 5, 35), |call| 10 + if call % 4 == 0 { 3 } else { 0 });
    expect_eq!(seen, summary(10, 10, 0), "43 ns for four calls");
}

/// On a clock that stands still, batches end at `MAX_BATCH`.
///
/// Next: the search for a size must end, whatever the clock says.
#[fact]
fn a_clock_that_stands_still_ends_the_search() {
    expect_eq!(MAX_BATCH, 65_536, "MAX_BATCH, which is given");
    let (seen, calls) = measured(&Scripted::new(0, 1), (1, 2, 1), |_| 0);
    expect_eq!(seen, summary(0, 0, 0), "anything, on a clock that stands still");
    expect_eq!(calls, (2 + 3) * u64::from(MAX_BATCH), "calls on a clock that stands still");
}

/// The first error of the operation ends the measurement and is what it returns.
///
/// Next: `?`, in each of the phases.
#[fact]
fn the_first_error_ends_it() {
    // Batches of 2: call 0, 1 in search, 2 and 3, 4 and 5 as warm-up, 6 to 9 as samples.
    for fatal in 0..10 {
        let clock = Scripted::new(0, 1);
        let mut calls = 0;
        let plan = Plan { warm_up: 1, samples: 2, at_least: nanos(20) };
        let seen = measure(&clock, &plan, || {
            clock.pass(10);
            calls += 1;
            if calls > fatal { Err(format!("error of call {}", calls - 1)) } else { Ok(()) }
        });
        expect_eq!(seen, Err(format!("error of call {fatal}")), format!("measure, when call {fatal} fails (from 0)"));
        expect_eq!(calls, fatal + 1, format!("calls of the operation, when call {fatal} fails (from 0)"));
    }
}

/// What the operation returns is dropped at once: before the next call, and as a part of what is measured.
///
/// Next: do not collect results; hand each one to `black_box` and let it go.
#[fact]
fn results_are_dropped_inside_the_batch() {
    struct Slow<'a>(&'a Scripted, &'a Cell<usize>);
    impl Drop for Slow<'_> {
        fn drop(&mut self) {
            self.0.pass(7);
            self.1.set(self.1.get() - 1);
        }
    }
    let (clock, alive) = (Scripted::new(15, 1), Cell::new(0));
    let plan = Plan { warm_up: 1, samples: 4, at_least: nanos(100) };
    let Ok(seen) = measure(&clock, &plan, || {
        expect_eq!(alive.get(), 0, "results that are alive when the operation is called");
        alive.set(1);
        clock.pass(10);
        Ok::<_, Infallible>(Slow(&clock, &alive))
    });
    expect_eq!(seen, summary(17, 17, 0), "an operation of 10 ns, with a result whose drop takes 7 ns");
}

/// The real clock agrees with `Instant`.
///
/// Next: keep the `Instant` at which the clock was made; `elapsed` does the rest.
#[fact]
fn the_real_clock_agrees_with_instant() {
    let outer = Instant::now();
    let clock = Monotonic::new();
    let inner = Instant::now();
    for _ in 0..2_000 {
        let least = inner.elapsed();
        let seen = clock.now();
        let most = outer.elapsed();
        expect!(
            (least..=most).contains(&seen),
            "Monotonic, between two readings of Instants",
            format!("{least:?} to {most:?}"),
            format!("{seen:?}")
        );
    }
    let later = Monotonic::default();
    expect!(later.now() <= clock.now(), "a clock that was made later", "it is behind", "it is ahead");
    let copy = clock;
    expect!(copy.now() <= clock.now(), "a copy of the clock", "it has the same beginning", "it is ahead");
}

/// `cost` measures what the contender does, `create` first and `round_trip` after it, both on the given clock.
///
/// Next: two calls of `measure`; the first error ends both.
#[fact]
fn the_cost_is_two_measurements() {
    struct Script<'a>(&'a Scripted, Vec<&'static str>, usize);
    impl Script<'_> {
        fn act(&mut self, name: &'static str, base: u64) -> io::Result<()> {
            self.1.push(name);
            self.0.pass(base + self.1.len() as u64);
            if self.1.len() > self.2 { Err(io::Error::other("as scripted")) } else { Ok(()) }
        }
    }
    impl Contender for Script<'_> {
        fn create(&mut self) -> io::Result<()> {
            self.act("create", 1_000)
        }
        fn round_trip(&mut self) -> io::Result<()> {
            self.act("round_trip", 100)
        }
    }
    let (clock, plan) = (Scripted::new(9, 1), Plan { warm_up: 1, samples: 3, at_least: nanos(0) });
    let mut script = Script(&clock, Vec::new(), 100);
    let seen = cost(&clock as &dyn Clock, &plan, &mut script as &mut dyn Contender).ok();
    let expected = Cost { create: summary(1_005, 1_006, 1), switch: summary(111, 112, 1) };
    expect_eq!(seen, Some(expected), "the cost of a contender whose calls take a nanosecond more each time");
    let expected = [["create"; 6], ["round_trip"; 6]].concat();
    expect_eq!(script.1, expected, "what was called for a warm-up of 1 and 3 samples");
    for (fatal, calls) in [(3, 4), (8, 9)] {
        let mut script = Script(&clock, Vec::new(), fatal);
        let seen = cost(&clock, &plan, &mut script).map_err(|error| error.to_string());
        expect_eq!(seen, Err("as scripted".to_owned()), format!("cost, when call {calls} of the contender fails"));
        expect_eq!(script.1.len(), calls, format!("calls of the contender, of which number {calls} fails"));
    }
}

// -------------------------------------------------------------------------------------------------- tasks and threads

/// Where a piece of work was done.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    thread: std::thread::ThreadId,
    task: Option<tokio::task::Id>,
    runtime: Option<tokio::runtime::Id>,
}

/// Work that notes where it was done.
fn noting() -> (Arc<Mutex<Vec<Place>>>, impl Fn() + Send + Sync + 'static) {
    let places = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&places);
    let work = move || {
        theirs.lock().expect("nobody panics").push(Place {
            thread: std::thread::current().id(),
            task: tokio::task::try_id(),
            runtime: tokio::runtime::Handle::try_current().ok().map(|handle| handle.id()),
        });
    };
    (places, work)
}

/// Creates five and makes five round trips; returns the places of the former, and the one of the latter.
fn used(contender: &mut dyn Contender, places: &Mutex<Vec<Place>>) -> (Vec<Place>, Place) {
    let mut partners = Vec::new();
    let mut created = Vec::new();
    let taken = |what: &str| {
        let mut places = places.lock().expect("nobody panics");
        expect_eq!(places.len(), 1, format!("how often the work has been done when {what} returns"));
        places.remove(0)
    };
    for _ in 0..5 {
        contender.create().expect("the system has room for one more");
        created.push(taken("create"));
        contender.round_trip().expect("the partner answers");
        partners.push(taken("round_trip"));
    }
    expect!(
        partners.iter().all(|partner| *partner == partners[0]) && !created.contains(&partners[0]),
        "who did the work of five round trips",
        "the same partner, which did nothing else",
        format!("{partners:?}, and {created:?} were created")
    );
    (created, partners.remove(0))
}

/// `create` is one new task of a current-thread runtime, which does the work once, on the thread that called `create`.
///
/// Next: make the runtime in `new`; `block_on` a `spawn`ed task.
#[fact]
fn a_created_task_is_a_task_of_its_own() {
    let (places, work) = noting();
    let before = threads_alive();
    let mut tasks = Tasks::new(work).expect("there is room for a runtime");
    let (created, partner) = used(&mut tasks, &places);
    expect_eq!(threads_alive(), before, "threads, while there is a runtime");
    let me = std::thread::current().id();
    let all = || created.iter().chain([&partner]);
    expect!(all().all(|place| place.thread == me), "the threads of tasks", "the caller's", format!("{created:?}"));
    let mut ids: Vec<_> = all().filter_map(|place| place.task).collect();
    ids.sort_unstable_by_key(|id| id.to_string());
    ids.dedup();
    expect_eq!(ids.len(), 6, "how many different tasks did the work of 5 creations and of their partner");
    let one = all().all(|place| place.runtime.is_some() && place.runtime == partner.runtime);
    expect!(one, "the runtimes of the tasks", "one runtime for all", format!("{created:?}"));
}

/// When `Tasks` is dropped, its partner and its runtime are gone, and nothing keeps the work.
///
/// Next: a runtime that is dropped drops its tasks.
#[fact]
fn dropped_tasks_leave_nothing_behind() {
    let before = (threads_alive(), open_descriptors());
    let kept = Arc::new(());
    let theirs = Arc::clone(&kept);
    let mut tasks = Tasks::new(move || assert_eq!(*theirs, ())).expect("there is room for a runtime");
    tasks.create().expect("a task can be spawned");
    tasks.round_trip().expect("the partner answers");
    drop(tasks);
    expect_eq!(Arc::strong_count(&kept), 1, "owners of what the work holds, after the drop of Tasks");
    expect_eq!((threads_alive(), open_descriptors()), before, "threads and descriptors after the drop of Tasks");
}

/// `create` is one new thread, which does the work once; the partner is another thread, the same one for all round
/// trips.
///
/// Next: `spawn` in `create`; for the partner, a thread that lives and two channels.
#[fact]
fn a_created_thread_is_a_thread_of_its_own() {
    let (places, work) = noting();
    let (created, partner) = used(&mut Threads::new(work), &places);
    let mut threads: Vec<_> = created.iter().chain([&partner]).map(|place| place.thread).collect();
    threads.push(std::thread::current().id());
    let count = |thread| threads.iter().filter(|other| **other == thread).count();
    let own = threads.iter().all(|thread| count(*thread) == 1);
    expect!(own, "the threads of 5 creations, their partner, and the caller", "all different", format!("{threads:?}"));
}

/// Sets a flag when its thread ends, after a while: whoever does not wait for that end goes on too early.
struct AtTheEnd(RefCell<Option<Arc<AtomicBool>>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        // Not for anything to happen meanwhile: a thread that is joined may take as long as it likes.
        std::thread::sleep(Duration::from_millis(30));
        if let Some(flag) = self.0.take() {
            flag.store(true, Ordering::SeqCst);
        }
    }
}

thread_local! {
    static END: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

fn flagging() -> (Arc<AtomicBool>, impl Fn() + Send + Sync + 'static) {
    let flag = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&flag);
    (flag, move || END.with(|end| *end.0.borrow_mut() = Some(Arc::clone(&theirs))))
}

/// When `create` returns, the thread has been joined: its own destructors have run, too.
///
/// Next: a message from a thread, or the end of a scope, comes before the thread's end; `JoinHandle::join` after it.
#[fact]
fn a_created_thread_is_joined() {
    let (ended, work) = flagging();
    let mut threads = Threads::new(work);
    for _ in 0..3 {
        ended.store(false, Ordering::SeqCst);
        threads.create().expect("the system has room for a thread");
        expect!(ended.load(Ordering::SeqCst), "the thread, when create returns", "it has ended", "it still runs");
    }
}

/// When the drop of `Threads` returns, the partner has been joined; no thread and no descriptor is left.
///
/// Next: first let the partner see that nobody can ask any more, then join it.
#[fact]
fn dropped_threads_are_joined() {
    let before = (threads_alive(), open_descriptors());
    let (ended, work) = flagging();
    let mut threads = Threads::new(work);
    threads.round_trip().expect("the partner answers");
    threads.round_trip().expect("the partner answers");
    expect!(!ended.load(Ordering::SeqCst), "the partner between two round trips", "it lives", "it has ended");
    drop(threads);
    expect!(ended.load(Ordering::SeqCst), "the partner, when Threads was dropped", "it has ended", "it still runs");
    drop(Threads::new(|| {}));
    // A thread that was joined may be on the system's list for a moment.
    quiesce();
    expect_eq!((threads_alive(), open_descriptors()), before, "threads and descriptors after the drop of Threads");
}

/// `create` waits while the new thread works, `round_trip` while the partner does, and the partner between round trips:
/// none uses CPU time.
///
/// Next: a blocking `recv`, on both sides.
#[fact]
fn threads_wait_for_each_other_without_polling() {
    let (begun, begins) = mpsc::channel();
    let (permit, permits) = mpsc::channel();
    let permits = Mutex::new(permits);
    let work = move || {
        let _ = begun.send(());
        let _ = permits.lock().expect("nobody panics").recv();
    };
    let (finished, finishes) = (Arc::new(AtomicUsize::new(0)), |count: &AtomicUsize| count.load(Ordering::SeqCst));
    let theirs = Arc::clone(&finished);
    let caller = actor("caller", move || {
        let mut threads = Threads::new(work);
        threads.create().expect("the system has room for a thread");
        theirs.fetch_add(1, Ordering::SeqCst);
        for _ in 0..2 {
            threads.round_trip().expect("the partner answers");
            theirs.fetch_add(1, Ordering::SeqCst);
        }
        // The partner has nothing to do until the caller has been joined.
        threads
    });
    for (count, about) in ["create", "the first round_trip", "the second round_trip"].into_iter().enumerate() {
        quiesce();
        expect!(begins.try_recv().is_ok(), format!("the work of {about}"), "it has begun", "it has not");
        expect_eq!(finishes(&finished), count, format!("calls that have returned while the work of {about} goes on"));
        permit.send(()).expect("the work waits for it");
    }
    let threads = caller.finish();
    expect_eq!(finishes(&finished), 3, "calls that have returned in the end");
    quiesce();
    drop(threads);
}

// --------------------------------------------------------------------------------------------------------- processes

/// The command of a peer, and how often it was asked for.
fn commands(peer: &'static str) -> (Arc<AtomicUsize>, impl Fn() -> Command + Send + 'static) {
    let count = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&count);
    (count, move || {
        theirs.fetch_add(1, Ordering::SeqCst);
        peer_command(peer)
    })
}

fn asked(count: &AtomicUsize) -> usize {
    count.load(Ordering::SeqCst)
}

fn expect_no_children(when: &str) {
    let state = |child: ChildProcess| if child.is_zombie { "a zombie" } else { "one that runs" };
    let children: Vec<_> = child_processes().into_iter().map(state).collect();
    expect!(children.is_empty(), format!("processes {when}"), "none, not even a zombie", children.join(", "));
}

#[peer]
fn hears_nothing(mut stream: UnixStream) {
    if !matches!(stream.read(&mut [0]), Ok(0)) {
        std::process::exit(7);
    }
}

/// `create` starts one process, hangs up without having sent anything, and waits until it has ended.
///
/// Next: drop your end of the socket, then `Child::wait`: until then an ended process is a zombie.
#[fact(seconds = 3)]
fn a_created_process_has_ended() {
    let before = open_descriptors();
    let (count, command) = commands("hears_nothing");
    let mut processes = Processes::new(command);
    expect_eq!(asked(&count), 0, "commands asked for by Processes::new");
    for round in 1..=3 {
        let seen = processes.create().map_err(|error| error.to_string());
        expect_eq!(seen, Ok(()), "create, with a program that ends with success if it hears nothing");
        expect_eq!(asked(&count), round, format!("commands asked for by {round} calls of create"));
        expect_no_children("after create");
        expect_eq!(open_descriptors(), before, "descriptors after create");
    }
}

#[peer]
fn fails(_stream: UnixStream) {
    std::process::exit(3);
}

/// A process that fails, and a program that does not exist, are errors, and leave nothing behind.
///
/// Next: look at the status that `wait` returns.
#[fact(seconds = 3)]
fn a_failed_process_is_an_error() {
    let before = open_descriptors();
    let mut processes = Processes::new(|| peer_command("fails"));
    let seen = processes.create();
    expect!(seen.is_err(), "create, with a program that ends with code 3", "an error", format!("{seen:?}"));
    expect_no_children("after create with a program that failed");
    drop(processes);
    let mut processes = Processes::new(|| Command::new("/nowhere/to/be/found"));
    let seen = processes.create();
    expect!(seen.is_err(), "create, with a program that does not exist", "an error", format!("{seen:?}"));
    let seen = processes.round_trip();
    expect!(seen.is_err(), "round_trip, with a program that does not exist", "an error", format!("{seen:?}"));
    drop(processes);
    expect_no_children("after the drop of Processes");
    expect_eq!(open_descriptors(), before, "descriptors after the drop of Processes");
}

/// Tells the test how many bytes have come, waits for its permission, and answers; says goodbye when there are no more.
#[peer]
fn answers_when_permitted(mut stream: UnixStream) {
    let name = std::env::var("GATE").expect("the test says where it listens");
    let address = SocketAddr::from_abstract_name(name).expect("the name is short");
    let mut gate = UnixStream::connect_addr(&address).expect("the test listens");
    let mut buffer = [0; 64];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        let permitted = gate.write_all(&[count as u8]).and_then(|()| gate.read_exact(&mut [0]));
        if permitted.and_then(|()| stream.write_all(&buffer[..count])).is_err() {
            return;
        }
    }
    let _ = gate.write_all(b"!");
}

/// `round_trip` sends one byte and waits for its answer; the same process answers each time, and ends by itself when
/// `Processes` is dropped, which waits for it.
///
/// Next: one byte there, one byte back; to end it, hang up and wait, and do not kill.
#[fact(seconds = 3)]
fn a_round_trip_is_one_byte_there_and_one_byte_back() {
    let before = open_descriptors();
    let name = format!("cost-table-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("the name is short");
    let listener = UnixListener::bind_addr(&address).expect("the name is free");
    let count = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&count);
    let caller = actor("caller", move || {
        let mut processes = Processes::new(move || {
            theirs.fetch_add(1, Ordering::SeqCst);
            let mut command = peer_command("answers_when_permitted");
            command.env("GATE", &name);
            command
        });
        let seen = (0..3).map(|_| processes.round_trip().map_err(|error| error.to_string())).collect::<Vec<_>>();
        drop(processes);
        expect_no_children("after the drop of Processes");
        seen
    });
    let (mut gate, _) = listener.accept().expect("the partner says that it is there");
    for _ in 0..3 {
        let mut bytes = [0];
        gate.read_exact(&mut bytes).expect("a question comes");
        expect_eq!(bytes[0], 1, "bytes that a partner hears before it has answered");
        quiesce();
        expect!(!caller.has_finished(), "the caller, while there is no answer", "it waits", "it went on");
        gate.write_all(&[0]).expect("the partner waits for it");
    }
    let mut last = Vec::new();
    gate.read_to_end(&mut last).expect("the partner comes to an end");
    expect_eq!(String::from_utf8_lossy(&last), "!", "the last word of the partner, when it hears no more");
    expect_eq!(caller.finish(), [const { Ok(()) }; 3], "three round trips");
    expect_eq!(asked(&count), 1, "commands asked for by three round trips");
    drop((listener, gate));
    expect_eq!(open_descriptors(), before, "descriptors after the drop of Processes");
}

#[peer]
fn answers_twice(mut stream: UnixStream) {
    let mut byte = [0];
    for _ in 0..2 {
        let _ = stream.read_exact(&mut byte).and_then(|()| stream.write_all(&byte));
    }
}

/// When the partner has ended before its time, `round_trip` is an error and does not hang; nothing is left behind.
///
/// Next: as long as you keep the `Command`, you keep the partner's end of the socket open.
#[fact(seconds = 3)]
fn a_partner_that_ends_is_an_error() {
    let mut processes = Processes::new(|| peer_command("answers_twice"));
    for _ in 0..2 {
        let seen = processes.round_trip().map_err(|error| error.to_string());
        expect_eq!(seen, Ok(()), "round_trip, while the partner answers");
    }
    let seen = processes.round_trip();
    expect!(seen.is_err(), "round_trip, when the partner has ended", "an error", format!("{seen:?}"));
    drop(processes);
    expect_no_children("after the drop of Processes");
}

/// `echo` sends every byte back as soon as it has come, and returns when there are no more, or with an error when it
/// cannot send them.
///
/// Next: read what there is, write it, do not wait until a buffer is full, and do not overlook an error of either.
#[fact]
fn echo_sends_back_at_once() {
    let (mut near, far) = UnixStream::pair().expect("there is room for a socket pair");
    let partner = actor("partner", move || echo(far).map_err(|error| error.to_string()));
    for text in ["a", "b", "cde", "f"] {
        near.write_all(text.as_bytes()).expect("the partner listens");
        quiesce();
        let mut buffer = vec![0; text.len()];
        near.set_nonblocking(true).expect("a socket can be asked");
        let seen = near.read_exact(&mut buffer).map(|()| String::from_utf8_lossy(&buffer).into_owned());
        expect_eq!(seen.ok().as_deref(), Some(text), format!("what is there when {text:?} has been sent to echo"));
        near.set_nonblocking(false).expect("a socket can be asked");
    }
    near.shutdown(std::net::Shutdown::Write).expect("a socket can be shut down");
    expect_eq!(partner.finish(), Ok(()), "echo at the end of the stream");
    let rest = near.read(&mut [0]).expect("an end can be read");
    expect_eq!(rest, 0, "bytes that nobody has sent, and that come back");
    let (mut near, far) = UnixStream::pair().expect("there is room for a socket pair");
    near.write_all(b"g").expect("the other end is there");
    drop(near);
    let seen = echo(far);
    expect!(seen.is_err(), "echo, when nobody takes what it sends back", "an error", format!("{seen:?}"));
}

#[peer]
fn echoes(stream: UnixStream) {
    let _ = echo(stream);
}

/// On this machine, creating a task costs less than creating a thread, and that less than creating a process.
///
/// Next: measure the three by hand with `Instant`: which number is not what it should be?
#[fact(alone)]
fn a_task_costs_less_than_a_thread_and_a_thread_less_than_a_process() {
    let clock = Monotonic::new();
    let mut tasks = Tasks::new(|| {}).expect("there is room for a runtime");
    let mut threads = Threads::new(|| {});
    let mut processes = Processes::new(|| peer_command("echoes"));
    let contenders: [(usize, &mut dyn Contender); 3] = [(51, &mut tasks), (51, &mut threads), (3, &mut processes)];
    // The rounds take turns, so that a busy moment meets all three.
    let mut medians = [const { Vec::new() }; 3];
    let mut contenders = contenders;
    for _ in 0..5 {
        for ((samples, contender), medians) in contenders.iter_mut().zip(&mut medians) {
            let plan = Plan { warm_up: 0, samples: *samples, at_least: nanos(0) };
            let summary = measure(&clock, &plan, || contender.create()).expect("there is room for one more");
            medians.push(summary.median);
        }
    }
    let [task, thread, process] = medians.map(|medians| Summary::of(&medians).median);
    let seen = format!("task {}, thread {}, process {}", rounded(task), rounded(thread), rounded(process));
    expect!(nanos(0) < task && task < thread && thread < process, "medians of create", "task < thread < process", seen);
    processes.round_trip().expect("an echo answers");
}

// --------------------------------------------------------------------------------------------------------- the table

fn row(kind: Kind, create: u64, p95: u64, switch: u64) -> (Kind, Cost) {
    // Numbers that have no place in the table are loud.
    let loud = 777_777_777_777_777;
    (kind, Cost { create: summary(create, p95, loud), switch: summary(switch, loud, loud) })
}

/// Durations are written with three significant digits.
///
/// Next: this function is given; do not change it.
#[fact]
fn durations_are_rounded() {
    let short = [0, 999, 1_000, 1_004, 1_005, 9_994, 9_995, 99_950, 999_499, 999_500].map(|n| rounded(nanos(n)));
    let expected =
        ["0 ns", "999 ns", "1.00 µs", "1.00 µs", "1.01 µs", "9.99 µs", "10.0 µs", "100 µs", "999 µs", "1.00 ms"];
    expect_eq!(short, expected, "0, 999, 1000, 1004, 1005, 9994, 9995, 99950, 999499 and 999500 ns, rounded");
    let long = [20_300_000, 1_062_000_000, 999_499_999_999, 999_500_000_000, 123_456_500_000_000];
    let expected = ["20.3 ms", "1.06 s", "999 s", "1000 s", "123457 s"];
    expect_eq!(
        long.map(|n| rounded(nanos(n))),
        expected,
        "20.3 ms, 1.062 s, 999.5 s less 1 ns, 999.5 s and 123456.5 s, rounded"
    );
}

/// The table of these rows has exactly these lines.
fn expect_table(rows: &[(Kind, Cost)], expected: &str, about: &str) {
    let text = table(rows);
    for (number, (seen, expected)) in text.lines().zip(expected.lines()).enumerate() {
        let about = format!("line {} of {about}", number + 1);
        expect!(seen == expected, about, format!("\n{expected}"), format!("\n{seen}"));
    }
    // The end of each line included.
    expect_eq!(text.lines().count(), expected.lines().count(), format!("the number of lines of {about}"));
    expect_eq!(
        text.len(),
        expected.len(),
        format!("the number of bytes of {about}, whose lines are as they should be")
    );
}

/// The table has the rows that it was given, in columns as wide as their widest cell.
///
/// Next: all cells first, then the widths, in characters; only then the lines.
#[fact]
fn the_table_is_laid_out() {
    let expected = "\
| kind | create | p95 | switch | ratio | memory | cores |
|:-----|-------:|----:|-------:|------:|:-------|:------|
";
    expect_table(&[], expected, "the table without rows");
    let expected = "\
| kind |  create |     p95 | switch | ratio | memory | cores |
|:-----|--------:|--------:|-------:|------:|:-------|:------|
| task | 45.6 µs | 2.00 ms |   9 ns |     1 | shared | one   |
";
    expect_table(&[row(Kind::Task, 45_600, 2_000_000, 9)], expected, "the table with one row");
    let expected = "\
| kind    |   create |      p95 |  switch |     ratio | memory | cores |
|:--------|---------:|---------:|--------:|----------:|:-------|:------|
| process | 123457 s | 222222 s | 8.00 µs | 123456500 | own    | all   |
| thread  |  1.00 ms |  2.00 ms | 7.00 µs |         1 | shared | all   |
| task    |  1.05 ms |  1.06 ms | 5.00 µs |         1 | shared | one   |
| thread  |  2.00 ms |  9.00 ms | 6.00 µs |         2 | shared | all   |
";
    let rows = [
        row(Kind::Process, 123_456_500_000_000, 222_222_000_000_000, 8_000),
        row(Kind::Thread, 1_000_000, 2_000_000, 7_000),
        row(Kind::Task, 1_050_000, 1_060_000, 5_000),
        row(Kind::Thread, 2_000_000, 9_000_000, 6_000),
    ];
    expect_table(&rows, expected, "the table with rows in some order, two of a kind");
}

/// The ratio is that to the cheapest creation, rounded half up, and there is none to nothing.
///
/// Next: in whole numbers: add half of the divisor before you divide; look at a divisor of zero first.
#[fact]
fn ratios_are_rounded_half_up() {
    let ratios = |creates: &[u64]| -> Vec<String> {
        let rows: Vec<_> = creates.iter().map(|create| row(Kind::Thread, *create, 1, 1)).collect();
        let text = table(&rows);
        let cell = |line: &str| line.split('|').nth(5).unwrap_or("no such cell").trim().to_owned();
        text.lines().skip(2).map(cell).collect()
    };
    expect_eq!(
        ratios(&[149, 100, 150, 249, 250]),
        ["1", "1", "2", "2", "3"],
        "ratios of 149, 100, 150, 249 and 250 ns"
    );
    expect_eq!(ratios(&[3, 4, 5]), ["1", "1", "2"], "ratios of 3, 4 and 5 ns");
    expect_eq!(ratios(&[0, 5]), ["-", "-"], "ratios of 0 and 5 ns");
    let precise = ratios(&[3, 10_000_000_000_000_003]);
    expect_eq!(precise, ["1", "3333333333333334"], "ratios of 3 and 10,000,000,000,000,003 ns");
}
