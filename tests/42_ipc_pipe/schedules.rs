//! What a pipe promises to several threads, however they are interleaved. The sockets are explored ones, which hold a few dozen bytes:
//! whoever sends more waits for the other end.

use harness::{Actor, actor, expect, expect_eq, quiesce, scenario};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use subject::{Connection, MAX_FRAME, PipeError};

/// More characters than the sockets hold bytes: the explored ones, or else the system's.
const MORE_THAN_FITS: usize = if cfg!(graded) { 80 } else { 4 << 20 };

/// A frame as the brief describes it, made without the code under test.
fn frame(payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32).to_be_bytes(), payload].concat()
}

/// A result as the brief names it.
fn outcome<T: Debug>(result: Result<T, PipeError>) -> String {
    match result {
        Ok(value) => format!("Ok({value:?})"),
        Err(PipeError::Closed) => "Closed".into(),
        Err(PipeError::Truncated) => "Truncated".into(),
        Err(PipeError::TooLarge { .. }) => "TooLarge".into(),
        Err(PipeError::Codec(_)) => "Codec".into(),
        Err(PipeError::Io(error)) => format!("Io({:?})", error.kind()),
    }
}

fn pair() -> (Arc<Connection>, Arc<Connection>) {
    let (one, other) = Connection::pair().expect("there are always sockets");
    (Arc::new(one), Arc::new(other))
}

/// An end of the code under test, and the other one as it is.
fn half() -> (Arc<Connection>, UnixStream) {
    let (one, other) = UnixStream::pair().expect("there are always sockets");
    (Arc::new(Connection::from_stream(one).expect("there are always descriptors")), other)
}

#[track_caller]
fn sends<T: Serialize + ?Sized>(connection: &Connection, value: &T) {
    expect_eq!(outcome(connection.send(value)), "Ok(())", "sending");
}

#[track_caller]
fn receives<T: DeserializeOwned + Debug>(connection: &Connection) -> T {
    connection.recv().unwrap_or_else(|error| {
        expect_eq!(outcome(Err::<T, _>(error)), "Ok(…)", "receiving");
        unreachable!("an error is not Ok")
    })
}

/// Frames of two threads that send on one connection do not mix.
///
/// Next: the lock is held from the first byte of the header to the last byte of the payload.
#[scenario]
fn two_senders_do_not_mix_their_frames() {
    let (left, right) = pair();
    let senders = ["first sender", "second sender"].map(|name| {
        let left = Arc::clone(&left);
        actor(name, move || sends(&left, name))
    });
    let mut received: [String; 2] = [receives(&right), receives(&right)];
    received.sort();
    expect_eq!(received, ["first sender", "second sender"], "the two values, in order of the alphabet");
    senders.into_iter().for_each(Actor::finish);
}

/// Two threads that receive on one connection get a whole frame each.
///
/// Next: one thread reads a header *and* its payload before another one may read.
#[scenario(negated)]
fn two_receivers_get_a_frame_each() {
    let (left, right) = pair();
    let receivers = ["first receiver", "second receiver"].map(|name| {
        let left = Arc::clone(&left);
        actor(name, move || receives::<u32>(&left))
    });
    sends(&right, &10);
    sends(&right, &2000);
    let mut received = receivers.map(|receiver| receiver.finish());
    received.sort_unstable();
    expect_eq!(received, [10, 2000], "what the two received, in order");
}

/// Two ends that send more than fits into the sockets at each other, and receive on another thread, get through.
///
/// Next: each of them must be able to read while its own send waits for the other.
#[scenario]
fn two_ends_send_more_than_fits_at_each_other() {
    let (left, right) = pair();
    let text = |name: &str| name.repeat(MORE_THAN_FITS);
    let senders = [("left sender", "l", &left), ("right sender", "r", &right)].map(|(name, letter, connection)| {
        let connection = Arc::clone(connection);
        actor(name, move || sends(&connection, &text(letter)))
    });
    let receiver = {
        let left = Arc::clone(&left);
        actor("left receiver", move || receives::<String>(&left))
    };
    expect_eq!(receives::<String>(&right), text("l"), "what the right end received");
    expect_eq!(receiver.finish(), text("r"), "what the left end received");
    senders.into_iter().for_each(Actor::finish);
}

