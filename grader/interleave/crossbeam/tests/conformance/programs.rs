//! Programs that know nothing of the grader. Their results do not depend on the schedule, so the stand-in must give what the
//! real crossbeam gives.

use super::crossbeam;
use super::{Arc, Duration, Instant, Mutex, thread};
use crossbeam::atomic::AtomicCell;
use crossbeam::channel::{self, Receiver, Select, Sender, after, at, bounded, never, select, tick, unbounded};
use crossbeam::channel::{
    RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySelectError,
    TrySendError,
};
use crossbeam::deque::{Injector, Steal, Worker};
use crossbeam::queue::{ArrayQueue, SegQueue};
use crossbeam::sync::{Parker, ShardedLock, WaitGroup};
use crossbeam::utils::{Backoff, CachePadded};

/// Long enough that nothing in a program takes as long.
const LONG: Duration = Duration::from_secs(20);

/// Long enough on the real crossbeam for other threads to come to where they wait.
const PAUSE: Duration = Duration::from_millis(40);

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}

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
        format!("{:?} {:?}", channel::TryReadyError, channel::ReadyTimeoutError),
    ];
    format!("{} {flags:?} {more:?} {} {}", words.join("\n"), full.into_inner(), late.into_inner())
}

pub(crate) fn select_takes_what_is_ready() -> String {
    let (first_sender, first) = unbounded::<i32>();
    let (_second_sender, second) = unbounded::<i32>();
    first_sender.send(1).unwrap();
    let taken = select! {
        recv(first) -> message => format!("first {message:?}"),
        recv(second) -> message => format!("second {message:?}"),
    };
    let none = select! {
        recv(first) -> _ => "first",
        recv(second) -> _ => { "second" }
        default => "none",
    };
    let late = select! {
        recv(first) -> _ => "first",
        default(PAUSE) => "late"
    };
    let only = select! { default() => "only" };
    format!("{taken} {none} {late} {only}")
}

pub(crate) fn select_gets_every_message_once() -> String {
    let (first_sender, first) = bounded(1);
    let (second_sender, second) = bounded(0);
    thread::spawn(move || (0..3).for_each(|number| first_sender.send(number).unwrap()));
    thread::spawn(move || (10..13).for_each(|number| second_sender.send(number).unwrap()));
    let mut received = Vec::new();
    let (mut first, mut second) = (Some(first), Some(second));
    while first.is_some() || second.is_some() {
        select! {
            recv(first.as_ref().unwrap_or(&never())) -> message => match message {
                Ok(message) => received.push(message),
                Err(_) => first = None,
            },
            recv(second.as_ref().unwrap_or(&never())) -> message => {
                match message {
                    Ok(message) => received.push(message),
                    Err(_) => second = None,
                }
            }
        }
    }
    format!("{:?}", sorted::<i32>(received))
}

pub(crate) fn select_sends_as_well() -> String {
    let (sender, receiver) = bounded(1);
    let (full, _keep) = bounded(1);
    full.send(0).unwrap();
    let mut evaluated = 0;
    let sent = select! {
        send(full, { evaluated += 1; 1 }) -> result => format!("full {result:?}"),
        send(&sender, { evaluated += 10; 2 }) -> result => format!("sent {result:?}"),
    };
    let second = select! {
        send(sender, 3) -> _ => "room",
        recv(receiver) -> message => { assert_eq!(message, Ok(2)); "message" },
    };
    let empty = receiver.try_recv();
    drop(receiver);
    let gone = select! {
        send(sender, 4) -> result => format!("{result:?} {}", result.unwrap_err().into_inner()),
        default => "blocked".to_owned(),
    };
    format!("{sent} {evaluated} {second} {empty:?} {gone}")
}

