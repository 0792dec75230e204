// What tasks wait for each other with.

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
    let notify = Arc::new(notify);
    let mut first = Box::pin(notify.notified());
    log.add(first.as_mut().enable());
    let waiting = tokio::spawn(notify.clone().notified_owned());
    time::sleep(ms(1)).await;
    notify.notify_one();
    drop(first);
    log.add(time::timeout(ms(1), waiting).await.is_ok());
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
            *cell
                .get_or_init(|| async {
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
