//! Real processes: they work at the same time, die alone, and none of them is left.

use super::sides::{Results, what_there_is};
use harness::{
    actor, catch_panic, child_processes, children_running_after, connect_to, expect, expect_eq, fact, listen_at, peer,
    peer_command, reap_children, start_peer,
};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{catch_unwind, panic_any, resume_unwind};
use std::process::Command;
use std::time::Duration;
use subject::{ItemError, dispatch, hybrid_map, serve};
use tokio::sync::Barrier;

/// Where the processes of a fact meet it. The name holds the number of the fact's process, which goes to them as an item.
fn gate(number: u64) -> String {
    format!("hybrid-{number}")
}

/// Tells the fact that a process is here; the stream ends when the fact says so.
fn arrive(number: u64) -> UnixStream {
    connect_to(&gate(number)).expect("the fact listens")
}

fn this_process() -> u64 {
    u64::from(std::process::id())
}

#[peer]
fn squares(stream: UnixStream) {
    let _ = serve(stream, async |item| match item {
        13 => std::process::exit(1),
        // A panic without words on standard error.
        17 => resume_unwind(Box::new("seventeen")),
        _ => item * item,
    });
}

#[peer]
fn four_at_once(stream: UnixStream) {
    let barrier = Barrier::new(4);
    let _ = serve(stream, async move |_| {
        barrier.wait().await;
        this_process()
    });
}

/// In each process waits overlap: two processes with four in flight have eight items under way at once.
///
/// Next: a process starts with its end of the socket as standard input; the items are spread by `dispatch`.
#[fact(negated)]
fn waits_overlap_in_each_process() {
    let results = hybrid_map(|| peer_command("four_at_once"), &[0; 8], 2, 4);
    let mut processes: Vec<u64> = results.into_iter().flatten().collect();
    processes.sort_unstable();
    expect_eq!(processes.len(), 8, "items with an output, where each needs three others in its process");
    let (one, two) = processes.split_at(4);
    let right = one[0] == one[3] && two[0] == two[3] && one[0] != two[0] && !processes.contains(&this_process());
    expect!(right, "the processes that did eight items", "two others, four items each", format!("{processes:?}"));
}

#[peer]
fn computes(stream: UnixStream) {
    // Whoever computes leaves its loop no time. Here it waits for the fact, with its only thread.
    let _ = serve(stream, async |number| {
        let _ = arrive(number).read(&mut [0]);
        this_process()
    });
}

/// Processes compute at the same time, each with its own item.
///
/// Next: all processes are started, and have items, before anybody waits for an answer.
#[fact]
fn processes_compute_at_the_same_time() {
    let listener = listen_at(&gate(this_process()));
    let owner = actor("owner", || hybrid_map(|| peer_command("computes"), &[this_process(); 3], 3, 8));
    // None of them goes on before all three are here.
    let computing: Vec<_> = (0..3).map(|_| listener.accept().expect("somebody comes")).collect();
    drop(computing);
    let processes: BTreeSet<u64> = owner.finish().into_iter().flatten().collect();
    expect_eq!(processes.len(), 3, "different processes that did three items at the same time");
}

/// Failures in processes cost only what they touch: a panic its item, a process that dies what it has in flight.
///
/// Next: a dead process is noticed by the end of its stream, if nobody else holds the other end open.
#[fact(negated)]
fn a_process_that_dies_costs_what_it_has() {
    let items = [10, 11, 13, 12, 17, 14, 15];
    let seen = hybrid_map(|| peer_command("squares"), &items, 2, 1);
    let expected: Results = items
        .into_iter()
        .map(|item| match item {
            13 => Err(ItemError::WorkerDied),
            17 => Err(ItemError::Panicked("seventeen".into())),
            _ => Ok(item * item),
        })
        .collect();
    expect_eq!(seen, expected, "the results of two processes, one of which dies of item 13, with one item in flight");
    let seen = hybrid_map(|| peer_command("squares"), &[13, 13, 13, 1, 2], 2, 1);
    let expected =
        [13, 13, 0, 0, 0].map(|item| Err(if item == 13 { ItemError::WorkerDied } else { ItemError::NoWorker }));
    expect_eq!(seen, expected, "the results when each of two processes dies of its first item");
}

/// There are never more processes than items, and a process that cannot be started is one less.
///
/// Next: the smaller of the two numbers; an error of `spawn` is no reason to give up.
#[fact]
fn no_process_is_superfluous() {
    let calls = Cell::new(0);
    let counted = || {
        calls.set(calls.get() + 1);
        // The first one cannot be started.
        if calls.get() == 1 { Command::new("/no/such/program") } else { peer_command("squares") }
    };
    expect_eq!(hybrid_map(counted, &[], 4, 4), [], "the results without items");
    expect_eq!(calls.get(), 0, "commands that were made without items");
    let seen = hybrid_map(counted, &[2, 3, 4], 100, 4);
    expect_eq!(seen, [Ok(4), Ok(9), Ok(16)], "the results when one of three processes cannot be started");
    expect_eq!(calls.get(), 3, "commands that were made for three items and at most 100 processes");
    let seen = hybrid_map(|| Command::new("/no/such/program"), &[1, 2], 2, 2);
    expect_eq!(
        seen,
        [Err(ItemError::NoWorker), Err(ItemError::NoWorker)],
        "the results when no process can be started"
    );
}