pub(crate) fn select_meets_select_at_a_rendezvous() -> String {
    let (sender, receiver) = bounded::<i32>(0);
    let (other_sender, other_receiver) = bounded::<i32>(0);
    let partner = thread::spawn(move || {
        select! {
            send(sender, 1) -> result => format!("sent {result:?}"),
            recv(other_receiver) -> message => format!("got {message:?}"),
        }
    });
    let mine = select! {
        recv(receiver) -> message => format!("got {message:?}"),
        send(other_sender, 1) -> result => format!("sent {result:?}"),
    };
    let theirs = partner.join().unwrap();
    format!("{:?}", sorted(vec![mine, theirs]))
}

pub(crate) fn one_thread_does_not_meet_itself() -> String {
    let (sender, receiver) = bounded::<i32>(0);
    let alone = select! {
        send(sender, 1) -> _ => "sent",
        recv(receiver) -> _ => "received",
        default(PAUSE) => "alone",
    };
    alone.to_owned()
}

pub(crate) fn select_in_a_loop_breaks_and_continues() -> String {
    let (sender, receiver) = unbounded::<i32>();
    let (stop, stopped) = bounded::<()>(0);
    let worker = thread::spawn(move || {
        let mut sum = 0;
        loop {
            select! {
                recv(receiver) -> message => {
                    let Ok(message) = message else { break };
                    if message < 0 {
                        continue;
                    }
                    sum += message;
                }
                recv(stopped) -> _ => return -1,
            }
        }
        sum
    });
    for number in [1, -5, 2] {
        sender.send(number).unwrap();
    }
    drop(sender);
    let sum = worker.join().unwrap();
    drop(stop);
    sum.to_string()
}

pub(crate) fn a_biased_select_takes_the_first() -> String {
    let (_senders, receivers): (Vec<_>, Vec<_>) = (0..3)
        .map(|number| {
            let (sender, receiver) = unbounded();
            sender.send(number).unwrap();
            (sender, receiver)
        })
        .unzip();
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(channel::select_biased! {
            recv(receivers[1]) -> message => message,
            recv(receivers[0]) -> message => message,
            recv(receivers[2]) -> message => message,
        });
    }
    let mut select = Select::new_biased();
    select.recv(&receivers[2]);
    select.recv(&receivers[0]);
    format!("{taken:?} {:?}", select.try_ready())
}

pub(crate) fn select_waits_for_timers() -> String {
    let (_sender, receiver) = unbounded::<i32>();
    let (slow, fast, ticks) = (after(PAUSE * 3), after(PAUSE), tick(PAUSE * 2));
    let mut order = Vec::new();
    for _ in 0..3 {
        select! {
            recv(receiver) -> _ => order.push("message"),
            recv(slow) -> _ => order.push("slow"),
            recv(fast) -> _ => order.push("fast"),
            recv(ticks) -> _ => order.push("tick"),
        }
    }
    format!("{order:?}")
}

pub(crate) fn the_select_list_is_kept_by_index() -> String {
    let (senders, receivers): (Vec<Sender<i32>>, Vec<Receiver<i32>>) = (0..3).map(|_| unbounded()).unzip();
    let mut select = Select::new();
    let indices: Vec<usize> = receivers.iter().map(|receiver| select.recv(receiver)).collect();
    let none = (select.try_select().is_err(), select.select_timeout(PAUSE).is_err(), select.try_ready());
    let late = (select.ready_timeout(PAUSE), select.ready_deadline(Instant::now()));
    senders[0].send(1).unwrap();
    senders[2].send(2).unwrap();
    select.remove(0);
    let ready = (select.ready(), select.try_ready(), select.ready_timeout(LONG));
    let operation = select.select();
    let index = operation.index();
    let message = operation.recv(&receivers[index]);
    let empty = Select::new().try_select().is_err();
    format!("{indices:?} {none:?} {late:?} {ready:?} {index} {message:?} {empty} {:?}", select.clone())
}

