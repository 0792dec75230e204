//! Channels with room, and their errors.

use super::crossbeam;
use super::*;

pub(crate) fn a_channel_keeps_the_order_of_one_sender() -> String {
    let (sender, receiver) = bounded(2);
    let producer = thread::spawn(move || (0..6).for_each(|number| sender.send(number).unwrap()));
    let received: Vec<i32> = receiver.iter().collect();
    producer.join().unwrap();
    format!("{received:?}")
}

pub(crate) fn several_senders_and_receivers_lose_nothing() -> String {
    let (sender, receiver) = bounded(1);
    let mut consumers = Vec::new();
    for _ in 0..2 {
        let receiver = receiver.clone();
        consumers.push(thread::spawn(move || receiver.into_iter().collect::<Vec<i32>>()));
    }
    drop(receiver);
    for base in [0, 10] {
        let sender = sender.clone();
        thread::spawn(move || (base..base + 3).for_each(|number| sender.send(number).unwrap()));
    }
    drop(sender);
    let received = consumers.into_iter().flat_map(|consumer| consumer.join().unwrap()).collect();
    format!("{:?}", sorted::<i32>(received))
}

pub(crate) fn a_bounded_channel_is_full_at_its_capacity() -> String {
    let (sender, receiver) = bounded(2);
    let mut log = vec![format!("{:?} {:?} {}", sender.capacity(), receiver.capacity(), sender.is_empty())];
    for number in 0..3 {
        let result = sender.try_send(number);
        log.push(format!("{result:?} {} {} {}", sender.len(), receiver.is_full(), sender.is_full()));
    }
    log.push(format!("{:?} {} {}", receiver.try_recv(), receiver.len(), receiver.is_empty()));
    log.push(format!("{:?}", sender.try_send(7)));
    log.push(format!("{:?} {:?}", receiver.try_iter().collect::<Vec<_>>(), receiver.try_recv()));
    log.join("; ")
}

pub(crate) fn an_unbounded_channel_is_never_full() -> String {
    let (sender, receiver) = unbounded();
    for number in 0..50 {
        sender.send(number).unwrap();
    }
    let sum: i32 = receiver.try_iter().sum();
    format!("{sum} {:?} {:?} {} {}", sender.capacity(), receiver.capacity(), sender.is_full(), receiver.is_full())
}

pub(crate) fn a_channel_without_senders_is_emptied_first() -> String {
    let (sender, receiver) = unbounded();
    let clone = sender.clone();
    sender.send(1).unwrap();
    drop(sender);
    clone.send(2).unwrap();
    drop(clone);
    let mut log: Vec<String> = (0..2).map(|_| format!("{:?}", receiver.recv())).collect();
    log.push(format!("{:?} {:?} {:?}", receiver.recv(), receiver.try_recv(), receiver.recv_timeout(LONG)));
    log.push(format!("{:?}", receiver.iter().next()));
    log.join("; ")
}

pub(crate) fn a_channel_without_receivers_gives_messages_back() -> String {
    let (sender, receiver) = bounded(1);
    drop(receiver.clone());
    let alive = sender.try_send("a");
    drop(receiver);
    let results = (sender.send("b"), sender.try_send("c"), sender.send_timeout("d", LONG));
    let inner = (results.0.unwrap_err().into_inner(), results.1.unwrap_err(), results.2.unwrap_err());
    format!("{alive:?} {} {} {} {}", inner.0, inner.1.is_disconnected(), inner.1.into_inner(), inner.2.into_inner())
}

pub(crate) fn the_last_receiver_drops_what_nobody_received() -> String {
    let (sender, receiver) = unbounded();
    let token = Arc::new(());
    sender.send(Arc::clone(&token)).unwrap();
    sender.send(Arc::clone(&token)).unwrap();
    let before = Arc::strong_count(&token);
    drop(receiver);
    format!("{before} {} {}", Arc::strong_count(&token), sender.len())
}

pub(crate) fn a_blocked_receiver_learns_that_the_senders_are_gone() -> String {
    let (sender, receiver) = bounded::<()>(1);
    let waiting = thread::spawn(move || receiver.recv());
    thread::sleep(PAUSE);
    drop(sender);
    format!("{:?}", waiting.join().unwrap())
}

pub(crate) fn a_blocked_sender_learns_that_the_receivers_are_gone() -> String {
    let (sender, receiver) = bounded(1);
    sender.send(1).unwrap();
    let waiting = thread::spawn(move || sender.send(2).map_err(SendError::into_inner));
    thread::sleep(PAUSE);
    drop(receiver);
    format!("{:?}", waiting.join().unwrap())
}

pub(crate) fn messages_may_hold_senders() -> String {
    let (requests, inbox) = unbounded::<Sender<i32>>();
    let server = thread::spawn(move || inbox.into_iter().map(|reply| reply.send(7).is_ok()).collect::<Vec<_>>());
    let (reply, answer) = bounded(1);
    requests.send(reply).unwrap();
    let answer = (answer.recv(), answer.recv());
    drop(requests);
    format!("{answer:?} {:?}", server.join().unwrap())
}

pub(crate) fn a_message_that_is_dropped_may_close_its_own_channel() -> String {
    let (outer, outer_receiver) = unbounded::<Sender<i32>>();
    let (inner, inner_receiver) = unbounded::<i32>();
    outer.send(inner).unwrap();
    drop(outer_receiver);
    format!("{:?}", inner_receiver.recv())
}

pub(crate) fn handles_know_their_channel() -> String {
    let (sender, receiver) = unbounded::<i32>();
    let (other_sender, other_receiver) = unbounded::<i32>();
    let senders = (sender.same_channel(&sender.clone()), sender.same_channel(&other_sender));
    let receivers = (receiver.same_channel(&receiver.clone()), receiver.same_channel(&other_receiver));
    let timer = after(LONG);
    let timers = (timer.same_channel(&timer.clone()), timer.same_channel(&after(LONG)), timer.same_channel(&never()));
    let debug = format!("{sender:?} {receiver:?} {:?} {:?}", receiver.iter(), receiver.try_iter());
    format!("{senders:?} {receivers:?} {timers:?} {debug} {:?}", other_receiver.into_iter())
}

pub(crate) fn errors_speak_crossbeams_words() -> String {
    fn words(error: &dyn std::error::Error) -> String {
        format!("{error} / {error:?} / {error:30}|")
    }
    let converted: (TryRecvError, RecvTimeoutError) = (RecvError.into(), RecvError.into());
    let try_send: TrySendError<i32> = SendError(1).into();
    let send_timeout: SendTimeoutError<i32> = SendError(1).into();
    let (empty, full) = (TryRecvError::Empty, TrySendError::Full(2));
    let flags = (empty.is_empty(), empty.is_disconnected(), full.is_full(), full.is_disconnected());
    let (timeout, late) = (RecvTimeoutError::Timeout, SendTimeoutError::Timeout(3));
    let more = (timeout.is_timeout(), timeout.is_disconnected(), late.is_timeout(), late.is_disconnected());
    let words = [
        words(&SendError(1)),
        words(&RecvError),
        words(&converted.0),
        words(&converted.1),
        words(&try_send),
        words(&send_timeout),
        words(&empty),
        words(&full),
        words(&timeout),
        words(&late),
        words(&TrySelectError),
        words(&SelectTimeoutError),
        format!("{:?} {:?}", crossbeam::channel::TryReadyError, crossbeam::channel::ReadyTimeoutError),
    ];
    format!("{} {flags:?} {more:?} {} {}", words.join("\n"), full.into_inner(), late.into_inner())
}
