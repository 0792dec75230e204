use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// What an operation came to, as a person and as a program sees it.
fn told<T>(result: io::Result<T>) -> Told<T> {
    result.map_err(|error| (error.kind(), error.to_string()))
}

/// A name that no other test of this process and no other process has.
fn unused() -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    SocketAddr::from_abstract_name(format!("conformance-{}-{count}", std::process::id())).unwrap()
}

type Told<T> = Result<T, (io::ErrorKind, String)>;

/// Writes until there is no room.
fn fill(stream: &mut UnixStream) -> Told<usize> {
    loop {
        told(stream.write(&[7; 1000]))?;
    }
}

pub(super) fn bytes_arrive_in_order() -> (Vec<u8>, Vec<u8>) {
    let (mut left, mut right) = UnixStream::pair().unwrap();
    let thread = thread::spawn(move || {
        left.write_all(b"to the right").unwrap();
        let mut answer = [0; 11];
        left.read_exact(&mut answer).unwrap();
        answer.to_vec()
    });
    let mut question = [0; 12];
    right.read_exact(&mut question).unwrap();
    right.write_all(b"to the left").unwrap();
    (question.to_vec(), thread.join().unwrap())
}

pub(super) fn more_than_any_buffer_gets_through() -> (usize, u64) {
    let (mut left, mut right) = UnixStream::pair().unwrap();
    let thread = thread::spawn(move || left.write_all(&(0..=255).collect::<Vec<u8>>()).unwrap());
    let mut all = Vec::new();
    let count = right.read_to_end(&mut all).unwrap();
    thread.join().unwrap();
    (count, all.iter().map(|byte| u64::from(*byte)).sum())
}

pub(super) fn writes_are_not_kept_apart() -> (Vec<usize>, Vec<u8>) {
    let (left, mut right) = UnixStream::pair().unwrap();
    let written = vec![
        (&left).write(b"one").unwrap(),
        (&left).write(b"").unwrap(),
        (&left).write_vectored(&[IoSlice::new(b"two"), IoSlice::new(b"three")]).unwrap(),
    ];
    (&left).flush().unwrap();
    let mut all = [0; 32];
    let count = right.read(&mut all).unwrap();
    (written, all[..count].to_vec())
}

pub(super) fn lines_and_text() -> (Vec<String>, String) {
    let (mut left, right) = UnixStream::pair().unwrap();
    let thread = thread::spawn(move || {
        writeln!(left, "{} and {}", 1, 2).unwrap();
        write!(left, "3\nrest").unwrap();
    });
    let mut reader = BufReader::new(right);
    let mut lines = vec![String::new(), String::new()];
    for line in &mut lines {
        reader.read_line(line).unwrap();
    }
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    thread.join().unwrap();
    (lines, rest)
}

pub(super) fn a_dropped_end_is_the_end() -> (Vec<Told<usize>>, Told<usize>, Told<()>) {
    let (mut left, mut right) = UnixStream::pair().unwrap();
    left.write_all(b"last words").unwrap();
    drop(left);
    let mut bytes = [0; 4];
    let reads = (0..5).map(|_| told(right.read(&mut bytes))).collect();
    (reads, told(right.write(b"?")), told(right.read_exact(&mut bytes)))
}

pub(super) fn an_end_dropped_with_bytes_unread_is_reset() -> (Vec<Told<usize>>, Told<usize>, bool, bool) {
    let (left, mut right) = UnixStream::pair().unwrap();
    right.write_all(b"never read").unwrap();
    (&left).write_all(b"last words").unwrap();
    drop(left);
    let written = told(right.write(b"?"));
    let mut bytes = [0; 16];
    let reads = (0..4).map(|_| told(right.read(&mut bytes))).collect();
    let (left, right) = UnixStream::pair().unwrap();
    (&right).write_all(b"never read").unwrap();
    drop(left);
    let error = right.take_error().unwrap();
    (reads, written, error.is_some(), right.take_error().unwrap().is_some())
}

pub(super) fn a_waiting_reader_is_told_of_the_end() -> Told<usize> {
    let (left, mut right) = UnixStream::pair().unwrap();
    let thread = thread::spawn(move || told(right.read(&mut [0; 4])));
    drop(left);
    thread.join().unwrap()
}