pub(crate) fn a_selected_operation_is_completed_later() -> String {
    let (sender, receiver) = bounded(1);
    let mut select = Select::new();
    select.send(&sender);
    let operation = select.select();
    // The room is taken already. (To send or receive now would make the real crossbeam spin until the operation is complete.)
    let full = (sender.is_full(), sender.len());
    let sent = operation.send(&sender, 1);
    let mut select = Select::new();
    select.recv(&receiver);
    let operation = select.select_deadline(Instant::now() + LONG).unwrap();
    let length = sender.len();
    let (debug, message) = (format!("{operation:?}"), operation.recv(&receiver));
    format!("{full:?} {sent:?} {length} {debug} {message:?} {:?}", receiver.try_recv())
}

pub(crate) fn select_completes_a_rendezvous_later() -> String {
    let (sender, receiver) = bounded(0);
    let producer = thread::spawn(move || {
        let mut select = Select::new();
        select.send(&sender);
        let operation = select.select();
        thread::yield_now();
        operation.send(&sender, 5)
    });
    format!("{:?} {:?}", receiver.recv(), producer.join().unwrap())
}

pub(crate) fn select_sees_a_closed_channel_as_ready() -> String {
    let (sender, receiver) = unbounded::<i32>();
    drop(sender);
    let received = select! {
        recv(receiver) -> message => format!("{message:?}"),
        default => "blocked".to_owned(),
    };
    let waits = thread::spawn(|| {
        let (sender, receiver) = bounded::<i32>(0);
        let closing = thread::spawn(move || drop(sender));
        let ready = {
            let mut select = Select::new();
            select.recv(&receiver);
            select.ready()
        };
        closing.join().unwrap();
        ready
    });
    format!("{received} {}", waits.join().unwrap())
}

pub(crate) fn mistakes_with_select_panic() -> String {
    fn message(body: impl FnOnce() + Send + 'static) -> String {
        let payload = thread::spawn(body).join().unwrap_err();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("?").to_owned()
    }
    let messages = [
        message(|| drop(Select::new().select().index())),
        message(|| _ = Select::new().ready()),
        message(|| Select::new().remove(2)),
        message(|| {
            let (sender, _receiver) = bounded::<i32>(1);
            let mut select = Select::new();
            select.send(&sender);
            drop(select.select());
        }),
    ];
    messages.join("\n")
}

pub(crate) fn scoped_threads_borrow_and_return() -> String {
    let numbers = vec![1, 2, 3, 4];
    let mut doubled = Vec::new();
    let result = crossbeam::scope(|scope| {
        let halves: Vec<_> =
            numbers.chunks(2).map(|half| scope.spawn(move |_| half.iter().sum::<i32>())).collect();
        scope.spawn(|_| doubled.extend(numbers.iter().map(|number| number * 2)));
        halves.into_iter().map(|half| half.join().unwrap()).collect::<Vec<_>>()
    });
    format!("{:?} {doubled:?}", result.unwrap())
}

pub(crate) fn scoped_threads_start_others() -> String {
    let total = AtomicCell::new(0i32);
    let name = crossbeam::thread::scope(|scope| {
        scope.spawn(|scope| {
            scope.spawn(|scope| {
                scope.spawn(|_| total.fetch_add(4));
                total.fetch_add(2);
            });
            total.fetch_add(1);
        });
        let named = scope.builder().name("named".to_owned()).stack_size(1 << 16).spawn(|_| {
            thread::current().name().map(str::to_owned)
        });
        let named = named.unwrap();
        let outside = named.thread().name().map(str::to_owned);
        (named.join().unwrap(), outside, format!("{scope:?}"))
    });
    format!("{:?} {}", name.unwrap(), total.load())
}

