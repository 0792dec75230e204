//! The figures of `choosing.md`: what work costs on threads, in processes and as tasks, on this machine.
//!
//! `cargo bench -p solution-cost_table` prints them as Markdown. All of it is done by the references of the exercises, and
//! measured by the one of 5.1: medians after a warm-up, the clock's own cost taken off.

use solution_cost_table::{Kind, Monotonic, Plan, Processes, Tasks, Threads, cost, echo, measure, rounded, table};
use std::convert::Infallible;
use std::env;
use std::hint::black_box;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a computation takes that is worth a thread.
const COMPUTE: Duration = Duration::from_millis(5);
/// How long a wait is, of which a program has many.
const WAIT: Duration = Duration::from_millis(5);
/// Of what is both, the shorter part.
const SHORT: Duration = Duration::from_micros(500);

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    match arguments.next().as_deref() {
        Some("echo") => echo(standard_input()?),
        Some("pool") => process_pool::serve(standard_input()?, |input| {
            do_now(Work::from_bytes(&input));
            input
        }),
        Some("loop") => hybrid::serve(standard_input()?, async |item| {
            do_in_turn(Work::from_bytes(&item.to_be_bytes())).await;
            item
        }),
        Some("pipe") => {
            let connection = ipc_pipe::Connection::from_stream(standard_input()?).map_err(io::Error::other)?;
            while let Ok(value) = connection.recv::<u64>() {
                connection.send(&value).map_err(io::Error::other)?;
            }
            Ok(())
        }
        Some("manager") => {
            let address = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
            manager::serve(standard_input()?, UnixListener::bind(address)?)
        }
        _ => {
            creation()?;
            work()?;
            places()
        }
    }
}

fn standard_input() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// This program again, in another part.
fn part(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().expect("a program knows its own file"));
    command.arg(name);
    command
}

// ------------------------------------------------------------------------------------------- what it costs to have one

fn creation() -> io::Result<()> {
    let clock = Monotonic::new();
    let plan = Plan { warm_up: 10, samples: 200, at_least: Duration::from_micros(200) };
    let rows = [
        (Kind::Task, cost(&clock, &plan, &mut Tasks::new(|| {})?)?),
        (Kind::Thread, cost(&clock, &plan, &mut Threads::new(|| {}))?),
        (Kind::Process, cost(&clock, &plan, &mut Processes::new(|| part("echo")))?),
    ];
    println!("{}", table(&rows));
    Ok(())
}

// --------------------------------------------------------------------------------------------------- work of three kinds

/// So much waiting, then so many steps of computing.
#[derive(Clone, Copy)]
struct Work {
    wait: Duration,
    steps: u32,
}

