//! Programs with a mistake, which must be found, and their correct neighbours, which must not.

use interleave::engine::{Exploration, FailureKind, Found, Limits, Mark, Plan, explore};
use interleave::sync::Arc;
use interleave::thread;
use interleave_crossbeam as crossbeam;

use crossbeam::atomic::AtomicCell;
use crossbeam::channel::{bounded, select, unbounded};
use crossbeam::queue::ArrayQueue;
use crossbeam::sync::{Parker, ShardedLock, WaitGroup};

fn run(body: impl Fn() + 'static) -> Exploration {
    explore(&Plan::usual(300, 400_000, Limits::default()), body)
}

fn found(kind: FailureKind, body: impl Fn() + 'static) -> Found {
    let exploration = run(body);
    let found = exploration.found.expect("the mistake is found");
    assert_eq!(found.failure.kind, kind, "{found:#?}");
    assert!(found.reproduced);
    found
}

fn nothing(body: impl Fn() + 'static) {
    let exploration = run(body);
    assert!(exploration.found.is_none(), "{:#?}", exploration.found);
}

fn stuck_in(found: &Found) -> Vec<&'static str> {
    found.failure.stuck.iter().map(|stuck| stuck.wait.operation).collect()
}

/// Two threads send each other `count` messages, and only then receive.
fn exchange(capacity: usize, count: i32) {
    let (to_first, first) = bounded(capacity);
    let (to_second, second) = bounded(capacity);
    let other = thread::spawn(move || {
        (0..count).for_each(|number| to_first.send(number).unwrap());
        (0..count).for_each(|number| assert_eq!(second.recv(), Ok(number)));
    });
    (0..count).for_each(|number| to_second.send(number).unwrap());
    (0..count).for_each(|number| assert_eq!(first.recv(), Ok(number)));
    other.join().unwrap();
}

#[test]
fn two_threads_wait_for_room_in_each_others_channel() {
    let found = found(FailureKind::Deadlock, || exchange(1, 2));
    assert_eq!(stuck_in(&found), ["send", "send"]);
    nothing(|| exchange(2, 2));
}

#[test]
fn a_sender_that_is_kept_alive_keeps_the_consumer_waiting() {
    let program = |keeps: bool| {
        move || {
            let (sender, receiver) = unbounded();
            let theirs = sender.clone();
            let producer = thread::spawn(move || theirs.send(1).unwrap());
            let kept = keeps.then_some(sender);
            assert_eq!(receiver.iter().sum::<i32>(), 1);
            drop(kept);
            producer.join().unwrap();
        }
    };
    let found = found(FailureKind::Deadlock, program(true));
    assert_eq!(stuck_in(&found), ["recv"]);
    // Whoever looks for the reason sees which handle has gone.
    let drops = found.recording.events.iter().filter(|event| event.operation == "drop sender");
    assert_eq!(drops.map(|event| event.detail.as_str()).collect::<Vec<_>>(), ["1 left"]);
    nothing(program(false));
}

#[test]
fn a_message_that_select_took_is_lost_when_the_other_case_ends_the_loop() {
    let program = |drains: bool| {
        move || {
            let (sender, receiver) = unbounded();
            let (stop, stopped) = bounded::<()>(1);
            let worker = thread::spawn(move || {
                let mut sum = 0;
                loop {
                    select! {
                        recv(receiver) -> message => sum += message.unwrap_or(0),
                        recv(stopped) -> _ => {
                            if drains {
                                sum += receiver.try_iter().sum::<i32>();
                            }
                            return sum;
                        }
                    }
                }
            });
            sender.send(1).unwrap();
            sender.send(2).unwrap();
            stop.send(()).unwrap();
            assert_eq!(worker.join().unwrap(), 3, "a message was lost");
        }
    };
    let found = found(FailureKind::Panic, program(false));
    assert!(found.failure.message.contains("a message was lost"), "{}", found.failure.message);
    nothing(program(true));
}

#[test]
fn select_prefers_no_case() {
    for wanted in [1, 2] {
        let found = found(FailureKind::Panic, move || {
            let (first_sender, first) = unbounded();
            let (second_sender, second) = unbounded();
            first_sender.send(1).unwrap();
            second_sender.send(2).unwrap();
            let taken = select! {
                recv(first) -> message => message.unwrap(),
                recv(second) -> message => message.unwrap(),
            };
            assert_ne!(taken, wanted);
        });
        assert!(found.preemptions <= 1);
    }
}

