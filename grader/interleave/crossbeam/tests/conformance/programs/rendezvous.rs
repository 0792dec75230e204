//! Channels without room.

use super::*;

pub(crate) fn at_a_rendezvous_both_sides_meet() -> String {
    let (sender, receiver) = bounded(0);
    let alone = (sender.try_send(0), receiver.try_recv(), sender.capacity(), sender.len());
    let states = (sender.is_empty(), sender.is_full(), receiver.is_empty(), receiver.is_full());
    let producer = thread::spawn(move || (1..4).map(|number| sender.send(number).is_ok()).collect::<Vec<_>>());
    let received: Vec<i32> = receiver.into_iter().collect();
    format!("{alone:?} {states:?} {received:?} {:?}", producer.join().unwrap())
}

pub(crate) fn a_rendezvous_sees_who_waits() -> String {
    let (sender, receiver) = bounded(0);
    let theirs = receiver.clone();
    let waiting = thread::spawn(move || theirs.recv());
    thread::sleep(PAUSE);
    let first = sender.try_send(5);
    let got = waiting.join().unwrap();
    let waiting = thread::spawn(move || sender.send(6));
    thread::sleep(PAUSE);
    let second = receiver.try_recv();
    format!("{first:?} {got:?} {second:?} {:?} {:?}", waiting.join().unwrap(), receiver.try_recv())
}

pub(crate) fn a_rendezvous_ends_with_the_other_side() -> String {
    let (sender, receiver) = bounded::<i32>(0);
    let waiting = thread::spawn(move || sender.send(1));
    thread::sleep(PAUSE);
    drop(receiver);
    let sent = waiting.join().unwrap();
    let (sender, receiver) = bounded::<i32>(0);
    let waiting = thread::spawn(move || receiver.recv());
    thread::sleep(PAUSE);
    drop(sender);
    format!("{sent:?} {:?}", waiting.join().unwrap())
}

pub(crate) fn a_rendezvous_times_out_and_keeps_the_message() -> String {
    let (sender, receiver) = bounded(0);
    let sent = sender.send_timeout("kept", PAUSE);
    let received = receiver.recv_timeout(PAUSE);
    format!("{sent:?} {} {received:?}", sent.unwrap_err().into_inner())
}
