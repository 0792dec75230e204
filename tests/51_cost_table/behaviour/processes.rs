//! The contender of processes: what it starts, asks and waits for; the echo; and the costs of all three in their order.

use super::statistics::nanos;
use harness::{
    ChildProcess, actor, child_processes, connect_to, expect, expect_eq, fact, listen_at, open_descriptors, peer,
    peer_command, quiesce, unused_name,
};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use subject::{Contender, Monotonic, Plan, Processes, Summary, Tasks, Threads, echo, measure, rounded};

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
#[fact(seconds = 3, negated)]
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
    let mut gate = connect_to(&name).expect("the test listens");
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
    let name = unused_name("cost-table");
    let listener = listen_at(&name);
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
