//! Workers that are processes: how they end, how that is told, and what is left of them.

use super::pools::{
    alone, belongings, expect_nothing_left, expect_told, inputs, new_pool, of_processes, of_threads, told,
};
use harness::{
    child_processes, children_running_after, expect, expect_eq, fact, open_descriptors, peer, peer_command,
    reap_children, start_peer,
};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use subject::{MAX_PAYLOAD, Worker, WorkerError, serve};

/// How long a fact is patient with processes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// Answers one line with the greeting that is in its environment.
#[peer]
fn greets(mut stream: UnixStream) {
    let mut line = String::new();
    let mut byte = [0];
    while stream.read(&mut byte).is_ok_and(|count| count == 1) && byte != *b"\n" {
        line.push(byte[0].into());
    }
    let greeting = std::env::var("GREETING").unwrap_or_default();
    writeln!(stream, "{line} {greeting}").expect("the owner reads");
}

/// `Worker::spawn` gives the process a socket as its standard input and leaves the other settings alone; on this side
/// only the stream stays open.
///
/// Next: `Stdio::from(OwnedFd::from(theirs))`, and nobody keeps a copy of it.
#[fact(seconds = 5, negated)]
fn spawn_connects_the_standard_input() {
    let before = open_descriptors();
    let mut command = peer_command("greets");
    command.env("GREETING", "to you");
    let Worker { mut stream, process } = Worker::spawn(command).expect("a process can be started");
    let grown = open_descriptors() - before;
    // A process may have a descriptor of its own, to wait for it.
    expect!(grown <= 2, "descriptors that stay open for a process", "that of the stream", format!("{grown}"));
    stream.write_all(b"hello\n").expect("the process reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the process writes text");
    expect_eq!(text, "hello to you\n", "what the process writes back, until the end of the stream");
    let mut process = process.expect("spawn returns the process that it has started");
    let status = process.wait().expect("a child can be waited for");
    expect!(status.success(), "the process", "it ends with code 0", status.to_string());
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
