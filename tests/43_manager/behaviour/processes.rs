//! A server in a process of its own: how it starts, who uses it, and how it ends.

use super::bytes::sent_for;
use super::parts::{server_command, start_worker};
use super::server::{connect, expect_result, new_name};
use harness::{
    child_processes, children_running_after, expect, expect_eq, fact, listen_at, open_descriptors, peer_command,
};
use std::io::{Read, Write};
use std::process::Command;
use std::time::Duration;
use subject::ManagerError::Closed;
use subject::{Client, Manager};

#[track_caller]
fn expect_no_children(about: &str) {
    expect_eq!(child_processes(), [], about);
}

/// A started manager works, for its owner and for others; dropped, it leaves no process, no zombie, no descriptor.
///
/// Next: a child that nobody waits for stays as a zombie.
#[fact(negated)]
fn a_dropped_manager_leaves_nothing_behind() {
    let (before, name) = (open_descriptors(), new_name());
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    expect_eq!(child_processes().len(), 1, "the number of processes that a manager starts");
    expect_result(manager.client().dict("d").insert("key", 1), Ok(None), "insert, by the owner");
    let other = Client::over(connect(&name));
    expect_result(
        other.dict("d").get("key"),
        Ok(1),
        "get, over a connection of its own, as soon as start has returned",
    );
    drop(other);
    drop(manager);
    expect_no_children("the processes when the manager is dropped");
    expect_eq!(open_descriptors(), before, "the open descriptors, before and after a manager");
}

/// Clones of the owner's client, and stuck connections of others, do not keep a dropped manager's server alive.
///
/// Next: the owner leaves when the manager is dropped, not when the last clone of its client is.
#[fact]
fn a_dropped_manager_ends_its_clients() {
    let name = new_name();
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let (client, other) = (manager.client(), Client::over(connect(&name)));
    let request = sent_for(|client| client.list("l").len());
    let mut stuck = connect(&name);
    stuck.write_all(&request[..request.len() - 1]).expect("the server listens");
    drop(manager);
    expect_no_children("the processes when the manager is dropped, while clients are connected");
    expect_result(client.list("l").len(), Err(Closed), "len, by the owner's client, when the manager is dropped");
    expect_result(other.list("l").len(), Err(Closed), "len, by another client, when the manager is dropped");
}

/// Four processes that add 1 to the same key 500 times each, by `update`, lose nothing.
///
/// Next: the comparison and the change must be one step of the server.
#[fact(seconds = 20)]
fn four_processes_lose_no_update() {
    let name = new_name();
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let mut workers: Vec<_> = (0..4).map(|_| start_worker("adding_process", &name)).collect();
    for (_, stream) in &mut workers {
        stream.write_all(&[1]).expect("the worker listens");
    }
    for (_, stream) in &mut workers {
        let done = stream.read_exact(&mut [0]).is_ok();
        expect!(done, "a process that adds 500 times", "it gets to its end", "it has failed");
    }
    let total = manager.client().dict("counts").get("key");
    expect_result(total, Ok(2000), "the sum, when four processes have added 1 to it 500 times each");
    drop(workers);
    drop(manager);
    expect_no_children("the processes when the manager is dropped");
}

/// When the owner's process is killed, the server ends.
///
/// Next: nobody can clean up after `kill -9`, except the system: it closes the connection. Does anybody else have that end?
#[fact]
fn a_killed_owner_takes_its_server_along() {
    let name = new_name();
    let (mut owner, mut stream) = start_worker("owning_process", &name);
    let mut works = [0];
    let told = stream.read_exact(&mut works).is_ok();
    expect!(told && works == [1], "a manager in another process", "it works", "it does not");
    // This connection stays open; it is not the owner's.
    let other = Client::over(connect(&name));
    expect_result(other.list("l").len(), Ok(1), "len, by a process that is not the owner");
    owner.kill().expect("a peer can be killed");
    owner.wait().expect("a peer can be waited for");
    let running = children_running_after(Duration::from_secs(5));
    expect_eq!(running, [], "the processes that run when the owner was killed");
    expect_result(other.list("l").len(), Err(Closed), "len, when the owner was killed");
    harness::reap_children();
}

/// When the server dies, operations are `Closed`, and dropping the manager still waits for the dead process.
///
/// Next: the end of the connection says it all; the process is waited for in any case.
#[fact]
fn a_server_that_dies_is_closed_and_waited_for() {
    let name = new_name();
    let fate = listen_at(&format!("{name}-fate"));
    let manager = Manager::start(server_command(&name)).expect("the server's process starts");
    let client = manager.client();
    expect_result(client.list("l").push(1), Ok(()), "a push");
    let (mut fate, _) = fate.accept().expect("the server connects");
    fate.write_all(&[1]).expect("the server listens");
    let _ = fate.read(&mut [0]);
    expect_result(client.list("l").push(1), Err(Closed), "a push, when the server has died");
    expect_result(manager.client().list("l").len(), Err(Closed), "len, by another clone, when the server has died");
    drop(manager);
    expect_no_children("the processes when the manager of a dead server is dropped");
}

/// `start` fails, and leaves no process, if there is no program, if it ends at once, or if it answers nonsense.
///
/// Next: only the server's process may have the server's end of the socket; and a program that is no server is killed.
#[fact(negated)]
fn a_program_that_is_no_server_does_not_start() {
    let before = open_descriptors();
    let commands = [
        (Command::new("/there/is/no/such/program"), "start, with a program that is not there"),
        (peer_command("ending_process"), "start, with a program that ends at once"),
        (peer_command("nonsense_process"), "start, with a program that answers nonsense and goes on"),
    ];
    for (command, about) in commands {
        expect!(Manager::start(command).is_err(), about, "an error", "a manager");
        expect_no_children(&format!("the processes after {about}"));
    }
    expect_eq!(open_descriptors(), before, "the open descriptors, before and after three that did not start");
}