pub(super) fn a_waiting_writer_is_told_of_the_end() -> bool {
    let (mut left, right) = UnixStream::pair().unwrap();
    let thread = thread::spawn(move || {
        loop {
            told(left.write_all(&[0; 1000]))?;
        }
    });
    drop(right);
    // Whether it is a broken pipe or a reset depends on who was first.
    let result: Told<()> = thread.join().unwrap();
    result.is_err()
}

pub(super) fn an_end_is_closed_with_its_last_clone() -> (Told<usize>, Vec<Told<usize>>) {
    let (left, mut right) = UnixStream::pair().unwrap();
    let mut clone = left.try_clone().unwrap();
    drop(left);
    let written = told(clone.write(b"x"));
    drop(clone);
    (written, (0..2).map(|_| told(right.read(&mut [0; 4]))).collect())
}

pub(super) fn shutting_down_for_writing() -> (Told<usize>, Vec<Told<usize>>, Told<usize>, Told<usize>) {
    let (mut left, mut right) = UnixStream::pair().unwrap();
    left.write_all(b"all").unwrap();
    left.try_clone().unwrap().shutdown(Shutdown::Write).unwrap();
    let reads = (0..2).map(|_| told(right.read(&mut [0; 8]))).collect();
    let back = told(right.write(b"back"));
    (told(left.write(b"more")), reads, back, told(left.read(&mut [0; 8])))
}

pub(super) fn shutting_down_for_reading() -> (Vec<Told<usize>>, Told<usize>, Told<usize>, Told<usize>) {
    let (mut left, mut right) = UnixStream::pair().unwrap();
    right.write_all(b"early").unwrap();
    left.shutdown(Shutdown::Read).unwrap();
    let written = told(right.write(b"late"));
    let reads = (0..2).map(|_| told(left.read(&mut [0; 8]))).collect();
    (reads, written, told(left.write(b"out")), told(right.read(&mut [0; 8])))
}

pub(super) fn shutting_down_lets_everybody_go() -> (Told<usize>, Told<usize>, Vec<Told<()>>) {
    let (left, right) = UnixStream::pair().unwrap();
    let waits = |stream: &UnixStream| {
        let mut stream = stream.try_clone().unwrap();
        thread::spawn(move || told(stream.read(&mut [0; 4])))
    };
    let threads = [waits(&left), waits(&right)];
    let shut = (0..2).map(|_| told(left.shutdown(Shutdown::Both))).collect();
    let [one, other] = threads.map(|thread| thread.join().unwrap());
    drop(right);
    (one, other, shut)
}

pub(super) fn who_does_not_wait_is_told() -> (Vec<Told<usize>>, bool) {
    let (mut left, right) = UnixStream::pair().unwrap();
    left.try_clone().unwrap().set_nonblocking(true).unwrap();
    let mut results = vec![told(left.read(&mut [0; 4]))];
    results.push(fill(&mut left));
    left.set_nonblocking(false).unwrap();
    (&right).write_all(b"now").unwrap();
    results.push(told(left.read(&mut [0; 4])));
    (results, (&right).read(&mut [0; 4]).is_ok())
}

pub(super) fn time_outs_end_waits() -> (Vec<Told<usize>>, String, [Told<()>; 2]) {
    let (mut left, right) = UnixStream::pair().unwrap();
    let moment = Duration::from_millis(8);
    left.set_read_timeout(Some(moment)).unwrap();
    left.set_write_timeout(Some(moment)).unwrap();
    let mut results = vec![told(left.read(&mut [0; 4]))];
    results.push(fill(&mut left));
    (&right).write_all(b"x").unwrap();
    results.push(told(left.read(&mut [0; 4])));
    let times = [left.read_timeout(), left.write_timeout(), right.read_timeout(), right.write_timeout()];
    let nothing = [left.set_read_timeout(Some(Duration::ZERO)), left.set_write_timeout(Some(Duration::ZERO))];
    let times = format!("{:?}", times.map(|time| time.unwrap()));
    left.set_read_timeout(None).unwrap();
    drop(right);
    results.push(told(left.read(&mut [0; 4])).map_err(|(kind, _)| (kind, String::new())));
    (results, times, nothing.map(told))
}

