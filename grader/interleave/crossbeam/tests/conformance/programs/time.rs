//! Timeouts, deadlines and timers.

use super::*;

pub(crate) fn timeouts_end_in_their_order() -> String {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (full, _receiver) = bounded(1);
    full.send(0).unwrap();
    let (_sender, empty) = bounded::<i32>(1);
    let start = Instant::now();
    let mut threads = Vec::new();
    let mine = Arc::clone(&order);
    threads.push(thread::spawn(move || {
        let result = full.send_timeout(1, PAUSE * 3);
        mine.lock().unwrap().push(format!("send {result:?}"));
    }));
    let (mine, theirs) = (Arc::clone(&order), empty.clone());
    threads.push(thread::spawn(move || {
        let result = theirs.recv_timeout(PAUSE);
        mine.lock().unwrap().push(format!("recv {result:?}"));
    }));
    let mine = Arc::clone(&order);
    threads.push(thread::spawn(move || {
        let result = empty.recv_deadline(start + PAUSE * 2);
        mine.lock().unwrap().push(format!("deadline {result:?}"));
    }));
    for thread in threads {
        thread.join().unwrap();
    }
    format!("{:?} {}", order.lock().unwrap(), start.elapsed() >= PAUSE * 3)
}

pub(crate) fn a_message_comes_before_the_timeout() -> String {
    let (sender, receiver) = bounded(1);
    let producer = thread::spawn(move || {
        thread::sleep(PAUSE);
        (sender.send(1), sender.send_timeout(2, LONG), sender.send_deadline(3, Instant::now() + LONG))
    });
    let first = receiver.recv_timeout(LONG);
    let second = receiver.recv_deadline(Instant::now() + LONG);
    format!("{first:?} {second:?} {:?} {:?}", receiver.recv(), producer.join().unwrap())
}

pub(crate) fn a_deadline_that_has_passed_still_takes_what_is_there() -> String {
    let (sender, receiver) = bounded(1);
    let past = Instant::now();
    let sent = (sender.send_deadline(1, past), sender.send_deadline(2, past), sender.send_timeout(3, Duration::ZERO));
    let received = (receiver.recv_deadline(past), receiver.recv_deadline(past), receiver.recv_timeout(Duration::ZERO));
    let for_ever = {
        sender.send(4).unwrap();
        receiver.recv_timeout(Duration::MAX)
    };
    format!("{sent:?} {received:?} {for_ever:?}")
}

pub(crate) fn timers_deliver_their_moment() -> String {
    let start = Instant::now();
    let once = after(PAUSE);
    let before = (once.try_recv(), once.len(), once.is_empty(), once.is_full(), once.capacity());
    let moment = once.recv().unwrap();
    let again = (once.try_recv(), once.recv_timeout(PAUSE));
    let when = start + PAUSE;
    let past = at(when).recv().unwrap();
    format!("{before:?} {} {again:?} {}", moment >= start + PAUSE && moment <= Instant::now(), past == when)
}

pub(crate) fn ticks_are_apart_and_do_not_pile_up() -> String {
    let start = Instant::now();
    let ticks = tick(PAUSE);
    let first = ticks.recv().unwrap();
    let second = ticks.recv().unwrap();
    thread::sleep(PAUSE * 3);
    let piled = (ticks.len(), ticks.try_recv().is_ok(), ticks.try_recv());
    format!("{} {} {piled:?}", first >= start + PAUSE, second >= first + PAUSE)
}

pub(crate) fn nothing_ever_comes_from_never() -> String {
    let nothing = never::<i32>();
    let same = nothing.same_channel(&never());
    let state = (nothing.len(), nothing.is_empty(), nothing.is_full(), nothing.capacity());
    format!("{:?} {:?} {same} {state:?}", nothing.try_recv(), nothing.clone().recv_timeout(PAUSE))
}
