//! One connection, several threads: nobody holds up the other direction, and frames stay whole.

use super::script::GivesWay;
use super::wire::{expect_outcome, frame, outcome, pair, payloads, value_of_len};
use harness::{actor, expect, expect_eq, fact, open_descriptors, quiesce};
use std::io;
use std::sync::Arc;
use subject::{Connection, PipeError};

/// A `recv` that waits for a frame does not hold up a `send` on the same connection.
///
/// Next: the two directions share nothing; a lock around both of them makes one wait for the other.
#[fact]
fn a_waiting_receive_does_not_hold_up_a_send() {
    expect_send_beside_receive();
}

pub(super) fn expect_send_beside_receive() {
    let (left, right) = pair();
    let left = Arc::new(left);
    let theirs = Arc::clone(&left);
    let receiver = actor("receiver", move || outcome(theirs.recv::<u8>()));
    quiesce();
    expect!(!receiver.has_finished(), "recv before anything was sent", "it waits", "it returned");
    let theirs = Arc::clone(&left);
    let sender = actor("sender", move || outcome(theirs.send("out")));
    quiesce();
    expect!(
        sender.has_finished(),
        "sending while another thread waits in recv on the same connection",
        "the send goes out",
        "the send waits too"
    );
    expect_eq!(sender.finish(), "Ok(())", "sending while another thread receives");
    expect_outcome(right.recv::<String>(), "Ok(\"out\")", "the other end receives it");
    expect_outcome(right.send(&1), "Ok(())", "the other end answers");
    expect_eq!(receiver.finish(), "Ok(1)", "the recv that waited");
}

/// A `send` waits until the stream has taken its frame, and does not hold up a `recv` on the same connection meanwhile.
///
/// Next: the two directions share nothing; and a frame belongs into the stream, not into a queue in front of it.
#[fact(seconds = 30)]
fn a_blocked_send_does_not_hold_up_a_receive() {
    let (left, right) = pair();
    let left = Arc::new(left);
    expect_outcome(right.send(&1), "Ok(())", "the other end sends first");
    let theirs = Arc::clone(&left);
    let value = value_of_len(2 << 20);
    let sender = actor("sender", move || outcome(theirs.send(&value)));
    quiesce();
    expect!(
        !sender.has_finished(),
        "sending 2 MiB to an end that does not receive",
        "the send waits for the other end: a socket takes only some of it",
        "the send returned"
    );
    let theirs = Arc::clone(&left);
    let receiver = actor("receiver", move || outcome(theirs.recv::<u8>()));
    quiesce();
    expect!(
        receiver.has_finished(),
        "receiving while another thread is blocked in send on the same connection",
        "the frame that is there is received",
        "the receive waits too"
    );
    expect_eq!(receiver.finish(), "Ok(1)", "receiving beside a blocked send");
    let received = right.recv::<(Vec<u64>, String)>().map(|value| value == value_of_len(2 << 20));
    expect_outcome(received, "Ok(true)", "the other end receives the 2 MiB as they were sent");
    expect_eq!(sender.finish(), "Ok(())", "the send that was blocked");
}

/// Frames of threads that send on one connection at the same time never mix.
///
/// Next: the lock is held from the first byte of the header to the last byte of the payload.
#[fact(seconds = 20)]
fn frames_of_concurrent_senders_never_mix() {
    const SENDERS: usize = 8;
    const ROUNDS: usize = 250;
    let mut wire = Vec::new();
    {
        let connection = Connection::from_parts(io::empty(), GivesWay::new(&mut wire));
        let send_all = |sender: usize| {
            for round in 0..ROUNDS {
                expect_outcome(connection.send(&(sender, round)), "Ok(())", "one of many sends");
            }
        };
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                scope.spawn(move || send_all(sender));
            }
        });
    }
    let mut next = [0; SENDERS];
    for payload in payloads(&wire).unwrap_or_default() {
        let Ok((sender, round)) = serde_json::from_slice::<(usize, usize)>(payload) else { break };
        if next.get(sender) != Some(&round) {
            break;
        }
        next[sender] += 1;
    }
    expect!(
        next == [ROUNDS; SENDERS],
        format!("{ROUNDS} frames from each of {SENDERS} threads"),
        "all of them whole, and each thread's in order",
        format!("whole and in order only up to {next:?}")
    );
}

/// Threads that receive on one connection at the same time get whole frames, each frame once.
///
/// Next: one thread reads a header *and* its payload before another one may read.
#[fact(seconds = 20, negated)]
fn each_frame_goes_whole_to_one_receiver() {
    const FRAMES: usize = 2000;
    let wire: Vec<u8> = (0..FRAMES).flat_map(|number| frame(number.to_string())).collect();
    let connection = Connection::from_parts(GivesWay::new(&wire[..]), io::sink());
    let mut numbers: Vec<usize> = std::thread::scope(|scope| {
        let receive = || {
            let mut mine = Vec::new();
            loop {
                match connection.recv::<usize>() {
                    Ok(number) => mine.push(number),
                    Err(PipeError::Closed) => return mine,
                    Err(error) => {
                        expect_outcome(Err::<(), _>(error), "a number or Closed", "one of several receivers");
                    }
                }
            }
        };
        let receivers: Vec<_> = (0..8).map(|_| scope.spawn(receive)).collect();
        receivers.into_iter().flat_map(|receiver| receiver.join().unwrap_or_default()).collect()
    });
    numbers.sort_unstable();
    let whole = numbers.iter().copied().eq(0..FRAMES);
    expect!(whole, "what eight receivers got", "each of 2000 frames once", format!("{} frames", numbers.len()));
}

/// A `recv` that waits ends with `Closed` when the other end is dropped.
///
/// Next: the other end's socket must really be closed: no copy of its descriptor may be left open.
#[fact]
fn a_waiting_receive_ends_when_the_other_end_is_dropped() {
    let (left, right) = pair();
    let receiver = actor("receiver", move || outcome(left.recv::<u8>()));
    quiesce();
    expect!(!receiver.has_finished(), "recv while the other end is idle", "it waits", "it returned");
    drop(right);
    quiesce();
    expect!(receiver.has_finished(), "recv after the other end was dropped", "it returns", "it still waits");
    expect_eq!(receiver.finish(), "Closed", "recv after the other end was dropped");
}

/// A dropped connection leaves no descriptor and no thread behind.
///
/// Next: whatever was made for a connection must go with it.
#[fact]
fn dropping_leaves_nothing_behind() {
    let before = (open_descriptors(), harness::threads_alive());
    for round in 0..100 {
        let (left, right) = pair();
        expect_outcome(left.send(&round), "Ok(())", "sending over one of many pairs");
        expect_outcome(right.recv::<i32>(), &format!("Ok({round})"), "receiving over one of many pairs");
    }
    let after = (open_descriptors(), harness::threads_alive());
    expect_eq!(after, before, "open descriptors and threads after 100 pairs have come and gone");
}
