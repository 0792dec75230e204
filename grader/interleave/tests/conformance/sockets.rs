//! What only an explorer can say of sockets: which outcomes there are at all, what ends in a deadlock, what is ordered, and
//! what leads out of the program.

use super::schedules::{failure, outcomes, races};
use interleave::engine::{FailureKind, Limits, Plan, explore};
use interleave::net::Shutdown;
use interleave::os::fd::{AsFd, AsRawFd, OwnedFd};
use interleave::os::linux::net::SocketAddrExt;
use interleave::os::unix::net::{BUFFER, SocketAddr, UnixListener, UnixStream};
use interleave::os::unix::process::CommandExt;
use interleave::process::{self, ChildStdout, Command};
use interleave::sync::{Arc, Mutex, mpsc};
use interleave::thread;
use interleave::time::{Duration, Instant};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};

fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}

#[test]
fn two_who_write_too_much_before_they_read_deadlock() {
    let with = |count: usize| {
        failure(move || {
            let (mut left, mut right) = pair();
            let say_and_listen = move |stream: &mut UnixStream| {
                stream.write_all(&vec![1; count]).unwrap();
                stream.read_exact(&mut vec![0; count]).unwrap();
            };
            let other = thread::spawn(move || say_and_listen(&mut right));
            say_and_listen(&mut left);
            other.join().unwrap();
        })
    };
    assert_eq!((with(BUFFER), with(BUFFER + 1)), (None, Some(FailureKind::Deadlock)));
}

#[test]
fn a_deadlock_says_who_waits_for_what() {
    let exploration = explore(&Plan::usual(20, 20_000, Limits::default()), || {
        let (left, mut right) = pair();
        let writer = thread::spawn(move || (&left).write_all(&[0; BUFFER + 1]).unwrap());
        writer.join().unwrap();
        right.read_exact(&mut [0; BUFFER + 1]).unwrap();
    });
    let found = exploration.found.expect("nobody reads before the writer is done");
    let stuck: Vec<_> = found.failure.stuck.iter().map(|stuck| (stuck.task.0, stuck.wait.operation)).collect();
    assert_eq!((found.failure.kind, stuck), (FailureKind::Deadlock, vec![(0, "join"), (1, "write")]));
    let own = found.failure.stuck.iter().all(|stuck| stuck.wait.at.file().ends_with("sockets.rs"));
    assert!(own, "places are the program's own: {:#?}", found.failure);
}

#[test]
fn a_clone_that_is_kept_keeps_the_reader_waiting() {
    let with = |keeps: bool| {
        failure(move || {
            let (left, mut right) = pair();
            let kept = keeps.then(|| left.try_clone().unwrap());
            let writer = thread::spawn(move || (&left).write_all(b"all").unwrap());
            assert_eq!(right.read_to_end(&mut Vec::new()).unwrap(), 3);
            writer.join().unwrap();
            drop(kept);
        })
    };
    assert_eq!((with(false), with(true)), (None, Some(FailureKind::Deadlock)));
}

#[test]
fn a_reader_nobody_writes_to_is_left_behind() {
    let kind = failure(|| {
        let (left, mut right) = pair();
        let reader = thread::spawn(move || right.read(&mut [0]).unwrap());
        std::mem::forget((left, reader));
    });
    assert_eq!(kind, Some(FailureKind::Leak));
}

#[test]
fn accepting_from_nobody_deadlocks() {
    let kind = failure(|| _ = UnixListener::bind("/nobody").unwrap().accept());
    assert_eq!(kind, Some(FailureKind::Deadlock));
}

#[test]
fn a_read_returns_what_has_come_so_far() {
    let counts = outcomes(|| {
        let (mut left, mut right) = pair();
        let writer = thread::spawn(move || {
            left.write_all(b"one").unwrap();
            left.write_all(b"three").unwrap();
        });
        let count = right.read(&mut [0; 16]).unwrap();
        writer.join().unwrap();
        count
    });
    assert_eq!(counts, BTreeSet::from([3, 8]));
}

#[test]
fn a_write_takes_what_there_is_room_for() {
    let counts = outcomes(|| {
        let (mut left, mut right) = pair();
        left.write_all(&[0; BUFFER - 2]).unwrap();
        let reader = thread::spawn(move || {
            let _ = right.read(&mut [0; 3]).unwrap();
            right
        });
        let count = left.write(&[0; 9]).unwrap();
        drop(reader.join().unwrap());
        count
    });
    assert_eq!(counts, BTreeSet::from([2, 5]));
}

