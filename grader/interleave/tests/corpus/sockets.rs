//! What goes wrong over sockets: framing, ends, and who waits for whom. The stories are those of every first server; Stevens, "UNIX
//! Network Programming", has most of them.

use super::bug::{Bug, Version, bug};
use super::platform::net::Shutdown;
use super::platform::os::linux::net::SocketAddrExt;
use super::platform::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use super::platform::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::platform::sync::{Arc, Mutex};
use super::platform::thread;
use super::platform::tracked::Tracked;
use Ordering::SeqCst;
use interleave::engine::FailureKind::{Deadlock, Panic, Race};
use std::io::{Read, Write};

corpus! {
    "socket";
    both_write_first: bug("two peers that write more than fits before they read", Deadlock);
    early_signal: bug("a byte that announces what is not there yet", Race);
    kept_clone: bug("a clone of the writing end, kept", Deadlock);
    one_at_a_time: bug("a server that serves one client to its end", Deadlock);
    short_read: bug("one read taken for a message", Panic);
    stop_flag: bug("a flag that a waiting reader does not see", Deadlock);
    torn_frame: bug("two writers, and a frame in two writes", Panic);
}

/// More bytes than an explored socket holds.
const MORE_THAN_FITS: usize = 80;

fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}

/// Each waits until the other one reads. Enough of a buffer hides it until a message is longer.
pub(crate) fn both_write_first(version: Version) {
    let (left, right) = pair();
    let exchange = |stream: &UnixStream| {
        let write = || (&mut { stream }).write_all(&[1; MORE_THAN_FITS]).unwrap();
        let read = || (&mut { stream }).read_exact(&mut [0; MORE_THAN_FITS]).unwrap();
        if version.is_mended() {
            thread::scope(|scope| {
                scope.spawn(write);
                read();
            });
        } else {
            write();
            read();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| exchange(&left));
        exchange(&right);
    });
}

/// The reader goes to look when the byte comes.
pub(crate) fn early_signal(version: Version) {
    let (mut left, mut right) = pair();
    let value = Arc::new(Tracked::new(0));
    let theirs = Arc::clone(&value);
    let writer = thread::spawn(move || {
        if version.is_mended() {
            theirs.set(1);
        }
        left.write_all(b"!").unwrap();
        if !version.is_mended() {
            theirs.set(1);
        }
    });
    right.read_exact(&mut [0]).unwrap();
    let _ = value.get();
    writer.join().unwrap();
}

/// The end of a stream comes with the last descriptor of its other end, and one is kept to read the answer.
pub(crate) fn kept_clone(version: Version) {
    let (client, mut server) = pair();
    let counts = thread::spawn(move || {
        let mut all = Vec::new();
        server.read_to_end(&mut all).unwrap();
        server.write_all(&[all.len() as u8]).unwrap();
    });
    let mut writer = client.try_clone().unwrap();
    writer.write_all(b"four").unwrap();
    if version.is_mended() {
        writer.shutdown(Shutdown::Write).unwrap();
    }
    drop(writer);
    let mut answer = [0];
    (&client).read_exact(&mut answer).unwrap();
    assert_eq!(answer, [4]);
    counts.join().unwrap();
}

/// The first client only goes when the second one has been answered.
pub(crate) fn one_at_a_time(version: Version) {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let name = format!("one-at-a-time-{}-{}", std::process::id(), RUNS.fetch_add(1, SeqCst));
    let address = SocketAddr::from_abstract_name(name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let serve = |mut stream: UnixStream| {
        let mut byte = [0];
        while stream.read(&mut byte).unwrap() > 0 {
            stream.write_all(&byte).unwrap();
        }
    };
    let ask = |client: &mut UnixStream| {
        client.write_all(b"?").unwrap();
        client.read_exact(&mut [0]).unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let (first, _) = listener.accept().unwrap();
            if version.is_mended() {
                scope.spawn(move || serve(first));
            } else {
                serve(first);
            }
            serve(listener.accept().unwrap().0);
        });
        let mut first = UnixStream::connect_addr(&address).unwrap();
        ask(&mut first);
        let mut second = UnixStream::connect_addr(&address).unwrap();
        ask(&mut second);
    });
}

/// A read returns what has come.
pub(crate) fn short_read(version: Version) {
    let (mut left, mut right) = pair();
    let writer = thread::spawn(move || {
        left.write_all(b"he").unwrap();
        left.write_all(b"llo").unwrap();
    });
    let mut message = [0; 5];
    if version.is_mended() {
        right.read_exact(&mut message).unwrap();
    } else {
        let _ = right.read(&mut message).unwrap();
    }
    assert_eq!(&message, b"hello");
    writer.join().unwrap();
}

/// The reader asks the flag, and waits for a message that never comes.
pub(crate) fn stop_flag(version: Version) {
    let (left, right) = pair();
    let stops = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&stops);
    let reader = thread::spawn(move || while !theirs.load(SeqCst) && (&right).read(&mut [0]).unwrap() > 0 {});
    stops.store(true, SeqCst);
    if version.is_mended() {
        left.shutdown(Shutdown::Write).unwrap();
    }
    reader.join().unwrap();
}

/// Between a header and its payload there is room for another writer.
pub(crate) fn torn_frame(version: Version) {
    let (left, mut right) = pair();
    let turn = Mutex::new(());
    let send = |payload: &[u8]| {
        let _held = version.is_mended().then(|| turn.lock().unwrap());
        (&left).write_all(&[payload.len() as u8]).unwrap();
        (&left).write_all(payload).unwrap();
    };
    thread::scope(|scope| {
        scope.spawn(|| send(b"one"));
        scope.spawn(|| send(b"three"));
        for _ in 0..2 {
            let mut header = [0];
            right.read_exact(&mut header).unwrap();
            let mut payload = vec![0; usize::from(header[0])];
            assert!(payload.len() < 8, "a payload was taken for a header");
            right.read_exact(&mut payload).unwrap();
            assert!(payload == b"one" || payload == b"three", "a frame is torn");
        }
    });
}
