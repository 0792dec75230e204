// Tasks that stay on their thread, values that go with tasks, and what a task knows of itself.

use std::cell::RefCell;
use std::rc::Rc;
use tokio::task::LocalSet;

async fn tasks_of_a_local_set_take_turns() -> String {
    let (log, set) = (Log::default(), LocalSet::new());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let theirs = seen.clone();
    set.spawn_local(async move {
        theirs.borrow_mut().push("spawned before");
        tokio::task::yield_now().await;
        theirs.borrow_mut().push("goes on");
    });
    tokio::task::yield_now().await;
    log.add(seen.borrow().len());
    let theirs = seen.clone();
    let sum = set
        .run_until(async move {
            let inner = tokio::task::spawn_local(async move {
                // Nobody else is in the middle of something.
                let mut seen = theirs.borrow_mut();
                seen.push("spawned within");
                seen.contains(&"spawned within")
            });
            inner.await.unwrap()
        })
        .await;
    log.add(sum);
    set.await;
    // Which task goes first is not said.
    seen.borrow_mut().sort_unstable();
    log.add(seen.borrow().join(", "));
    log.text()
}

async fn a_local_set_stops_when_nobody_drives_it() -> String {
    let (log, set) = (Log::default(), LocalSet::new());
    let inner = Dropped(log.clone(), "inner");
    let theirs = log.clone();
    let task = set.spawn_local(async move {
        let _inner = inner;
        time::sleep(ms(5)).await;
        theirs.add("slept");
        std::future::pending::<()>().await;
    });
    set.run_until(time::sleep(ms(1))).await;
    time::sleep(ms(10)).await;
    log.add("nothing yet");
    set.run_until(time::sleep(ms(1))).await;
    drop(set);
    log.add(task.await.unwrap_err().is_cancelled());
    log.text()
}

async fn a_local_set_ends_with_its_tasks() -> String {
    let (log, set) = (Log::default(), LocalSet::default());
    for count in [3, 1, 2] {
        let log = log.clone();
        set.spawn_local(async move {
            time::sleep(ms(count)).await;
            // It belongs to the runtime that drives it.
            tokio::spawn(async move { log.add(count) }).await.unwrap();
        });
    }
    {
        let _within = set.enter();
        let log = log.clone();
        tokio::task::spawn_local(async move { log.add("entered") });
    }
    let start = Instant::now();
    set.await;
    log.add(start.elapsed().as_millis());
    log.text()
}

async fn a_join_set_takes_local_tasks() -> String {
    let (log, local) = (Log::default(), LocalSet::new());
    let mut set = JoinSet::new();
    set.spawn_local_on(async { Rc::new(1).to_string() }, &local);
    let ended = local
        .run_until(async {
            set.spawn_local(async { Rc::new(2).to_string() });
            let mut ended = Vec::new();
            while let Some(result) = std::future::poll_fn(|context| set.poll_join_next(context)).await {
                ended.push(result.unwrap());
            }
            ended.sort();
            ended.join(" ")
        })
        .await;
    log.add(ended);
    set.spawn_blocking_on(|| "blocking".to_owned(), &tokio::runtime::Handle::current());
    set.extend([async { "extended".to_owned() }]);
    while set.len() > 1 {
        time::sleep(ms(1)).await;
        set.try_join_next_with_id();
    }
    log.add(std::future::poll_fn(|context| set.poll_join_next_with_id(context)).await.is_some());
    log.add(std::future::poll_fn(|context| set.poll_join_next(context)).await.is_none());
    log.text()
}

tokio::task_local! {
    static NAME: &'static str;
    static COUNT: RefCell<u32>;
}

async fn a_task_local_value_goes_with_its_future() -> String {
    let log = Log::default();
    log.add(NAME.try_get().unwrap_err());
    let tasks: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            tokio::spawn(NAME.scope(name, async {
                tokio::task::yield_now().await;
                NAME.with(|name| name.len().to_string()) + NAME.get()
            }))
        })
        .collect();
    for task in tasks {
        log.add(task.await.unwrap());
    }
    let inner = NAME.scope("outer", async { NAME.scope("inner", async { NAME.get() }).await.to_owned() + NAME.get() });
    log.add(inner.await);
    log.add(COUNT.sync_scope(RefCell::new(1), || {
        COUNT.with(|count| *count.borrow_mut() += 1);
        COUNT.try_with(|count| *count.borrow()).unwrap()
    }));
    let mut scope = Box::pin(COUNT.scope(RefCell::new(5), async { COUNT.with(|count| *count.borrow_mut() += 1) }));
    scope.as_mut().await;
    log.add(format!("{:?} {NAME:?}", scope.as_mut().take_value()));
    log.add(COUNT.try_with(|_| ()).is_err());
    log.text()
}

async fn a_task_knows_its_id() -> String {
    use tokio::task::{id, try_id};
    let log = Log::default();
    log.add(try_id().is_none());
    let task = tokio::spawn(async { id() });
    let known = task.id();
    log.add(task.await.unwrap() == known);
    let task = tokio::task::spawn_blocking(|| (id(), tokio::runtime::Handle::current().block_on(async { id() })));
    let known = task.id();
    log.add(task.await.unwrap() == (known, known));
    log.add(format!("{} {}", known.cmp(&known) == std::cmp::Ordering::Equal, known == tokio::spawn(async { id() }).await.unwrap()));
    log.text()
}

async fn futures_without_a_budget() -> String {
    use tokio::task::coop;
    let log = Log::default();
    let (sender, mut receiver) = mpsc::channel(4);
    sender.send(1).await.unwrap();
    log.add(format!("{:?}", coop::unconstrained(receiver.recv()).await));
    log.add(coop::cooperative(async { 2 }).await);
    coop::consume_budget().await;
    log.add(coop::has_budget_remaining());
    let proceeds = std::future::poll_fn(|context| {
        coop::poll_proceed(context).map(|restore| {
            restore.made_progress();
            3
        })
    });
    log.add(proceeds.await);
    #[allow(deprecated)]
    log.add(tokio::task::unconstrained(async { 4 }).await);
    log.text()
}

async fn a_thread_enters_a_runtime() -> String {
    use tokio::runtime::Handle;
    let (log, handle) = (Log::default(), Handle::current());
    let thread = tokio::task::spawn_blocking(move || {
        let before = Handle::try_current().is_ok();
        let _entered = handle.enter();
        let task = tokio::spawn(async { 5 });
        (before, handle.block_on(task).unwrap())
    });
    log.add(format!("{:?}", thread.await.unwrap()));
    log.text()
}
