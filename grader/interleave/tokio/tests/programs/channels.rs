// Channels.

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

async fn those_who_wait_learn_that_the_senders_are_gone() -> String {
    let log = Log::default();
    let (one, mut first) = mpsc::channel::<u32>(1);
    let (two, second) = oneshot::channel::<u32>();
    let (three, mut third) = broadcast::channel::<u32>(1);
    let (four, mut fourth) = watch::channel(0);
    let (five, mut fifth) = mpsc::unbounded_channel::<u32>();
    let waiting = [
        tokio::spawn(async move { format!("{:?}", first.recv().await) }),
        tokio::spawn(async move { format!("{:?}", second.await) }),
        tokio::spawn(async move { format!("{:?}", third.recv().await) }),
        tokio::spawn(async move { format!("{:?}", fourth.changed().await) }),
        tokio::spawn(async move { format!("{:?}", fifth.recv().await) }),
    ];
    time::sleep(ms(1)).await;
    drop((one, two, three, four, five));
    for task in waiting {
        log.add(task.await.unwrap());
    }
    log.text()
}

async fn those_who_wait_learn_that_the_receivers_are_gone() -> String {
    let log = Log::default();
    let (one, first) = mpsc::channel::<u32>(1);
    let (mut two, second) = oneshot::channel::<u32>();
    let (three, third) = broadcast::channel::<u32>(1);
    let (four, fourth) = watch::channel(0);
    let waiting = [
        tokio::spawn(async move { one.closed().await }),
        tokio::spawn(async move { two.closed().await }),
        tokio::spawn(async move { three.closed().await }),
        tokio::spawn(async move { four.closed().await }),
    ];
    time::sleep(ms(1)).await;
    log.add(waiting.iter().any(|task| task.is_finished()));
    drop((first, second, third, fourth));
    for task in waiting {
        log.add(task.await.is_ok());
    }
    log.text()
}

async fn many_permits_are_reserved_at_once() -> String {
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel(3);
    log.add(format!("{:?} {:?}", sender.reserve_many(4).await.is_err(), sender.try_reserve_many(4).is_err()));
    let mut permits = sender.reserve_many(2).await.unwrap();
    log.add(format!("{} {} {:?}", sender.capacity(), permits.len(), permits.size_hint()));
    permits.next().unwrap().send(1);
    drop(permits);
    log.add(format!("{} {}", sender.capacity(), sender.try_reserve_many(3).is_err()));
    let waiting = tokio::spawn({
        let sender = sender.clone();
        async move {
            for (number, permit) in (2..).zip(sender.reserve_many(3).await.unwrap()) {
                permit.send(number);
            }
        }
    });
    time::sleep(ms(1)).await;
    let mut numbers = Vec::new();
    while numbers.len() < 4 {
        receiver.recv_many(&mut numbers, 4).await;
    }
    waiting.await.unwrap();
    log.add(format!("{numbers:?}"));
    let (owned, other) = (sender.clone().reserve_owned().await.unwrap(), sender.clone().try_reserve_owned().unwrap());
    log.add(format!("{} {}", owned.same_channel(&other), owned.same_channel_as_sender(&sender)));
    receiver.close();
    log.add(format!("{} {}", sender.reserve_many(1).await.is_err(), sender.try_reserve_many(1).is_err()));
    drop((owned, other));
    log.add(format!("{:?}", receiver.recv().await));
    log.text()
}

async fn a_channel_is_polled() -> String {
    use std::future::poll_fn;
    let log = Log::default();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let waiting = tokio::spawn(async move {
        let first = poll_fn(|context| receiver.poll_recv(context)).await;
        let mut more = Vec::new();
        let count = poll_fn(|context| receiver.poll_recv_many(context, &mut more, 5)).await;
        let end = poll_fn(|context| receiver.poll_recv(context)).await;
        format!("{first:?} {count} {more:?} {end:?}")
    });
    time::sleep(ms(1)).await;
    sender.send(1).unwrap();
    time::sleep(ms(1)).await;
    sender.send(2).unwrap();
    drop(sender);
    log.add(waiting.await.unwrap());
    let (sender, mut receiver) = mpsc::channel(2);
    sender.send(3).await.unwrap();
    sender.send(4).await.unwrap();
    let thread = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        (receiver.blocking_recv_many(&mut all, 9), all)
    });
    log.add(format!("{:?}", thread.await.unwrap()));
    let (mut sender, receiver) = oneshot::channel::<()>();
    let waiting = tokio::spawn(async move { poll_fn(|context| sender.poll_closed(context)).await });
    time::sleep(ms(1)).await;
    log.add(waiting.is_finished());
    drop(receiver);
    waiting.await.unwrap();
    log.text()
}

async fn senders_are_counted() -> String {
    let log = Log::default();
    let (sender, receiver) = mpsc::channel::<()>(1);
    let (other, weak) = (sender.clone(), sender.downgrade());
    log.add(format!("{} {}", receiver.sender_strong_count(), receiver.sender_weak_count()));
    log.add(format!("{} {}", weak.strong_count(), weak.weak_count()));
    drop((sender, other, weak));
    let (sender, receiver) = mpsc::unbounded_channel::<()>();
    let weak = sender.downgrade();
    log.add(format!("{} {}", receiver.sender_strong_count(), receiver.sender_weak_count()));
    log.add(format!("{} {}", weak.strong_count(), weak.weak_count()));
    let (sender, mut receiver) = broadcast::channel(2);
    let weak = sender.downgrade();
    let again = weak.upgrade().unwrap();
    log.add(format!("{} {} {}", sender.strong_count(), weak.clone().weak_count(), receiver.sender_weak_count()));
    again.send(1).unwrap();
    drop((sender, again));
    log.add(format!("{} {:?} {:?}", weak.upgrade().is_none(), receiver.recv().await, receiver.recv().await));
    let (sender, receiver) = watch::channel(1);
    log.add(format!("{} {}", sender.clone().sender_count(), receiver.is_closed()));
    drop(sender);
    log.add(receiver.is_closed());
    log.text()
}