pub(crate) fn a_panic_of_an_unjoined_thread_is_the_scopes_error() -> String {
    let finished = AtomicCell::new(false);
    let result = crossbeam::scope(|scope| {
        scope.spawn(|_| panic!("first"));
        scope.spawn(|_| {
            thread::sleep(PAUSE);
            finished.store(true);
        });
        7
    });
    let mut payload = result.unwrap_err();
    let panics = payload.downcast_mut::<Vec<Box<dyn std::any::Any + Send + 'static>>>().unwrap();
    let words: Vec<&str> = panics.iter().map(|panic| *panic.downcast_ref::<&str>().unwrap()).collect();
    format!("{words:?} {}", finished.load())
}

pub(crate) fn a_panic_of_a_joined_thread_is_the_joiners() -> String {
    let result = crossbeam::scope(|scope| {
        let joined = scope.spawn(|_| -> i32 { panic!("joined") }).join();
        joined.unwrap_err().downcast_ref::<&str>().map(|text| (*text).to_owned())
    });
    format!("{:?}", result.unwrap())
}

pub(crate) fn array_queues_have_a_capacity() -> String {
    let queue = ArrayQueue::new(2);
    let pushed = (queue.push(1), queue.push(2), queue.push(3), queue.is_full(), queue.len(), queue.capacity());
    let forced = (queue.force_push(4), queue.pop(), queue.force_push(5), queue.len());
    let debug = format!("{queue:?}");
    let rest: Vec<i32> = queue.into_iter().collect();
    let empty = ArrayQueue::<i32>::new(1);
    format!("{pushed:?} {forced:?} {debug} {rest:?} {:?} {}", empty.pop(), empty.is_empty())
}

pub(crate) fn array_queues_lose_nothing() -> String {
    let queue = ArrayQueue::new(1);
    let popped = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for base in [0, 10] {
            let queue = &queue;
            scope.spawn(move || {
                for number in base..base + 2 {
                    let backoff = Backoff::new();
                    let mut value = number;
                    while let Err(back) = queue.push(value) {
                        value = back;
                        backoff.snooze();
                    }
                }
            });
        }
        scope.spawn(|| {
            let backoff = Backoff::new();
            while popped.lock().unwrap().len() < 4 {
                match queue.pop() {
                    Some(value) => popped.lock().unwrap().push(value),
                    None => backoff.snooze(),
                }
            }
        });
    });
    format!("{:?}", sorted::<i32>(popped.into_inner().unwrap()))
}

pub(crate) fn segment_queues_are_unbounded() -> String {
    let queue = SegQueue::new();
    thread::scope(|scope| {
        scope.spawn(|| (0..3).for_each(|number| queue.push(number)));
        scope.spawn(|| (10..13).for_each(|number| queue.push(number)));
    });
    let (length, empty, debug) = (queue.len(), queue.is_empty(), format!("{queue:?}"));
    let first = queue.pop().is_some();
    let rest = queue.into_iter().count();
    format!("{length} {empty} {debug} {first} {rest} {:?}", SegQueue::<i32>::default().pop())
}

pub(crate) fn a_wait_group_waits_for_its_members() -> String {
    let group = WaitGroup::new();
    let done = Arc::new(AtomicCell::new(0i32));
    for _ in 0..3 {
        let (group, done) = (group.clone(), Arc::clone(&done));
        thread::spawn(move || {
            done.fetch_add(1);
            drop(group);
        });
    }
    let alone = WaitGroup::default();
    let debug = format!("{alone:?} {:?}", (alone.clone(), &alone).1);
    alone.wait();
    group.wait();
    format!("{} {debug}", done.load())
}

pub(crate) fn all_who_wait_in_a_group_go_on() -> String {
    let group = WaitGroup::new();
    let waiters: Vec<_> = (0..2)
        .map(|number| {
            let group = group.clone();
            thread::spawn(move || {
                group.wait();
                number
            })
        })
        .collect();
    group.wait();
    let ended: Vec<i32> = waiters.into_iter().map(|waiter| waiter.join().unwrap()).collect();
    format!("{ended:?}")
}

