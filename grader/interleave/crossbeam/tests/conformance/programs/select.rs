//! Waiting for several operations.

use super::*;

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
        taken.push(select_biased! {
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

pub(crate) fn select_takes_an_offer_later() -> String {
    let (sender, receiver) = bounded(0);
    let producer = thread::spawn(move || (sender.send(5), sender.send(6)));
    let mut received = Vec::new();
    for _ in 0..2 {
        let mut select = Select::new();
        select.recv(&receiver);
        let operation = select.select();
        thread::yield_now();
        received.push(operation.recv(&receiver));
    }
    format!("{received:?} {:?}", producer.join().unwrap())
}

pub(crate) fn who_observes_learns_of_a_partner() -> String {
    let (sender, receiver) = bounded(0);
    let producer = thread::spawn(move || sender.send(5));
    let mut select = Select::new();
    select.recv(&receiver);
    let ready = select.ready();
    format!("{ready} {:?} {:?}", receiver.try_recv(), producer.join().unwrap())
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
        message(|| _ = Select::new().select().index()),
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