#[test]
fn a_wait_group_that_is_never_dropped_is_waited_for_in_vain() {
    let program = |keeps: bool| {
        move || {
            let group = WaitGroup::new();
            let theirs = group.clone();
            let worker = thread::spawn(move || {
                let parker = Parker::new();
                if keeps {
                    parker.park();
                }
                drop(theirs);
            });
            group.wait();
            worker.join().unwrap();
        }
    };
    assert_eq!(stuck_in(&found(FailureKind::Deadlock, program(true))), ["wait", "park"]);
    nothing(program(false));
}

#[test]
fn nobody_is_at_the_other_end_of_a_rendezvous() {
    let sends = found(FailureKind::Deadlock, || {
        let (sender, _receiver) = bounded(0);
        sender.send(1).unwrap();
    });
    assert_eq!(stuck_in(&sends), ["send"]);
    let leaks = found(FailureKind::Leak, || {
        let (sender, receiver) = bounded::<i32>(0);
        thread::spawn(move || {
            let _keeps_it_open = sender.clone();
            sender.send(1).unwrap();
            sender.send(2)
        });
        // A receiver that is forgotten is never gone.
        std::mem::forget(receiver.clone());
        receiver.recv().unwrap();
    });
    assert_eq!(stuck_in(&leaks), ["send"]);
}

#[test]
fn a_queue_that_was_not_full_may_be_full_now() {
    let program = |checks: bool| {
        move || {
            let queue = Arc::new(ArrayQueue::new(1));
            let theirs = Arc::clone(&queue);
            let push = move |queue: &ArrayQueue<i32>| {
                if checks && !queue.is_full() {
                    queue.push(1).expect("it was not full");
                } else {
                    queue.force_push(1);
                }
            };
            let other = thread::spawn(move || push(&theirs));
            push(&queue);
            other.join().unwrap();
            assert_eq!(queue.len(), 1);
        }
    };
    let found = found(FailureKind::Panic, program(true));
    assert_eq!(found.preemptions, 1);
    nothing(program(false));
}

#[test]
fn a_load_and_a_store_are_no_addition() {
    let program = |splits: bool| {
        move || {
            let cell = AtomicCell::new(0i32);
            let add = || {
                if splits { cell.store(cell.load() + 1) } else { _ = cell.fetch_add(1) }
            };
            crossbeam::scope(|scope| {
                scope.spawn(|_| add());
                scope.spawn(|_| add());
            })
            .unwrap();
            assert_eq!(cell.load(), 2);
        }
    };
    found(FailureKind::Panic, program(true));
    nothing(program(false));
}

#[test]
fn a_reader_who_reads_again_may_wait_behind_a_writer() {
    let found = found(FailureKind::Deadlock, || {
        let lock = Arc::new(ShardedLock::new(0));
        let theirs = Arc::clone(&lock);
        let writer = thread::spawn(move || *theirs.write().unwrap() = 1);
        let first = lock.read().unwrap();
        let second = lock.read().unwrap();
        assert_eq!(*first, *second);
        drop((first, second));
        writer.join().unwrap();
    });
    assert_eq!(stuck_in(&found), ["read", "write"]);
}

#[test]
fn a_timeout_ends_a_wait_that_nothing_else_ends() {
    nothing(|| {
        let (sender, receiver) = bounded::<i32>(0);
        assert!(receiver.recv_timeout(interleave::time::Duration::from_secs(3600)).unwrap_err().is_timeout());
        assert!(sender.send_timeout(1, interleave::time::Duration::from_secs(3600)).unwrap_err().is_timeout());
    });
}

#[test]
fn the_recording_points_at_the_callers_lines() {
    let line = line!() + 4;
    let found = found(FailureKind::Deadlock, || {
        let (sender, receiver) = bounded::<i32>(1);
        let (_other, others) = bounded::<i32>(1);
        sender.send(1).unwrap();
        for _ in receiver.iter().take(1) {}
        select! {
            recv(receiver) -> _ => {}
            recv(others) -> _ => {}
        }
    });
    let steps: Vec<_> = found.recording.events.iter().filter(|event| event.at.file().ends_with("bugs.rs")).collect();
    let of = |operation: &str| {
        steps.iter().filter(|event| event.operation == operation).map(|event| event.at.line()).collect::<Vec<_>>()
    };
    assert_eq!((of("send"), of("recv"), of("select")), (vec![line], vec![line + 1], vec![line + 2; 2]));
    assert_eq!(steps.last().map(|event| event.mark), Some(Mark::Blocked));
}