pub(crate) fn a_parker_has_one_token() -> String {
    let parker = Parker::new();
    let unparker = parker.unparker().clone();
    unparker.unpark();
    unparker.unpark();
    parker.park();
    let start = Instant::now();
    parker.park_timeout(PAUSE);
    let waited = start.elapsed() >= PAUSE;
    parker.park_deadline(Instant::now());
    let other = thread::spawn(move || unparker.unpark());
    parker.park();
    other.join().unwrap();
    parker.unparker().unpark();
    parker.park_timeout(LONG);
    format!("{waited} {parker:?} {:?}", parker.unparker())
}

pub(crate) fn a_parked_thread_sees_what_was_before_the_unpark() -> String {
    let parker = Parker::default();
    let (unparker, cell) = (parker.unparker().clone(), Arc::new(AtomicCell::new(0)));
    let theirs = Arc::clone(&cell);
    let other = thread::spawn(move || {
        theirs.store(5);
        unparker.unpark();
    });
    parker.park();
    let seen = cell.load();
    other.join().unwrap();
    seen.to_string()
}

pub(crate) fn a_sharded_lock_excludes_writers() -> String {
    let lock = ShardedLock::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut value = lock.write().unwrap();
                let read = *value;
                thread::yield_now();
                *value = read + 1;
            });
        }
        scope.spawn(|| *lock.read().unwrap());
    });
    let reader = lock.read().unwrap();
    let tried = (lock.try_read().is_ok(), lock.try_write().is_err());
    let debug = format!("{lock:?} {reader:?} {reader}");
    drop(reader);
    let writer = lock.write().unwrap();
    let held = (lock.try_read().is_err(), lock.try_write().is_err(), format!("{lock:?} {writer}"));
    drop(writer);
    format!("{tried:?} {debug} {held:?} {:?} {:?}", lock.is_poisoned(), lock.into_inner())
}

pub(crate) fn a_sharded_lock_is_poisoned_by_writers_only() -> String {
    let lock = Arc::new(ShardedLock::new(1));
    let theirs = Arc::clone(&lock);
    let reader = thread::spawn(move || {
        let _guard = theirs.read().unwrap();
        panic!("a reader");
    });
    let after_reader = (reader.join().is_err(), lock.is_poisoned());
    let theirs = Arc::clone(&lock);
    let writer = thread::spawn(move || {
        *theirs.write().unwrap() = 2;
        let _guard = theirs.write().unwrap();
        panic!("a writer");
    });
    let after_writer = (writer.join().is_err(), lock.is_poisoned());
    let value = lock.read().map_or_else(|poisoned| **poisoned.get_ref(), |guard| *guard);
    format!("{after_reader:?} {after_writer:?} {value} {}", lock.try_write().is_err())
}

pub(crate) fn atomic_cells_compute_in_one_step() -> String {
    let cell = AtomicCell::new(0i32);
    thread::scope(|scope| {
        scope.spawn(|| cell.fetch_add(3));
        scope.spawn(|| cell.fetch_update(|old| Some(old + 4)));
        scope.spawn(|| while let Err(now) = cell.compare_exchange(7, 100) {
            assert!(now < 7);
            thread::yield_now();
        });
    });
    let steps = (cell.load(), cell.swap(6), cell.fetch_sub(1), cell.fetch_and(4), cell.fetch_or(3), cell.fetch_xor(1));
    let more = (cell.fetch_max(9), cell.fetch_min(2), cell.fetch_nand(3), cell.take(), cell.compare_exchange(5, 6));
    let flag = AtomicCell::from(true);
    let flags = (flag.fetch_and(false), flag.fetch_or(true), flag.fetch_xor(true), flag.fetch_nand(true), flag.load());
    let text = AtomicCell::new("text".to_owned());
    let words = (text.swap("other".to_owned()), text.take(), text.into_inner());
    let none = AtomicCell::new(1u8).fetch_update(|_| None);
    let free = (AtomicCell::<u64>::is_lock_free(), AtomicCell::<[u64; 4]>::is_lock_free());
    let wraps = AtomicCell::new(u8::MAX);
    wraps.fetch_add(2);
    format!("{steps:?} {more:?} {flags:?} {words:?} {none:?} {free:?} {wraps:?} {:?}", AtomicCell::<i64>::default())
}

