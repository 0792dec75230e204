// Time, tasks and macros.

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
    let both = tokio::join!(
        async {
            time::sleep(ms(2)).await;
            1
        },
        async {
            time::sleep(ms(1)).await;
            "two"
        }
    );
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
