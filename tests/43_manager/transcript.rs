//! The article's Manager: workers in other processes fill a dictionary and a list.

use harness::{connect_to, listen_at, peer, peer_command, unused_name};
use std::fmt::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use subject::{Client, Manager, serve};

/// Where the address of the server and the number of a worker are told to a process.
const ADDRESS: &str = "MANAGER_ADDRESS";
const NUMBER: &str = "MANAGER_NUMBER";

fn told(what: &str) -> String {
    std::env::var(what).expect("the parent tells its processes what they need")
}

#[peer]
fn server(owner: UnixStream) {
    serve(owner, listen_at(&told(ADDRESS))).expect("the listener does not fail");
}

#[peer]
fn worker(_: UnixStream) {
    let stream = connect_to(&told(ADDRESS)).expect("the server can be reached");
    let client = Client::over(stream);
    let number = told(NUMBER);
    let value: i64 = number.parse().expect("it is a number");
    client.dict("squares").insert(&number, value * value).expect("the server answers");
    client.list("numbers").push(value).expect("the server answers");
}

/// A command that plays a part and knows the server's address.
fn command(part: &str, name: &str) -> Command {
    let mut command = peer_command(part);
    command.env(ADDRESS, name);
    command
}

#[harness::transcript]
fn transcript() -> String {
    let name = unused_name("manager-transcript");
    let mut text = String::new();
    let mut say = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    let manager = Manager::start(command("server", &name)).expect("the server starts");
    let client = manager.client();
    let (squares, numbers, counts) = (client.dict("squares"), client.list("numbers"), client.dict("counts"));
    let answers = "the server answers";
    for number in 0..4 {
        let (_ours, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
        let mut worker = command("worker", &name);
        let worker = worker.env(NUMBER, number.to_string()).stdin(Stdio::from(OwnedFd::from(theirs)));
        let status = worker.status().expect("the worker starts");
        let (squares, numbers) = (squares.len().expect(answers), numbers.len().expect(answers));
        let code = status.code().unwrap_or(-1);
        say(format!("worker {number} ended with {code}: {squares} squares, {numbers} numbers"));
    }
    for number in 0..4 {
        let there = numbers.get(number).expect(answers);
        say(format!("the square of {there} is {}", squares.get(&number.to_string()).expect(answers)));
    }
    say(format!("the square of 4: {}", squares.get("4").expect_err("nobody has put it there")));
    say(format!("number 4: {}", numbers.get(4).expect_err("there are 4 numbers")));
    let popped = (numbers.pop().expect(answers), numbers.pop().expect(answers));
    say(format!("popped {}, then {}: {} numbers", popped.0, popped.1, numbers.len().expect(answers)));
    let removed = squares.remove("3").expect(answers);
    say(format!("took out {removed}: {} squares", squares.len().expect(answers)));
    counts.insert("n", 0).expect(answers);
    let (one, other) = (counts.get("n").expect(answers), counts.get("n").expect(answers));
    counts.insert("n", one + 1).expect(answers);
    counts.insert("n", other + 1).expect(answers);
    say(format!("two read {one}, and each put back 1 more: {}", counts.get("n").expect(answers)));
    drop(manager);
    if numbers.len().is_err() {
        say("the manager has gone".into());
    }
    text
}