#[test]
fn frames_in_two_parts_mix_and_those_under_a_lock_do_not() {
    let with = |locks: bool| {
        outcomes(move || {
            let (left, mut right) = pair();
            let left = Arc::new(Mutex::new(left));
            let send = move |stream: &Mutex<UnixStream>, name: u8| {
                let held = stream.lock().unwrap();
                let stream = held.try_clone().unwrap();
                let held = locks.then_some(held);
                (&stream).write_all(&[name]).unwrap();
                (&stream).write_all(&[name]).unwrap();
                drop(held);
            };
            let theirs = Arc::clone(&left);
            let other = thread::spawn(move || send(&theirs, b'b'));
            send(&left, b'a');
            other.join().unwrap();
            let mut wire = [0; 4];
            right.read_exact(&mut wire).unwrap();
            String::from_utf8(wire.to_vec()).unwrap()
        })
    };
    let text = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(with(true), text(&["aabb", "bbaa"]));
    assert_eq!(with(false), text(&["aabb", "bbaa", "abab", "abba", "baab", "baba"]));
}

#[test]
fn a_writer_to_an_end_that_goes_sees_it_as_it_happens() {
    let kinds = outcomes(|| {
        let (mut left, right) = pair();
        let other = thread::spawn(move || drop(right));
        let error = left.write_all(&[0; BUFFER + 1]).unwrap_err();
        other.join().unwrap();
        error.kind()
    });
    // Before anything was written, or while the writer waits.
    assert_eq!(kinds, BTreeSet::from([ErrorKind::BrokenPipe, ErrorKind::ConnectionReset]));
}

#[test]
fn a_shutdown_comes_before_or_after_a_write() {
    let results = outcomes(|| {
        let (left, mut right) = pair();
        let theirs = left.try_clone().unwrap();
        let other = thread::spawn(move || theirs.shutdown(Shutdown::Write).unwrap());
        let written = (&left).write(b"x").is_ok();
        other.join().unwrap();
        (written, right.read_to_end(&mut Vec::new()).unwrap())
    });
    assert_eq!(results, BTreeSet::from([(false, 0), (true, 1)]));
}

#[test]
fn a_time_out_is_virtual_and_only_if_nothing_comes() {
    let results = outcomes(|| {
        let (mut left, mut right) = pair();
        right.set_read_timeout(Some(Duration::from_secs(3600))).unwrap();
        let begun = Instant::now();
        let none = right.read(&mut [0]).unwrap_err().kind();
        let waited = begun.elapsed();
        let writer = thread::spawn(move || left.write_all(b"x").unwrap());
        let some = right.read(&mut [0]).unwrap();
        writer.join().unwrap();
        (none, waited, some)
    });
    assert_eq!(results, BTreeSet::from([(ErrorKind::WouldBlock, Duration::from_secs(3600), 1)]));
}

#[test]
fn a_client_may_come_too_early() {
    let name = || SocketAddr::from_abstract_name("early").unwrap();
    let results = outcomes(move || {
        let server = thread::spawn(move || UnixListener::bind_addr(&name()).unwrap());
        let early = UnixStream::connect_addr(&name());
        drop(server.join().unwrap());
        early.map(drop).map_err(|error| error.kind())
    });
    assert_eq!(results, BTreeSet::from([Ok(()), Err(ErrorKind::ConnectionRefused)]));
}

#[test]
fn names_begin_anew_in_each_execution() {
    let results = outcomes(|| {
        let listener = UnixListener::bind("/the-same").unwrap();
        let client = UnixStream::connect("/the-same").unwrap();
        let (server, _) = listener.accept().unwrap();
        drop((listener, client, server));
        // The file is still there.
        let again = UnixListener::bind("/the-same").unwrap_err().kind();
        (again, UnixStream::connect("/the-same").unwrap_err().kind())
    });
    assert_eq!(results, BTreeSet::from([(ErrorKind::AddrInUse, ErrorKind::ConnectionRefused)]));
}