pub(super) fn connections_are_accepted() -> (Vec<u8>, Vec<u8>, bool, bool) {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let theirs = address.clone();
    let client = thread::spawn(move || {
        let mut stream = UnixStream::connect_addr(&theirs).unwrap();
        stream.write_all(b"hello").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    });
    let (mut stream, from) = listener.accept().unwrap();
    let mut question = Vec::new();
    stream.read_to_end(&mut question).unwrap();
    stream.write_all(b"good bye").unwrap();
    drop(stream);
    let same = listener.local_addr().unwrap().as_abstract_name() == address.as_abstract_name();
    (question, client.join().unwrap(), from.is_unnamed(), same)
}

pub(super) fn connections_come_in_their_order() -> Vec<u8> {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let clients: Vec<UnixStream> = (0..3).map(|_| UnixStream::connect_addr(&address).unwrap()).collect();
    for (number, mut client) in clients.iter().enumerate() {
        client.write_all(&[number as u8]).unwrap();
    }
    let mut numbers = Vec::new();
    for stream in listener.incoming().take(2).chain((&listener).into_iter().take(1)) {
        let mut number = [0];
        stream.unwrap().read_exact(&mut number).unwrap();
        numbers.extend(number);
    }
    numbers
}

pub(super) fn names_are_taken_once() -> (Told<()>, Told<()>, Told<()>, Told<()>) {
    let address = unused();
    let none = told(UnixStream::connect_addr(&address).map(drop));
    let listener = UnixListener::bind_addr(&address).unwrap();
    let taken = told(UnixListener::bind_addr(&address).map(drop));
    let clone = listener.try_clone().unwrap();
    drop(listener);
    let still = told(UnixStream::connect_addr(&address).map(drop));
    drop(clone);
    (none, taken, still, told(UnixListener::bind_addr(&address).map(drop)))
}

pub(super) fn nobody_listens() -> (Told<()>, Told<()>, Told<()>) {
    let path = format!("/nowhere/conformance-{}", std::process::id());
    let none = told(UnixStream::connect(&path).map(drop));
    let long = told(UnixStream::connect("x".repeat(200)).map(drop));
    (none, long, told(UnixListener::bind("\0").map(drop)).map_err(|(kind, _)| (kind, String::new())))
}

pub(super) fn connections_that_nobody_accepts_are_reset() -> (Vec<Told<usize>>, Told<usize>) {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let mut stream = UnixStream::connect_addr(&address).unwrap();
    drop(listener);
    let written = told(stream.write(b"?"));
    ((0..2).map(|_| told(stream.read(&mut [0; 4]))).collect(), written)
}

pub(super) fn a_listener_need_not_wait() -> (Told<()>, bool, bool) {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let none = told(listener.accept().map(drop));
    let _stream = UnixStream::connect_addr(&address).unwrap();
    (none, listener.accept().is_ok(), listener.take_error().unwrap().is_none())
}

pub(super) fn descriptors_lead_back() -> (Vec<u8>, bool) {
    use std::os::fd::{AsFd, OwnedFd};
    let (left, mut right) = UnixStream::pair().unwrap();
    let owned = OwnedFd::from(left);
    let borrowed = owned.as_fd().try_clone_to_owned().unwrap();
    let again = owned.try_clone().unwrap();
    drop(owned);
    UnixStream::from(borrowed).write_all(b"one").unwrap();
    UnixStream::from(again).write_all(b"two").unwrap();
    let mut all = Vec::new();
    right.read_to_end(&mut all).unwrap();
    let address = unused();
    let listener = UnixListener::from(OwnedFd::from(UnixListener::bind_addr(&address).unwrap()));
    (all, UnixStream::connect_addr(&address).and_then(|_| listener.accept()).is_ok())
}

/// A stream over a listener's descriptor.
fn stream_over(listener: &UnixListener) -> UnixStream {
    use std::os::fd::AsFd;
    UnixStream::from(listener.as_fd().try_clone_to_owned().unwrap())
}

pub(super) fn descriptors_of_a_listener_are_as_good_as_it() -> (Vec<Told<()>>, Told<()>) {
    use std::os::fd::OwnedFd;
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let stream = stream_over(&listener);
    let owned = OwnedFd::from(listener.try_clone().unwrap());
    drop(listener);
    let listeners = [UnixListener::from(owned.try_clone().unwrap()), UnixListener::from(OwnedFd::from(stream))];
    let accepted = listeners
        .iter()
        .map(|listener| {
            let _client = UnixStream::connect_addr(&address).unwrap();
            told(listener.accept().map(drop))
        })
        .collect();
    drop((owned, listeners));
    (accepted, told(UnixStream::connect_addr(&address).map(drop)))
}

