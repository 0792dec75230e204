//! What operations cost, against the reference.
//!
//! In processor time: a round trip is little work and some waiting for a turn, and how long a turn is waited for is the
//! machine's doing.

use harness::{connect_to, listen_at, unused_name, workload};
use std::io;
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use subject::{Client, serve};

struct Server {
    name: String,
    owner: UnixStream,
    thread: JoinHandle<io::Result<()>>,
}

fn server() -> Server {
    let name = unused_name("manager");
    let listener = listen_at(&name);
    let (owner, theirs) = UnixStream::pair().expect("the system has room for a socket pair");
    Server { name, owner, thread: std::thread::spawn(move || serve(theirs, listener)) }
}

impl Server {
    fn client(&self) -> Client {
        Client::over(connect_to(&self.name).expect("the server can be reached"))
    }

    fn end(self) {
        drop(self.owner);
        self.thread.join().expect("the server does not panic").expect("the listener does not fail");
    }
}

/// Keys of the length that paths and addresses have: who makes a system call for every byte is noticed.
const KEYS: [&str; 3] = [
    "/var/lib/manager/numbers/of/the/first/department/in/a/file/of/its/own",
    "/var/lib/manager/numbers/of/the/second/department/in/a/file/of/its/own",
    "/var/lib/manager/numbers/of/the/third/department/in/a/file/of/its/own",
];

/// Operations on a dictionary and a list, and back.
fn work(client: &Client, name: &str, rounds: u64) -> u64 {
    let (dict, list) = (client.dict(name), client.list(name));
    let mut checksum = 0;
    for round in 0..rounds {
        let key = KEYS[round as usize % KEYS.len()];
        let before = dict.insert(key, round as i64).expect("the server answers");
        list.push(before.unwrap_or(-1)).expect("the server answers");
        let there = list.get(round as usize / 2).expect("the server answers");
        checksum = checksum * 31 % 1_000_003 + (there + 1) as u64;
    }
    checksum
}

/// One client works on a dictionary and a list.
#[workload(cpu)]
fn round_trips(n: u64) -> u64 {
    let server = server();
    let client = server.client();
    let checksum = work(&client, "the dictionary and the list of the only client", n * 8);
    server.end();
    checksum
}

/// Eight clients work at once, each on a dictionary and a list of its own.
#[workload(cpu)]
fn many_clients(n: u64) -> u64 {
    let server = server();
    let clients = (0..8).map(|number| {
        let client = server.client();
        std::thread::spawn(move || work(&client, &format!("the dictionary and the list of client {number}"), n * 2))
    });
    let clients: Vec<_> = clients.collect();
    let checksum = clients.into_iter().map(|client| client.join().expect("a client gets to its end")).sum();
    server.end();
    checksum
}