pub(crate) fn backoff_completes_after_some_snoozes() -> String {
    let backoff = Backoff::new();
    let mut snoozes = 0;
    while !backoff.is_completed() {
        backoff.snooze();
        snoozes += 1;
    }
    backoff.reset();
    for _ in 0..20 {
        backoff.spin();
    }
    format!("{snoozes} {} {backoff:?}", backoff.is_completed())
}

pub(crate) fn cache_padded_is_its_value() -> String {
    let mut padded = CachePadded::new(5);
    *padded += 1;
    let copy = padded;
    let size = size_of::<CachePadded<u8>>() >= 64;
    format!("{padded:?} {padded} {} {size} {}", copy == CachePadded::from(6), copy.into_inner())
}

pub(crate) fn workers_give_tasks_to_thieves() -> String {
    let (fifo, lifo) = (Worker::new_fifo(), Worker::new_lifo());
    for number in 0..5 {
        fifo.push(number);
        lifo.push(number);
    }
    let popped = (fifo.pop(), lifo.pop(), fifo.len(), lifo.is_empty());
    let stolen = (fifo.stealer().steal().success(), lifo.stealer().clone().steal().success(), fifo.stealer().len());
    let target = Worker::new_fifo();
    let batches = (fifo.stealer().steal_batch(&target), lifo.stealer().steal_batch_and_pop(&target));
    let moved: Vec<i32> = std::iter::from_fn(|| target.pop()).collect();
    let left = (fifo.len(), lifo.len(), target.stealer().is_empty());
    let same = (fifo.stealer().steal_batch(&fifo), target.stealer().steal_batch_and_pop(&target));
    let injector = Injector::new();
    (0..5).for_each(|number| injector.push(number));
    let injected = (injector.steal().success(), injector.steal_batch_with_limit(&target, 1), injector.len());
    let popped_too = injector.steal_batch_with_limit_and_pop(&target, 2).success();
    let rest: Vec<i32> = std::iter::from_fn(|| target.pop()).collect();
    format!(
        "{popped:?} {stolen:?} {batches:?} {moved:?} {left:?} {same:?} {injected:?} {popped_too:?} {rest:?} {}",
        injector.is_empty()
    )
}

pub(crate) fn stolen_tasks_are_done_once() -> String {
    let worker = Worker::new_lifo();
    (0..4).for_each(|number| worker.push(number));
    let thief = worker.stealer();
    let stolen = thread::spawn(move || {
        let mut stolen = Vec::new();
        loop {
            match thief.steal() {
                Steal::Success(task) => stolen.push(task),
                Steal::Retry => thread::yield_now(),
                Steal::Empty => return stolen,
            }
        }
    });
    let mut done: Vec<i32> = std::iter::from_fn(|| worker.pop()).collect();
    done.extend(stolen.join().unwrap());
    format!("{:?}", sorted(done))
}

pub(crate) fn steals_are_put_together() -> String {
    let all = |steals: Vec<Steal<i32>>| steals.into_iter().collect::<Steal<i32>>();
    let collected = [
        all(vec![Steal::Empty, Steal::Empty]),
        all(vec![Steal::Empty, Steal::Retry, Steal::Empty]),
        all(vec![Steal::Retry, Steal::Success(1), Steal::Empty]),
    ];
    let otherwise = (Steal::Retry.or_else(|| Steal::<i32>::Empty), Steal::Empty.or_else(|| Steal::Success(2)));
    let flags = (otherwise.0.is_retry(), otherwise.1.is_success(), collected[0].is_empty());
    format!("{collected:?} {otherwise:?} {flags:?}")
}
