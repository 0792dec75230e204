//! The parts that other processes play, and how they are started and told the address of the server.

use super::server::connect;
use harness::{Peer, connect_to, listen_at, peer, peer_command, start_peer};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use subject::ManagerError::Changed;
use subject::{Client, Manager, serve};

/// Where the name of an abstract address is told to a process.
const ADDRESS: &str = "MANAGER_ADDRESS";

/// Adds 1 to a key so many times.
fn add(client: &Client, key: &str, times: usize) {
    let counts = client.dict("counts");
    for _ in 0..times {
        let mut expected = None;
        while let Err(error) = counts.update(key, expected, expected.unwrap_or(0) + 1) {
            expected = match error {
                Changed(actual) => actual,
                error => panic!("an update: {error:?}"),
            };
        }
    }
}

/// A server process. When somebody writes to its second address, it dies.
#[peer]
fn server_process(stream: UnixStream) {
    let name = std::env::var(ADDRESS).expect("the fact tells the address");
    let own = listen_at(&name);
    if let Ok(mut fate) = connect_to(&format!("{name}-fate")) {
        std::thread::spawn(move || {
            if fate.read(&mut [0]).is_ok_and(|count| count > 0) {
                std::process::abort();
            }
        });
    }
    serve(stream, own).expect("the listener does not fail");
}

/// A process that adds 1 to a key 500 times, beginning when it is told to, and says when it is ready and when it is done.
#[peer]
fn adding_process(mut stream: UnixStream) {
    let client = Client::over(connect(&told(&mut stream)));
    stream.read_exact(&mut [0]).expect("the fact says when to begin");
    add(&client, "key", 500);
    stream.write_all(&[1]).expect("the fact listens");
}

/// A process that owns a server, and says so, and whether an operation works.
#[peer]
fn owning_process(mut stream: UnixStream) {
    let manager = Manager::start(server_command(&told(&mut stream))).expect("the server starts");
    let works = manager.client().list("l").push(1).is_ok();
    stream.write_all(&[u8::from(works)]).expect("the fact listens");
    let _ = stream.read(&mut [0]);
}

/// No server: it ends at once.
#[peer]
fn ending_process(_stream: UnixStream) {}

/// No server: it answers nonsense, and does not end when its standard input does.
#[peer]
fn nonsense_process(mut stream: UnixStream) {
    let _ = stream.read(&mut [0; 1024]);
    let _ = stream.write_all(&[0xFF; 8]);
    loop {
        std::thread::park();
    }
}

/// Starts a peer and tells it the address of the server.
pub(super) fn start_worker(part: &str, name: &str) -> (Peer, UnixStream) {
    let (peer, mut stream) = start_peer(part);
    let told = [&[name.len() as u8], name.as_bytes()].concat();
    stream.write_all(&told).expect("the worker listens");
    (peer, stream)
}

fn told(stream: &mut UnixStream) -> String {
    let mut len = [0];
    stream.read_exact(&mut len).expect("the fact tells the address");
    let mut name = vec![0; usize::from(len[0])];
    stream.read_exact(&mut name).expect("the fact tells the address");
    String::from_utf8(name).expect("the address is text")
}

pub(super) fn server_command(name: &str) -> Command {
    let mut command = peer_command("server_process");
    command.env(ADDRESS, name);
    command
}