#[peer]
fn outstays(stream: UnixStream) {
    let _ = serve(stream, async |item| item + 1);
    loop {
        std::thread::park();
    }
}

#[peer]
fn talks_nonsense(mut stream: UnixStream) {
    let _ = stream.write_all(&[0xff; 64]);
    loop {
        std::thread::park();
    }
}

/// When `hybrid_map` returns, no process, zombie, descriptor or thread is left, even of workers that do not end.
///
/// Next: kill what has not ended, and then wait for it: a process that nobody waits for stays as a zombie.
#[fact]
fn no_process_is_left_behind() {
    // What a first process needs once is not counted.
    let _ = peer_command("squares");
    let before = what_there_is();
    for name in ["squares", "outstays", "talks_nonsense"] {
        let seen = hybrid_map(|| peer_command(name), &[1, 13, 1], 2, 1);
        let nonsense = name == "talks_nonsense" && seen.iter().all(Result::is_err);
        expect!(
            nonsense || seen[0].is_ok(),
            format!("the results of workers that play '{name}'"),
            "known",
            format!("{seen:?}")
        );
        let children = child_processes();
        expect!(children.is_empty(), "processes and zombies after hybrid_map", "none", format!("{children:?}"));
        expect_eq!(what_there_is(), before, "descriptors and threads after hybrid_map");
    }
}

/// If `command` panics, the panic reaches the caller, and the processes that had been started are gone.
///
/// Next: what ends the processes must happen on every way out: `Drop` does.
#[fact(panics, negated)]
fn a_command_that_panics_leaves_no_process() {
    let _ = peer_command("outstays");
    let before = what_there_is();
    let calls = Cell::new(0);
    let third_panics = || {
        calls.set(calls.get() + 1);
        if calls.get() == 3 { panic_any("no third") } else { peer_command("outstays") }
    };
    let outcome = catch_panic(|| hybrid_map(third_panics, &[1, 2, 3], 3, 1));
    let text = outcome.map_err(|payload| payload.downcast_ref::<&str>().map(|text| text.to_string()));
    expect_eq!(text, Err(Some("no third".to_owned())), "the panic of a command, as the caller sees it");
    let children = child_processes();
    expect!(children.is_empty(), "processes and zombies after that", "none", format!("{children:?}"));
    expect_eq!(what_there_is(), before, "descriptors and threads after that");
}

/// Without processes, and with nothing in flight, both functions panic before anything is started.
///
/// Next: two `assert!`, ahead of everything else.
#[fact(panics)]
fn zero_is_refused() {
    for (about, processes, in_flight) in [("processes", 0, 1), ("in_flight", 1, 0)] {
        let calls = Cell::new(0);
        let counted = || {
            calls.set(calls.get() + 1);
            peer_command("squares")
        };
        let map = |items: &[u64]| catch_panic(|| hybrid_map(counted, items, processes, in_flight));
        expect!(map(&[]).is_err(), format!("hybrid_map with {about} == 0 and no items"), "it panics", "it returns");
        expect!(map(&[1]).is_err(), format!("hybrid_map with {about} == 0"), "it panics", "it returns");
        expect_eq!(calls.get(), 0, "commands that were made");
    }
    let outcome = catch_unwind(|| dispatch(Vec::new(), &[], 1));
    expect!(outcome.is_ok(), "dispatch with in_flight == 1, no workers and no items", "it returns", "it panics");
    let outcome = catch_unwind(|| dispatch(Vec::new(), &[], 0));
    expect!(outcome.is_err(), "dispatch with in_flight == 0, no workers and no items", "it panics", "it returns");
}

#[peer]
fn waits(stream: UnixStream) {
    let _ = serve(stream, async |number| {
        let _arrived = arrive(number);
        std::future::pending().await
    });
}

#[peer]
fn maps(mut stream: UnixStream) {
    let mut number = [0; 8];
    stream.read_exact(&mut number).expect("the fact sends its number");
    hybrid_map(|| peer_command("waits"), &[u64::from_be_bytes(number); 4], 2, 2);
}

/// When the owner is killed, its workers end, whatever their handlers wait for.
///
/// Next: no process may hold a copy of another's socket, and a loop ends with its stream.
#[fact(seconds = 30)]
fn workers_end_when_their_owner_is_killed() {
    let listener = listen_at(&gate(this_process()));
    let (mut owner, mut stream) = start_peer("maps");
    stream.write_all(&this_process().to_be_bytes()).expect("the owner reads");
    let arrived: io::Result<Vec<_>> = (0..4).map(|_| listener.accept()).collect();
    let _arrived = arrived.expect("four handlers are begun");
    owner.kill().expect("a process can be killed");
    owner.wait().expect("a child can be waited for");
    let running = children_running_after(Duration::from_secs(10));
    reap_children();
    expect!(running.is_empty(), "workers of an owner that was killed", "they end", format!("{running:?} go on"));
}