#[test]
fn what_is_written_orders() {
    let by = |hand_over: fn(&UnixStream), take: fn(&UnixStream)| {
        races(move |write, read| {
            let (left, right) = pair();
            let other = thread::spawn(move || {
                write();
                hand_over(&left);
                left
            });
            take(&right);
            read();
            drop(other.join().unwrap());
        })
    };
    let end = |stream: &UnixStream| _ = { stream }.read_to_end(&mut Vec::new());
    assert!(!by(|mut stream| stream.write_all(b"x").unwrap(), |mut stream| stream.read_exact(&mut [0]).unwrap()));
    assert!(!by(|stream| stream.shutdown(Shutdown::Write).unwrap(), end));
    // It may look before anything has come.
    let polls = |stream: &UnixStream| {
        stream.set_nonblocking(true).unwrap();
        let _ = { stream }.read_exact(&mut [0]);
    };
    assert!(by(|mut stream| stream.write_all(b"x").unwrap(), polls));
}

#[test]
fn dropping_orders() {
    assert!(!races(|write, read| {
        let (left, mut right) = pair();
        let other = thread::spawn(move || {
            write();
            drop(left);
        });
        assert_eq!(right.read(&mut [0]).unwrap(), 0);
        read();
        other.join().unwrap();
    }));
}

#[test]
fn making_room_orders_only_those_who_need_it() {
    let with = |count: usize| {
        races(move |write, read| {
            let (mut left, mut right) = pair();
            left.write_all(&[0; BUFFER]).unwrap();
            let other = thread::spawn(move || {
                write();
                right.read_exact(&mut [0; BUFFER]).unwrap();
                right
            });
            left.write_all(&vec![0; count]).unwrap();
            read();
            drop(other.join().unwrap());
        })
    };
    assert_eq!((with(0), with(1)), (true, false));
}

#[test]
fn connecting_orders() {
    let reply = |answers: bool| {
        races(move |write, read| {
            let listener = UnixListener::bind("/ordered").unwrap();
            let (done, is_done) = mpsc::channel();
            let client = thread::spawn(move || {
                write();
                let stream = UnixStream::connect("/ordered").unwrap();
                if answers {
                    is_done.recv().unwrap();
                }
                stream
            });
            let accepted = listener.accept().unwrap();
            read();
            let _ = done.send(());
            drop((client.join().unwrap(), accepted));
        })
    };
    assert_eq!((reply(false), reply(true)), (false, false));
}

#[test]
fn an_end_that_an_abandoned_execution_left_goes_without_a_word() {
    for _ in 0..2 {
        let kind = failure(|| {
            let listener = UnixListener::bind("/abandoned").unwrap();
            let _client = UnixStream::connect("/abandoned").unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let _another = UnixStream::connect("/abandoned").unwrap();
            server.read_exact(&mut [0]).unwrap();
        });
        assert_eq!(kind, Some(FailureKind::Deadlock));
    }
}

#[test]
fn what_leads_out_of_the_program_is_told_with_its_place() {
    let programs: [(fn(), &str); 11] = [
        (|| _ = Command::new("date").spawn(), "a process is started"),
        (|| _ = Command::new("date").status(), "a process is started"),
        (|| _ = Command::new("date").output(), "a process is started"),
        (|| _ = Command::new("date").exec(), "becomes another program"),
        (|| process::exit(0), "the process is ended"),
        (|| process::abort(), "the process is ended"),
        (|| _ = interleave::os::unix::process::parent_id(), "the parent of the process"),
        (|| _ = pair().0.as_raw_fd(), "the number of a descriptor"),
        (|| _ = OwnedFd::from(std::io::pipe().unwrap().0), "a descriptor of the real process"),
        (|| _ = ChildStdout::from(OwnedFd::from(pair().0)), "taken for the pipe of a process"),
        (|| _ = std::io::stdin().as_fd().try_clone_to_owned(), "a descriptor of the real process"),
    ];
    for (program, said) in programs {
        let exploration = explore(&Plan::usual(10, 10_000, Limits::default()), move || {
            // Neither another thread nor a caught panic makes a difference.
            let thread = thread::spawn(move || _ = interleave::panic::catch_unwind(program));
            thread.join().unwrap();
        });
        let failure = exploration.found.expect(said).failure;
        assert!(failure.kind == FailureKind::Unexplorable && failure.message.contains(said), "{failure:?}");
        assert!(failure.at.is_some_and(|at| at.file().ends_with("sockets.rs")), "{failure:?}");
    }
}

#[test]
fn a_command_that_is_never_run_is_harmless() {
    let kind = failure(|| {
        let mut command = Command::new("never-run");
        // SAFETY: it is never run.
        unsafe { command.pre_exec(|| Ok(())) };
        assert_eq!(format!("{command:?}"), "\"never-run\"");
        assert_eq!(process::id(), process::id());
    });
    assert_eq!(kind, None);
}
