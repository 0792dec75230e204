//! The article's Value and Array: four processes add to one number under its lock, and each sets a number of its own.

use harness::{peer, peer_command};
use std::fmt::Write as _;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use subject::{SharedArray, SharedValue};

/// A worker's index, told through the environment as a Python program tells it through an argument.
const INDEX: &str = "INDEX";

/// A part gets its standard input as a stream, whatever it is. Here it is the memory itself.
#[peer]
fn adds(memory: UnixStream) {
    let counter = SharedValue::from_fd(OwnedFd::from(memory)).expect("the parent's descriptor");
    for _ in 0..1000 {
        let mut guard = counter.lock().expect("nobody dies");
        guard.set(guard.get() + 1);
    }
}

#[peer]
fn squares(memory: UnixStream) {
    let squares = SharedArray::from_fd(OwnedFd::from(memory)).expect("the parent's descriptor");
    let index: usize = std::env::var(INDEX).ok().and_then(|text| text.parse().ok()).expect("the parent says which");
    squares.lock().expect("nobody dies")[index] = (index * index) as i32;
}

/// Runs four processes of one part, all with the same memory as standard input.
fn four(part: &str, memory: impl Fn() -> std::io::Result<OwnedFd>) {
    let start = |index: usize| {
        let mut command = peer_command(part);
        command.env(INDEX, index.to_string()).stdin(Stdio::from(memory().expect("descriptor() succeeds")));
        command.stderr(Stdio::piped()).spawn().expect("the system has room for one more process")
    };
    let children: Vec<_> = (0..4).map(start).collect();
    for mut child in children {
        let mut words = String::new();
        let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut words));
        let status = child.wait().expect("a child can be waited for");
        assert!(status.success(), "a worker failed: {words}");
    }
}

#[harness::transcript]
fn transcript() -> String {
    let mut text = String::new();
    let mut say = |line: String| writeln!(text, "{line}").expect("a string takes everything");
    let counter = SharedValue::new(0).expect("the system has room for a little memory");
    let array = SharedArray::new(&[0; 4]).expect("the system has room for a little memory");
    say(format!("counter: {}", counter.load()));
    four("adds", || counter.descriptor());
    say(format!("counter: {}", counter.load()));
    four("squares", || array.descriptor());
    say(format!("squares: {:?}", &array.lock().expect("nobody dies")[..]));
    array.lock().expect("nobody dies").reverse();
    say(format!("reversed: {:?}", &array.lock().expect("nobody dies")[..]));
    four("adds", || counter.descriptor());
    say(format!("counter: {}", counter.load()));
    text
}