impl Work {
    fn to_bytes(self) -> [u8; 8] {
        let micros = u32::try_from(self.wait.as_micros()).expect("waits here are short");
        (u64::from(micros) << 32 | u64::from(self.steps)).to_be_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Work {
        let both = u64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        Work { wait: Duration::from_micros(both >> 32), steps: both as u32 }
    }
}

fn compute(steps: u32) -> u64 {
    let mut state = 1u64;
    for _ in 0..steps {
        state = black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
    state >> 60
}

/// How many were done; all, if it is to be compared with anything.
fn count<E: std::fmt::Debug>(results: &[Result<impl Sized, E>]) -> u64 {
    results.iter().for_each(|result| assert!(result.is_ok(), "{:?}", result.as_ref().err()));
    results.len() as u64
}

fn do_now(work: Work) -> u64 {
    std::thread::sleep(work.wait);
    compute(work.steps)
}

async fn do_in_turn(work: Work) -> u64 {
    if !work.wait.is_zero() {
        tokio::time::sleep(work.wait).await;
    }
    compute(work.steps)
}

/// How many steps take that long.
fn steps_of(time: Duration) -> u32 {
    const SOME: u32 = 2_000_000;
    let fastest = (0..5).map(|_| {
        let begin = Instant::now();
        compute(SOME);
        begin.elapsed()
    });
    let fastest = fastest.min().expect("there are five");
    (f64::from(SOME) * time.as_secs_f64() / fastest.as_secs_f64()) as u32
}

fn work() -> io::Result<()> {
    let pool = process_pool::Pool::new(2, || process_pool::Worker::spawn(part("pool")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (long, short) = (steps_of(COMPUTE), steps_of(SHORT));
    let kinds = [
        ("computing: 16 × 5 ms", vec![Work { wait: Duration::ZERO, steps: long }; 16]),
        ("waiting: 64 × 5 ms", vec![Work { wait: WAIT, steps: 0 }; 64]),
        ("both: 64 × (5 ms waiting, 0.5 ms computing)", vec![Work { wait: WAIT, steps: short }; 64]),
    ];
    for (title, all) in kinds {
        let bytes: Vec<Vec<u8>> = all.iter().map(|work| work.to_bytes().to_vec()).collect();
        let numbers: Vec<u64> = all.iter().map(|work| u64::from_be_bytes(work.to_bytes())).collect();
        let gathered = || runtime.block_on(gather::gather(all.iter().map(|work| do_in_turn(*work))));
        let rows: [(&str, &dyn Fn() -> u64); 6] = [
            ("one thread, one after the other", &|| all.iter().map(|work| do_now(*work)).sum()),
            ("2 threads (3.1)", &|| threads::parallel_map(all.clone(), 2, do_now).into_iter().sum()),
            ("16 threads (3.1)", &|| threads::parallel_map(all.clone(), 16, do_now).into_iter().sum()),
            ("one event loop (2.2)", &|| gathered().into_iter().sum()),
            ("2 processes (4.1)", &|| count(&pool.map(bytes.clone()))),
            ("2 processes of event loops (5.2)", &|| count(&hybrid::hybrid_map(|| part("loop"), &numbers, 2, 32))),
        ];
        let plan = Plan { warm_up: 1, samples: 9, at_least: Duration::ZERO };
        print_rows(title, &plan, &rows);
    }
    pool.join();
    Ok(())
}

// ------------------------------------------------------------------------------------------------ where a value can be

fn places() -> io::Result<()> {
    let atomic = AtomicU64::new(0);
    let local = thread_local::ThreadLocal::new();
    let lock = mutex::Lock::new(0u64);
    let read_write = read_write_lock::RwLock::new(0u64);
    let shared = shared_memory::SharedValue::new(0)?;

    let there = Arc::new(blocking_queue::Queue::bounded(1));
    let back = Arc::new(blocking_queue::Queue::bounded(1));
    let (theirs, answers) = (Arc::clone(&there), Arc::clone(&back));
    let partner = std::thread::spawn(move || {
        while let Ok(value) = theirs.get() {
            answers.put(value).expect("nobody shuts the answers down");
        }
    });

    let (ours, others) = UnixStream::pair()?;
    let mut echo = part("pipe").stdin(std::os::fd::OwnedFd::from(others)).spawn()?;
    let pipe = ipc_pipe::Connection::from_stream(ours).map_err(io::Error::other)?;

    let address = env::temp_dir().join(format!("choosing-{}", std::process::id()));
    let mut command = part("manager");
    command.arg(&address);
    let manager = manager::Manager::start(command)?;
    let counts = manager.client().dict("counts");
    counts.insert("n", 0).expect("the manager runs");

    let rows: [(&str, &dyn Fn() -> u64); 9] = [
        ("an atomic of this program", &|| atomic.fetch_add(1, Ordering::Relaxed)),
        ("thread-local, `get_or` (3.3)", &|| *local.get_or(|| 0)),
        ("shared memory, `fetch_add` (4.3)", &|| shared.fetch_add(1) as u64),
        ("behind a lock that is free (3.2)", &|| {
            let mut guard = lock.lock().expect("nobody panics");
            *guard += 1;
            *guard
        }),
        ("behind a read-write lock, reading (3.4)", &|| *read_write.read().expect("nobody panics")),
        ("shared memory, behind its lock (4.3)", &|| {
            let mut guard = shared.lock().expect("nobody dies");
            let next = guard.get() + 1;
            guard.set(next);
            next as u64
        }),
        ("with another thread, over two queues (3.3)", &|| {
            there.put(1).expect("it is open");
            back.get().expect("the partner answers")
        }),
        ("with another process, over a pipe (4.2)", &|| {
            pipe.send(&1u64).expect("the process runs");
            pipe.recv().expect("the process answers")
        }),
        ("in a manager's process (4.3)", &|| counts.get("n").expect("it is there") as u64),
    ];
    let plan = Plan { warm_up: 10, samples: 101, at_least: Duration::from_micros(200) };
    print_rows("one access to a value", &plan, &rows);

    there.shutdown(false);
    partner.join().expect("it ends when the queue does");
    drop(pipe);
    echo.wait()?;
    drop(manager);
    std::fs::remove_file(address)
}

fn print_rows(title: &str, plan: &Plan, rows: &[(&str, &dyn Fn() -> u64)]) {
    println!("| {title} | median | p95 | × the first |\n|:--|--:|--:|--:|");
    let clock = Monotonic::new();
    let mut first = None;
    for (name, operation) in rows {
        let Ok(summary) = measure(&clock, plan, || Ok::<_, Infallible>(operation()));
        let base = *first.get_or_insert(summary.median.as_nanos().max(1));
        let ratio = summary.median.as_nanos() as f64 / base as f64;
        let ratio = if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") };
        println!("| {name} | {} | {} | {ratio} |", rounded(summary.median), rounded(summary.p95));
    }
    println!();
}