pub(super) fn a_listener_that_is_shut_down_accepts_who_has_come() -> (Told<()>, Vec<Told<()>>, Told<()>) {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let _client = UnixStream::connect_addr(&address).unwrap();
    stream_over(&listener).shutdown(Shutdown::Read).unwrap();
    let late = told(UnixStream::connect_addr(&address).map(drop));
    let accepted = (0..3).map(|_| told(listener.accept().map(drop))).collect();
    listener.set_nonblocking(true).unwrap();
    (late, accepted, told(listener.accept().map(drop)))
}

pub(super) fn a_listener_is_shut_down_through_a_stream() -> (Told<()>, Vec<Told<()>>) {
    let listener = UnixListener::bind_addr(&unused()).unwrap();
    let bell = stream_over(&listener);
    let thread = thread::spawn(move || told(listener.accept().map(drop)));
    let shut = (0..2).map(|_| told(bell.shutdown(Shutdown::Both))).collect();
    (thread.join().unwrap(), shut)
}

pub(super) fn shutting_a_listener_down_for_writing_is_nothing() -> (Told<()>, Told<()>) {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let shut = told(stream_over(&listener).shutdown(Shutdown::Write));
    let _client = UnixStream::connect_addr(&address).unwrap();
    (shut, told(listener.accept().map(drop)))
}

pub(super) fn a_socket_of_the_other_kind_refuses() -> (Vec<Told<usize>>, Vec<Told<()>>, bool) {
    use std::os::fd::OwnedFd;
    let listener = UnixListener::bind_addr(&unused()).unwrap();
    let mut stream = stream_over(&listener);
    let moved = vec![
        told(stream.read(&mut [0; 4])),
        told(stream.read(&mut [])),
        told(stream.write(b"x")),
        told(stream.write(b"")),
    ];
    let (left, right) = UnixStream::pair().unwrap();
    let acceptor = UnixListener::from(OwnedFd::from(left));
    let refused = vec![told(acceptor.accept().map(drop)), told(stream.peer_addr().map(drop))];
    drop(right);
    (moved, refused, acceptor.local_addr().unwrap().is_unnamed())
}

pub(super) fn accepting_can_have_a_time_out() -> (Told<()>, Option<Duration>) {
    let listener = UnixListener::bind_addr(&unused()).unwrap();
    let stream = stream_over(&listener);
    stream.set_read_timeout(Some(Duration::from_millis(8))).unwrap();
    (told(listener.accept().map(drop)), stream_over(&listener).read_timeout().unwrap())
}

pub(super) fn sockets_have_addresses() -> Vec<bool> {
    let address = unused();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = UnixStream::connect_addr(&address).unwrap();
    let (server, _) = listener.accept().unwrap();
    let (left, _right) = UnixStream::pair().unwrap();
    let of = [client.local_addr(), client.peer_addr(), server.local_addr(), server.peer_addr(), left.peer_addr()];
    let named = address.as_abstract_name();
    of.into_iter().flat_map(|of| { let of = of.unwrap(); [of.is_unnamed(), of.as_abstract_name() == named] }).collect()
}

pub(super) fn a_command_holds_what_it_is_given() -> (Vec<Told<usize>>, Vec<String>) {
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};
    let (left, mut right) = UnixStream::pair().unwrap();
    right.set_read_timeout(Some(Duration::from_millis(8))).unwrap();
    let mut command = Command::new("never-run");
    command.arg("one").args(["two", "three"]).env("KEY", "value").stdin(Stdio::from(OwnedFd::from(left)));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut results = vec![told(right.read(&mut [0; 4]))];
    let told_to: Vec<String> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    drop(command);
    results.push(told(right.read(&mut [0; 4])));
    (results, told_to)
}

pub(super) fn what_a_process_leaves_is_a_value() -> (bool, Option<i32>, Option<i32>, String) {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;
    let (ended, killed) = (ExitStatus::from_raw(3 << 8), ExitStatus::from_raw(9));
    (ExitStatus::default().success(), ended.code(), killed.signal(), killed.to_string())
}
