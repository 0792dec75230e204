use std::sync::mpsc::{self, RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

pub(super) fn messages_keep_their_order() -> Vec<u32> {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
    let received = (0..3).map(|_| receiver.recv().unwrap()).collect();
    thread.join().unwrap();
    received
}

pub(super) fn a_channel_ends_with_its_last_sender() -> (Vec<u32>, Result<u32, RecvError>) {
    let (sender, receiver) = mpsc::channel();
    let second = sender.clone();
    let threads = [thread::spawn(move || sender.send(1)), thread::spawn(move || second.send(1))];
    let received = [receiver.recv().unwrap(), receiver.recv().unwrap()].to_vec();
    let end = receiver.recv();
    for thread in threads {
        thread.join().unwrap().unwrap();
    }
    (received, end)
}

pub(super) fn sending_to_nobody_fails() -> (u32, SendError<u32>, TrySendError<u32>, SendError<u32>, Vec<String>) {
    let (sender, receiver) = mpsc::channel();
    drop(receiver);
    let error = sender.send(4).unwrap_err();
    let (bounded, _) = mpsc::sync_channel(1);
    let (direct, _) = mpsc::sync_channel(0);
    let texts = vec![error.to_string(), format!("{error:?}")];
    (error.0, bounded.send(5).unwrap_err(), bounded.try_send(6).unwrap_err(), direct.send(7).unwrap_err(), texts)
}

pub(super) fn try_recv_says_why() -> Vec<Result<u32, TryRecvError>> {
    let (sender, receiver) = mpsc::channel();
    let mut results = vec![receiver.try_recv()];
    sender.send(1).unwrap();
    drop(sender);
    results.push(receiver.try_recv());
    results.push(receiver.try_recv());
    results
}

pub(super) fn recv_timeout_says_why() -> Vec<Result<u32, RecvTimeoutError>> {
    let (sender, receiver) = mpsc::channel();
    let mut results = vec![receiver.recv_timeout(MOMENT)];
    let thread = thread::spawn(move || sender.send(1));
    results.push(receiver.recv_timeout(Duration::MAX));
    thread.join().unwrap().unwrap();
    results.push(receiver.recv_timeout(MOMENT));
    results
}

pub(super) fn a_bounded_channel_fills() -> (Vec<Result<(), TrySendError<u32>>>, Vec<u32>) {
    let (sender, receiver) = mpsc::sync_channel(2);
    let results = (0..3).map(|number| sender.try_send(number)).collect();
    let other = sender.clone();
    let thread = thread::spawn(move || other.send(3).unwrap());
    drop(sender);
    let received = receiver.iter().collect();
    thread.join().unwrap();
    (results, received)
}

pub(super) fn a_waiting_sender_is_let_go() -> (Result<(), SendError<u32>>, bool) {
    let (sender, receiver) = mpsc::sync_channel(1);
    sender.send(1).unwrap();
    let thread = thread::spawn(move || sender.send(2));
    drop(receiver);
    let result = thread.join().unwrap();
    let shown = matches!(result, Err(SendError(2)));
    (result, shown)
}

pub(super) fn a_rendezvous_hands_over() -> (Vec<u32>, Vec<u32>) {
    let (sender, receiver) = mpsc::sync_channel(0);
    let log = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&log);
    let thread = thread::spawn(move || {
        for number in 0..3 {
            sender.send(number).unwrap();
            theirs.lock().unwrap().push(number);
        }
    });
    // Nothing has been handed over before somebody takes it.
    let before = log.lock().unwrap().clone();
    let received = receiver.iter().collect();
    thread.join().unwrap();
    (before, received)
}

pub(super) fn try_send_needs_a_receiver_that_waits() -> (TrySendError<u32>, u32) {
    let (sender, receiver) = mpsc::sync_channel(0);
    let refused = sender.try_send(1).unwrap_err();
    let thread = thread::spawn(move || receiver.recv().unwrap());
    while sender.try_send(2).is_err() {
        thread::yield_now();
    }
    (refused, thread.join().unwrap())
}

pub(super) fn a_rendezvous_that_nobody_keeps() -> (Vec<SendError<u32>>, Result<u32, TryRecvError>) {
    let (sender, receiver) = mpsc::sync_channel(0);
    let nothing = receiver.recv_timeout(MOMENT).is_err();
    let empty = receiver.try_recv();
    let threads: Vec<_> = (0..2)
        .map(|number| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(number))
        })
        .collect();
    drop((sender, receiver));
    assert!(nothing);
    // Each gets its own message back.
    (threads.into_iter().map(|thread| thread.join().unwrap().unwrap_err()).collect(), empty)
}

pub(super) fn iterators() -> (Vec<u32>, Vec<u32>, Vec<u32>, Vec<u32>) {
    let (sender, receiver) = mpsc::channel();
    let send = |number| sender.send(number).unwrap();
    send(1);
    send(2);
    let tried = receiver.try_iter().collect();
    send(3);
    let first = receiver.iter().take(1).collect();
    send(4);
    let mut borrowed = Vec::new();
    for number in &receiver {
        borrowed.push(number);
        if number == 4 {
            break;
        }
    }
    send(5);
    send(6);
    drop(sender);
    (tried, first, borrowed, receiver.into_iter().collect())
}

pub(super) fn what_is_left_is_dropped() -> (usize, usize) {
    let counted = Arc::new(());
    let (sender, receiver) = mpsc::channel();
    sender.send(Arc::clone(&counted)).unwrap();
    sender.send(Arc::clone(&counted)).unwrap();
    let before = Arc::strong_count(&counted);
    drop(receiver);
    (before, Arc::strong_count(&counted))
}

pub(super) fn messages_of_several_senders() -> (Vec<u32>, bool) {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for thread in 0..2 {
            let sender = sender.clone();
            scope.spawn(move || (0..3).for_each(|number| sender.send((thread, number)).unwrap()));
        }
        drop(sender);
        let received: Vec<_> = receiver.iter().collect();
        let of = |which| received.iter().filter(move |(thread, _)| *thread == which).map(|(_, number)| *number);
        // Between senders there is no order, but each sender's messages keep theirs.
        (of(0).collect(), of(0).eq(of(1)))
    })
}

pub(super) fn debug_output() -> Vec<String> {
    let (sender, receiver) = mpsc::channel::<u32>();
    let (bounded, _) = mpsc::sync_channel::<u32>(1);
    vec![
        format!("{sender:?} {bounded:?} {receiver:?}"),
        format!("{:?} {:?}", receiver.iter(), receiver.try_iter()),
        format!("{:?}", receiver.into_iter()),
        format!("{RecvError} {} {}", TryRecvError::Empty, RecvTimeoutError::Timeout),
    ]
}