/// Two threads that send and two that receive share a connection, and none of them is forgotten.
///
/// Next: whoever has waited for one direction must be woken by whoever is done with that direction.
#[scenario]
fn two_senders_and_two_receivers_share_a_connection() {
    let (left, mut right) = half();
    let receivers = ["first receiver", "second receiver"].map(|name| {
        let left = Arc::clone(&left);
        actor(name, move || receives::<u8>(&left))
    });
    let senders = ["first sender", "second sender"].map(|name| {
        let left = Arc::clone(&left);
        actor(name, move || sends(&left, &0))
    });
    // The receivers get their frames when the senders are done with theirs.
    senders.into_iter().for_each(Actor::finish);
    let both = [frame(b"1"), frame(b"2")].concat();
    right.write_all(&both).expect("there is room for two small frames");
    let received = receivers.map(|receiver| receiver.finish());
    expect_eq!(received.iter().sum::<u8>(), 3, "the sum of what the two received");
}

/// An end inside a frame is told to one receiver as `Truncated`, and to the other one as `Closed`.
///
/// Next: whoever comes second must not find the stream where the first one left it.
#[scenario]
fn an_end_inside_a_frame_is_truncated_once() {
    let (left, mut right) = half();
    let other = actor("other end", move || {
        right.write_all(&frame(b"\"whole\"")[..7]).expect("there is room for half a frame");
    });
    let theirs = Arc::clone(&left);
    let receiver = actor("receiver", move || outcome(theirs.recv::<String>()));
    let mut told = [outcome(left.recv::<String>()), receiver.finish()];
    told.sort();
    expect_eq!(told, ["Closed", "Truncated"], "what two receivers are told, in order of the alphabet");
    other.finish();
}

/// After a frame that is too large nobody receives what is behind its header, not even who has waited meanwhile.
///
/// Next: whether a direction is over has to be looked at under the same lock as the stream.
#[scenario(negated)]
fn a_frame_too_large_is_the_end_for_those_who_wait() {
    let (left, mut right) = half();
    let receivers = ["first receiver", "second receiver"].map(|name| {
        let left = Arc::clone(&left);
        actor(name, move || outcome(left.recv::<u16>()))
    });
    let hostile = [&(MAX_FRAME as u32 + 1).to_be_bytes()[..], &frame(b"666")].concat();
    right.write_all(&hostile).expect("there is room for a header and a small frame");
    let mut told = receivers.map(|receiver| receiver.finish());
    told.sort();
    expect_eq!(told, ["Closed", "TooLarge"], "what two receivers are told, in order of the alphabet");
}

/// Whoever waits, to send or to receive, is told when the other end is dropped.
///
/// Next: a send that has waited may fail with a broken pipe or with a reset: both say that the other end is gone.
#[scenario]
fn whoever_waits_is_told_that_the_other_end_is_gone() {
    let (left, right) = pair();
    let theirs = Arc::clone(&left);
    let sender = actor("sender", move || outcome(theirs.send(&"x".repeat(MORE_THAN_FITS))));
    let receiver = actor("receiver", move || outcome(left.recv::<u8>()));
    drop(right);
    quiesce();
    expect!(sender.has_finished(), "sending to an end that was dropped", "send returns", "it still waits");
    expect!(receiver.has_finished(), "receiving from an end that was dropped", "recv returns", "it still waits");
    expect_eq!(sender.finish(), "Closed", "sending to an end that was dropped");
    expect_eq!(receiver.finish(), "Closed", "receiving from an end that was dropped");
}
