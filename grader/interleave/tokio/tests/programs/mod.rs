// Programs that have one result, whatever the schedule. They are compiled twice: see `conformance.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex as StdMutex};
use tokio::sync::{broadcast, mpsc, oneshot, watch, Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{self, Duration, Instant};

/// What happened, in order. Never locked across an await.
#[derive(Clone, Default)]
struct Log(Arc<StdMutex<Vec<String>>>);

impl Log {
    fn add(&self, text: impl std::fmt::Display) {
        self.0.lock().unwrap().push(text.to_string());
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().join(" ")
    }
}

/// Logs that it is dropped.
struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.add(format!("{} dropped", self.1));
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

async fn sleepers_wake_in_the_order_of_deadlines() -> String {
    let (log, start) = (Log::default(), Instant::now());
    let tasks: Vec<_> = [30, 10, 20]
        .into_iter()
        .map(|count| {
            let log = log.clone();
            tokio::spawn(async move {
                time::sleep(ms(count)).await;
                log.add(format!("{count}@{}", start.elapsed().as_millis()));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    log.text()
}

async fn a_timeout_drops_what_it_gives_up() -> String {
    let log = Log::default();
    let inner = Dropped(log.clone(), "inner");
    let result = time::timeout(ms(10), async move {
        let _inner = inner;
        time::sleep(ms(20)).await;
    })
    .await;
    // A `Timeout` that was awaited is dropped with its future at once.
    log.add(result.is_err());
    let late = time::timeout(ms(20), time::sleep(ms(20))).await;
    log.add(format!("{late:?}"));
    log.add(time::timeout_at(Instant::now() + ms(5), async { 7 }).await.unwrap());
    log.text()
}

async fn an_interval_catches_up_as_it_is_told() -> String {
    let (log, start) = (Log::default(), Instant::now());
    for behavior in [time::MissedTickBehavior::Burst, time::MissedTickBehavior::Delay, time::MissedTickBehavior::Skip] {
        let began = start.elapsed();
        let mut interval = time::interval(ms(10));
        interval.set_missed_tick_behavior(behavior);
        interval.tick().await;
        time::sleep(ms(35)).await;
        for _ in 0..4 {
            interval.tick().await;
            log.add((start.elapsed() - began).as_millis());
        }
    }
    log.text()
}

async fn a_sleep_can_be_set_anew() -> String {
    let start = Instant::now();
    let sleep = time::sleep(ms(10));
    tokio::pin!(sleep);
    sleep.as_mut().reset(start + ms(30));
    sleep.as_mut().await;
    format!("{} {}", start.elapsed().as_millis(), sleep.is_elapsed())
}

async fn a_join_set_gives_results_in_the_order_of_their_end() -> String {
    let log = Log::default();
    let mut set = JoinSet::new();
    for count in [30, 10, 20] {
        set.spawn(async move {
            time::sleep(ms(count)).await;
            count
        });
    }
    log.add(set.len());
    while let Some(result) = set.join_next().await {
        log.add(result.unwrap());
    }
    log.add(set.is_empty());
    log.text()
}

async fn a_join_set_aborts_what_is_left_when_dropped() -> String {
    let log = Log::default();
    let mut set = JoinSet::new();
    let inner = Dropped(log.clone(), "inner");
    set.spawn(async move {
        let _inner = inner;
        std::future::pending::<()>().await;
    });
    time::sleep(ms(1)).await;
    drop(set);
    time::sleep(ms(1)).await;
    let mut set = JoinSet::new();
    set.spawn(async { std::future::pending::<()>().await });
    set.spawn(async { time::sleep(ms(1)).await });
    set.shutdown().await;
    log.add(set.len());
    log.text()
}

async fn an_abort_is_a_request() -> String {
    let log = Log::default();
    let inner = Dropped(log.clone(), "inner");
    let task = tokio::spawn(async move {
        let _inner = inner;
        std::future::pending::<()>().await;
    });
    time::sleep(ms(1)).await;
    log.add(task.is_finished());
    task.abort();
    let error = task.await.unwrap_err();
    log.add(format!("{} {}", error.is_cancelled(), error.is_panic()));
    let done = tokio::spawn(async { 5 });
    time::sleep(ms(1)).await;
    done.abort();
    log.add(done.is_finished());
    log.add(done.await.unwrap());
    log.text()
}

async fn a_panic_is_the_error_of_the_handle() -> String {
    let log = Log::default();
    let inner = Dropped(log.clone(), "inner");
    let task = tokio::spawn(async move {
        let _inner = inner;
        if true {
            panic!("planted");
        }
        5
    });
    let error = task.await.unwrap_err();
    log.add(error.is_panic());
    log.add(error.into_panic().downcast_ref::<&str>().unwrap());
    let blocking = tokio::task::spawn_blocking(|| if true { panic!("planted") } else { 1 });
    log.add(blocking.await.unwrap_err().is_panic());
    log.add(tokio::task::spawn_blocking(|| 7).await.unwrap());
    log.text()
}

async fn notify_one_is_kept_once_and_notify_waiters_is_not() -> String {
    let log = Log::default();
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    notify.notified().await;
    log.add(time::timeout(ms(1), notify.notified()).await.is_err());
    notify.notify_waiters();
    log.add(time::timeout(ms(1), notify.notified()).await.is_err());
    // One that exists is reached, though it has not been polled.
    let early = notify.notified();
    notify.notify_waiters();
    early.await;
    let early = notify.notified();
    notify.notify_one();
    let other = time::timeout(ms(1), notify.notified()).await;
    log.add(format!("{} {}", other.is_ok(), time::timeout(ms(1), early).await.is_err()));
    log.text()
}

async fn notified_waiters_are_served_in_order() -> String {
    let (log, notify) = (Log::default(), Arc::new(Notify::new()));
    let mut set = JoinSet::new();
    for name in 0..4 {
        let (log, notify) = (log.clone(), notify.clone());
        set.spawn(async move {
            time::sleep(ms(name)).await;
            notify.notified().await;
            log.add(name);
        });
    }
    time::sleep(ms(10)).await;
    notify.notify_one();
    time::sleep(ms(1)).await;
    notify.notify_last();
    time::sleep(ms(1)).await;
    log.add("all");
    notify.notify_waiters();
    set.join_next().await.unwrap().unwrap();
    set.join_all().await;
    let text = log.text();
    // Who of those that are notified together goes first is not said.
    format!("{} {}", &text[..7], text.len())
}

async fn a_notification_that_is_not_seen_goes_to_the_next() -> String {
    let (log, notify) = (Log::default(), Notify::new());
    let (first, second) = (notify.notified(), notify.notified());
    let mut first = Box::pin(first);
    let mut second = Box::pin(second);
    log.add(first.as_mut().enable());
    log.add(second.as_mut().enable());
    notify.notify_one();
    drop(first);
    second.await;
    let mut last = Box::pin(notify.notified());
    log.add(last.as_mut().enable());
    notify.notify_one();
    drop(last);
    log.add(time::timeout(ms(1), notify.notified()).await.is_ok());
    log.text()
}

async fn a_full_channel_blocks_and_a_closed_one_drains() -> String {
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel(2);
    sender.send(1).await.unwrap();
    sender.try_send(2).unwrap();
    log.add(format!("{:?} {}", sender.try_send(3), sender.capacity()));
    log.add(time::timeout(ms(1), sender.send(3)).await.is_err());
    log.add(format!("{:?}", sender.send_timeout(3, ms(1)).await));
    receiver.close();
    log.add(format!("{:?} {:?}", sender.try_send(4), sender.send(4).await));
    log.add(format!("{:?} {:?} {:?}", receiver.recv().await, receiver.try_recv(), receiver.recv().await));
    log.add(format!("{:?}", receiver.try_recv()));
    log.text()
}

async fn a_channel_ends_with_its_last_sender() -> String {
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel(4);
    let other = sender.clone();
    let weak = sender.downgrade();
    let task = tokio::spawn(async move {
        other.send("other").await.unwrap();
    });
    task.await.unwrap();
    log.add(format!("{:?}", receiver.recv().await));
    log.add(format!("{:?}", receiver.try_recv()));
    sender.send("last").await.unwrap();
    drop(sender);
    log.add(weak.upgrade().is_none());
    log.add(format!("{:?} {:?} {:?}", receiver.recv().await, receiver.recv().await, receiver.try_recv()));
    log.text()
}

async fn a_promised_message_keeps_a_closed_channel_open() -> String {
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel(2);
    let permit = sender.reserve().await.unwrap();
    let unused = sender.clone().reserve_owned().await.unwrap();
    log.add(format!("{:?}", sender.try_reserve().is_err()));
    receiver.close();
    log.add(time::timeout(ms(1), receiver.recv()).await.is_err());
    permit.send(1);
    log.add(format!("{:?}", receiver.recv().await));
    log.add(time::timeout(ms(1), receiver.recv()).await.is_err());
    drop(unused);
    log.add(format!("{:?}", receiver.recv().await));
    log.text()
}

async fn senders_learn_that_the_receiver_is_gone() -> String {
    let log = Log::default();
    let (sender, receiver) = mpsc::channel(1);
    sender.send(Dropped(log.clone(), "message")).await.ok().unwrap();
    let waiting = tokio::spawn({
        let (sender, log) = (sender.clone(), log.clone());
        async move { sender.send(Dropped(log, "second")).await.is_err() }
    });
    time::sleep(ms(1)).await;
    drop(receiver);
    sender.closed().await;
    log.add(waiting.await.unwrap());
    log.add(sender.is_closed());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send(1).unwrap();
    log.add(format!("{:?}", receiver.try_recv()));
    receiver.close();
    log.add(format!("{:?} {:?}", sender.send(2), receiver.recv().await));
    log.text()
}

async fn many_are_received_at_once() -> String {
    let (sender, mut receiver) = mpsc::channel(5);
    for number in 0..5 {
        sender.send(number).await.unwrap();
    }
    let mut some = Vec::new();
    let first = receiver.recv_many(&mut some, 3).await;
    let second = receiver.recv_many(&mut some, 9).await;
    drop(sender);
    format!("{first} {second} {some:?} {}", receiver.recv_many(&mut some, 9).await)
}

async fn a_oneshot_tells_when_a_side_is_gone() -> String {
    let log = Log::default();
    let (sender, receiver) = oneshot::channel::<u32>();
    drop(sender);
    log.add(format!("{:?}", receiver.await));
    let (mut sender, receiver) = oneshot::channel::<u32>();
    log.add(sender.is_closed());
    drop(receiver);
    sender.closed().await;
    log.add(format!("{:?}", sender.send(1)));
    let (sender, mut receiver) = oneshot::channel();
    log.add(format!("{:?}", receiver.try_recv()));
    sender.send(2).unwrap();
    receiver.close();
    log.add(format!("{:?} {:?}", receiver.try_recv(), receiver.try_recv()));
    let (sender, mut receiver) = oneshot::channel();
    receiver.close();
    log.add(format!("{:?} {:?}", sender.send(3), receiver.await));
    let (sender, receiver) = oneshot::channel();
    let task = tokio::spawn(receiver);
    time::sleep(ms(1)).await;
    sender.send(4).unwrap();
    log.add(task.await.unwrap().unwrap());
    log.text()
}

async fn a_slow_receiver_of_a_broadcast_lags() -> String {
    let log = Log::default();
    let (sender, mut receiver) = broadcast::channel(3);
    let mut other = sender.subscribe();
    for number in 0..6 {
        log.add(sender.send(number).unwrap());
    }
    log.add(format!("{} {}", sender.len(), receiver.len()));
    log.add(format!("{:?} {:?}", receiver.recv().await, receiver.recv().await));
    log.add(format!("{:?} {:?}", other.try_recv(), other.try_recv()));
    let mut fresh = receiver.resubscribe();
    log.add(format!("{:?}", fresh.try_recv()));
    drop(sender);
    log.add(format!("{:?}", fresh.recv().await));
    for _ in 0..4 {
        log.add(format!("{:?}", receiver.recv().await));
    }
    let (sender, receiver) = broadcast::channel(1);
    drop(receiver);
    log.add(sender.send(1).is_err());
    log.text()
}

async fn a_watch_keeps_the_last_value() -> String {
    let log = Log::default();
    let (sender, mut receiver) = watch::channel(0);
    log.add(format!("{:?}", receiver.has_changed()));
    sender.send(1).unwrap();
    sender.send(2).unwrap();
    log.add(format!("{:?} {}", receiver.has_changed(), *receiver.borrow()));
    receiver.changed().await.unwrap();
    log.add(*receiver.borrow_and_update());
    log.add(time::timeout(ms(1), receiver.changed()).await.is_err());
    log.add(sender.send_if_modified(|_| false));
    log.add(format!("{:?}", receiver.has_changed()));
    log.add(sender.send_replace(3));
    let mut late = sender.subscribe();
    log.add(format!("{:?} {:?}", late.has_changed(), receiver.has_changed()));
    let task = tokio::spawn(async move { *late.wait_for(|value| *value > 4).await.unwrap() });
    time::sleep(ms(1)).await;
    sender.send_modify(|value| *value += 2);
    log.add(task.await.unwrap());
    drop(sender);
    log.add(format!("{:?}", receiver.has_changed()));
    log.add(format!("{:?} {:?}", receiver.changed().await, receiver.changed().await));
    log.add(receiver.wait_for(|value| *value == 9).await.is_err());
    let (sender, receiver) = watch::channel(0);
    drop(receiver);
    sender.closed().await;
    log.add(format!("{:?} {}", sender.send(1), *sender.borrow()));
    log.text()
}

async fn a_semaphore_serves_in_order() -> String {
    let (log, semaphore) = (Log::default(), Arc::new(Semaphore::new(1)));
    let held = semaphore.acquire().await.unwrap();
    let mut set = JoinSet::new();
    for (name, count) in [("many", 3), ("one", 1), ("all", 3)] {
        let (log, semaphore) = (log.clone(), semaphore.clone());
        set.spawn(async move {
            let permit = semaphore.acquire_many(count).await.unwrap();
            log.add(name);
            time::sleep(ms(1)).await;
            drop(permit);
        });
        time::sleep(ms(1)).await;
    }
    drop(held);
    time::sleep(ms(1)).await;
    // The first one collects: the others do not overtake it.
    log.add(semaphore.available_permits());
    semaphore.add_permits(1);
    log.add(semaphore.try_acquire().is_err());
    time::sleep(ms(1)).await;
    semaphore.add_permits(1);
    set.join_all().await;
    log.add(semaphore.available_permits());
    log.text()
}

async fn a_semaphore_gives_back_what_a_waiter_leaves() -> String {
    let (log, semaphore) = (Log::default(), Arc::new(Semaphore::new(2)));
    let given_up = time::timeout(ms(2), semaphore.acquire_many(3)).await;
    log.add(format!("{} {}", given_up.is_err(), semaphore.available_permits()));
    let mut permit = semaphore.clone().acquire_many_owned(2).await.unwrap();
    let part = permit.split(1).unwrap();
    log.add(format!("{:?} {}", semaphore.try_acquire().map(drop), permit.num_permits()));
    part.forget();
    drop(permit);
    log.add(format!("{} {}", semaphore.available_permits(), semaphore.forget_permits(5)));
    let waiting = tokio::spawn({
        let semaphore = semaphore.clone();
        async move { format!("{:?}", semaphore.acquire().await.map(drop)) }
    });
    time::sleep(ms(1)).await;
    semaphore.close();
    log.add(waiting.await.unwrap());
    log.add(format!("{:?} {}", semaphore.try_acquire().map(drop), semaphore.is_closed()));
    log.text()
}

async fn a_mutex_serves_in_order_and_survives_a_waiter_that_leaves() -> String {
    let (log, mutex) = (Log::default(), Arc::new(Mutex::new(0)));
    let guard = mutex.clone().lock_owned().await;
    let mut set = JoinSet::new();
    for name in 1..4 {
        let (log, mutex) = (log.clone(), mutex.clone());
        set.spawn(async move {
            if name == 2 {
                log.add(time::timeout(ms(2), mutex.lock()).await.is_err());
                return;
            }
            *mutex.lock().await += name;
            log.add(name);
        });
        time::sleep(ms(1)).await;
    }
    log.add(mutex.try_lock().is_err());
    time::sleep(ms(5)).await;
    drop(guard);
    set.join_all().await;
    log.add(*mutex.lock().await);
    log.text()
}

async fn a_waiting_writer_is_not_overtaken() -> String {
    let (log, lock) = (Log::default(), Arc::new(RwLock::new(0)));
    let first = lock.read().await;
    log.add(lock.try_read().is_ok());
    log.add(lock.try_write().is_err());
    let writer = tokio::spawn({
        let (log, lock) = (log.clone(), lock.clone());
        async move {
            let mut guard = lock.write().await;
            *guard += 1;
            log.add("writes");
            let guard = guard.downgrade();
            log.add(lock.try_read().is_ok());
            drop(guard);
        }
    });
    time::sleep(ms(1)).await;
    log.add(lock.try_read().is_err());
    let reader = tokio::spawn({
        let (log, lock) = (log.clone(), lock.clone());
        async move { log.add(*lock.read().await) }
    });
    time::sleep(ms(1)).await;
    drop(first);
    writer.await.unwrap();
    reader.await.unwrap();
    // The order of the log's last lines is the schedule's.
    let mut words: Vec<_> = log.text().split(' ').map(str::to_owned).collect();
    words[4..].sort();
    words.join(" ")
}

async fn a_barrier_has_one_leader() -> String {
    let (log, barrier) = (Log::default(), Arc::new(Barrier::new(3)));
    for _ in 0..2 {
        let mut set = JoinSet::new();
        for name in 0..3 {
            let barrier = barrier.clone();
            set.spawn(async move {
                time::sleep(ms(name)).await;
                (name, barrier.wait().await.is_leader())
            });
        }
        let mut results = set.join_all().await;
        results.sort();
        log.add(format!("{results:?}"));
    }
    log.text()
}

async fn a_once_cell_is_set_once() -> String {
    let (log, cell) = (Log::default(), Arc::new(OnceCell::new()));
    log.add(format!("{:?}", cell.get()));
    let failed: Result<&u32, &str> = cell.get_or_try_init(|| async { Err("failed") }).await;
    log.add(format!("{failed:?}"));
    let slow = tokio::spawn({
        let cell = cell.clone();
        async move {
            *cell.get_or_init(|| async {
                time::sleep(ms(5)).await;
                1
            })
            .await
        }
    });
    time::sleep(ms(1)).await;
    log.add(format!("{:?}", cell.set(2)));
    log.add(cell.get_or_init(|| async { 3 }).await);
    log.add(slow.await.unwrap());
    log.add(format!("{:?} {:?}", cell.set(4), cell.get()));
    let given_up = OnceCell::new();
    log.add(time::timeout(ms(1), given_up.get_or_init(std::future::pending::<u32>)).await.is_err());
    log.add(given_up.get_or_init(|| async { 5 }).await);
    log.text()
}

async fn select_closes_branches() -> String {
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel::<u32>(4);
    sender.send(1).await.unwrap();
    drop(sender);
    let mut ticks = 0;
    loop {
        tokio::select! {
            Some(number) = receiver.recv() => log.add(number),
            () = time::sleep(ms(1)), if ticks < 2 => {
                ticks += 1;
                log.add("tick");
            }
            else => break,
        }
        // A closed channel does not fit the pattern, and leaves the other branch.
    }
    let first = tokio::select! {
        biased;
        value = async { 1 } => value,
        value = async { 2 } => value,
    };
    log.add(first);
    let _ = tokio::select! {
        _ = std::future::pending::<()>() => unreachable!(),
        result = async { Err::<(), _>("refused") } => result.map_err(|error| log.add(error)),
    };
    log.text()
}

async fn select_drops_the_branches_that_lose() -> String {
    let log = Log::default();
    let inner = Dropped(log.clone(), "loser");
    let mut owner = String::from("mine");
    tokio::select! {
        _ = async { let _inner = inner; time::sleep(ms(9)).await; } => {}
        mut value = async { owner.push('!'); time::sleep(ms(1)).await; vec![1] } => {
            value.push(2);
            // What a branch has borrowed is free again in a handler.
            owner.push('?');
            log.add(format!("{value:?} {owner}"));
        }
    }
    let sleep = time::sleep(ms(5));
    tokio::pin!(sleep);
    let start = Instant::now();
    let mut rounds = 0;
    loop {
        tokio::select! {
            () = &mut sleep => break,
            () = time::sleep(ms(2)) => rounds += 1,
        }
    }
    log.add(format!("{rounds} {}", start.elapsed().as_millis()));
    log.text()
}

async fn join_waits_for_all_and_try_join_for_the_first_error() -> String {
    let (log, start) = (Log::default(), Instant::now());
    let both = tokio::join!(async { time::sleep(ms(2)).await; 1 }, async { time::sleep(ms(1)).await; "two" });
    log.add(format!("{both:?} {}", start.elapsed().as_millis()));
    let inner = Dropped(log.clone(), "other");
    let failed: Result<((), ()), &str> = tokio::try_join!(
        async {
            let _inner = inner;
            time::sleep(ms(9)).await;
            Ok(())
        },
        async {
            time::sleep(ms(1)).await;
            Err("failed")
        },
    );
    log.add(format!("{failed:?} {}", start.elapsed().as_millis()));
    let fine: Result<(u8, u8), ()> = tokio::try_join!(async { Ok(1) }, async { Ok(2) });
    log.add(format!("{fine:?}"));
    log.text()
}

async fn giving_way_lets_others_go_on() -> String {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move { sender.send(1).unwrap() });
    let mut turns = 0;
    // However often it takes.
    while receiver.try_recv().is_err() {
        tokio::task::yield_now().await;
        turns += 1;
    }
    task.await.unwrap();
    (turns > 0).to_string().replace("false", "true")
}

async fn blocking_code_meets_tasks() -> String {
    let (sender, mut receiver) = mpsc::channel(1);
    let (answer, question) = oneshot::channel();
    let blocking = tokio::task::spawn_blocking(move || {
        for number in 0..3 {
            sender.blocking_send(number).unwrap();
        }
        question.blocking_recv().unwrap()
    });
    let mut sum = 0;
    while let Some(number) = receiver.recv().await {
        sum += number;
        if number == 2 {
            break;
        }
    }
    answer.send(sum * 10).unwrap();
    blocking.await.unwrap().to_string()
}

type Program = (&'static str, fn() -> Pin<Box<dyn Future<Output = String>>>);

macro_rules! programs {
    ($($name:ident,)*) => {
        vec![$( (stringify!($name), || Box::pin($name())), )*]
    };
}

pub fn all() -> Vec<Program> {
    programs![
        sleepers_wake_in_the_order_of_deadlines,
        a_timeout_drops_what_it_gives_up,
        an_interval_catches_up_as_it_is_told,
        a_sleep_can_be_set_anew,
        a_join_set_gives_results_in_the_order_of_their_end,
        a_join_set_aborts_what_is_left_when_dropped,
        an_abort_is_a_request,
        a_panic_is_the_error_of_the_handle,
        notify_one_is_kept_once_and_notify_waiters_is_not,
        notified_waiters_are_served_in_order,
        a_notification_that_is_not_seen_goes_to_the_next,
        a_full_channel_blocks_and_a_closed_one_drains,
        a_channel_ends_with_its_last_sender,
        a_promised_message_keeps_a_closed_channel_open,
        senders_learn_that_the_receiver_is_gone,
        many_are_received_at_once,
        a_oneshot_tells_when_a_side_is_gone,
        a_slow_receiver_of_a_broadcast_lags,
        a_watch_keeps_the_last_value,
        a_semaphore_serves_in_order,
        a_semaphore_gives_back_what_a_waiter_leaves,
        a_mutex_serves_in_order_and_survives_a_waiter_that_leaves,
        a_waiting_writer_is_not_overtaken,
        a_barrier_has_one_leader,
        a_once_cell_is_set_once,
        select_closes_branches,
        select_drops_the_branches_that_lose,
        join_waits_for_all_and_try_join_for_the_first_error,
        giving_way_lets_others_go_on,
        blocking_code_meets_tasks,
    ]
}
