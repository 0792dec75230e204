//! Condition variables and wait groups, and channels together with these or with locks.

use super::super::bug::Version;
use super::super::go::{Channel, WaitGroup};
use super::super::platform::sync::atomic::AtomicBool;
use super::super::platform::sync::atomic::Ordering::SeqCst;
use super::super::platform::sync::mpsc::{self, RecvTimeoutError};
use super::super::platform::sync::{Arc, Condvar, Mutex};
use super::super::platform::thread;
use super::super::platform::time::Duration;

/// The service loop waits for a notice with the lock held that the notifier takes first.
pub(crate) fn kubernetes_11298(version: Version) {
    let (notices, changed) = (Mutex::new(0), Condvar::new());
    let (wake, woken) = mpsc::sync_channel(0);
    let (notices, changed) = (&notices, &changed);
    thread::scope(|scope| {
        scope.spawn(move || {
            if version.is_mended() {
                woken.recv().unwrap();
            }
            let notices = notices.lock().unwrap();
            if !version.is_mended() {
                woken.recv().unwrap();
            }
            drop(changed.wait_while(notices, |notices| *notices == 0).unwrap());
        });
        scope.spawn(move || {
            *notices.lock().unwrap() += 1;
            changed.notify_one();
            wake.send(()).unwrap();
        });
    });
}

/// A plugin that could not be activated is waited for, for ever: the waiting loop looks for success only.
pub(crate) fn moby_30408(version: Version) {
    #[derive(PartialEq)]
    enum Plugin {
        Inactive,
        Active,
        Failed,
    }
    let (plugin, changed) = (Mutex::new(Plugin::Inactive), Condvar::new());
    let allowed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| allowed.store(true, SeqCst));
        scope.spawn(|| {
            let outcome = if allowed.load(SeqCst) { Plugin::Active } else { Plugin::Failed };
            *plugin.lock().unwrap() = outcome;
            changed.notify_all();
        });
        let waits = |plugin: &mut Plugin| match version {
            Version::Broken => *plugin != Plugin::Active,
            Version::Mended => *plugin == Plugin::Inactive,
        };
        drop(changed.wait_while(plugin.lock().unwrap(), waits).unwrap());
    });
}

/// The balancer sends addresses with its lock held; whoever takes them first asks the balancer something.
pub(crate) fn grpc_1353(version: Version) {
    let balancer = Mutex::new(0);
    let (send, addresses) = mpsc::sync_channel(0);
    let balancer = &balancer;
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut held = balancer.lock().unwrap();
            *held += 1;
            if version.is_mended() {
                drop(held);
            }
            send.send(1).unwrap();
        });
        scope.spawn(move || {
            *balancer.lock().unwrap() += 1;
            addresses.recv().unwrap();
        });
    });
}

/// New tokens are announced, with the lock held, to the keeper's channel, which is full; the keeper, which alone empties
/// it, wants the lock since it is time to drop old ones.
pub(crate) fn etcd_7492(version: Version) {
    let tokens = Mutex::new(Vec::new());
    let (announce, announced) = mpsc::sync_channel(1);
    let tokens = &tokens;
    thread::scope(|scope| {
        scope.spawn(move || {
            loop {
                match announced.recv_timeout(Duration::from_millis(1)) {
                    Ok(_token) => thread::sleep(Duration::from_millis(1)),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                tokens.lock().unwrap().clear();
            }
        });
        for user in 0..2 {
            let announce = announce.clone();
            scope.spawn(move || {
                for _ in 0..2 {
                    let mut held = tokens.lock().unwrap();
                    held.push(user);
                    if version.is_mended() {
                        drop(held);
                    }
                    announce.send(user).unwrap();
                }
            });
        }
        drop(announce);
    });
}

/// To stop, a broadcaster takes its lock and waits for its loop to have ended; the loop takes the lock for each update.
pub(crate) fn etcd_6873(version: Version) {
    let broadcasts = Mutex::new(0);
    let (update, updates) = mpsc::channel();
    let (ended, has_ended) = mpsc::channel::<()>();
    let broadcasts = &broadcasts;
    thread::scope(|scope| {
        scope.spawn(move || {
            for _update in updates {
                *broadcasts.lock().unwrap() += 1;
            }
            drop(ended);
        });
        update.send(()).unwrap();
        let held = broadcasts.lock().unwrap();
        drop(update);
        if version.is_mended() {
            drop(held);
        }
        assert!(has_ended.recv().is_err());
    });
}

/// The test of a breaker lets requests go in the order in which it has made them; the breaker has one place, and may have given it to the
/// second request.
pub(crate) fn serving_2137(version: Version) {
    let places = Channel::new(1);
    let first = (Channel::new(1), Channel::new(1));
    let second = (Channel::new(1), Channel::new(1));
    let request = |(go, done): &(Channel<()>, Channel<()>)| {
        places.send(());
        go.recv();
        places.recv();
        done.send(());
    };
    thread::scope(|scope| {
        scope.spawn(|| request(&first));
        scope.spawn(|| request(&second));
        first.0.send(());
        if version.is_mended() {
            second.0.send(());
        }
        first.1.recv();
        if !version.is_mended() {
            second.0.send(());
        }
        second.1.recv();
    });
}

/// The last of the events says "done" with the lock held, and whoever waits for that takes the lock first.
pub(crate) fn istio_16224(version: Version) {
    let events = Mutex::new(0);
    let (done, is_done) = mpsc::sync_channel(0);
    let events = &events;
    thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..2 {
                let mut held = events.lock().unwrap();
                *held += 1;
                if *held == 2 {
                    if version.is_mended() {
                        drop(held);
                    }
                    done.send(()).unwrap();
                }
            }
        });
        assert!(*events.lock().unwrap() <= 2);
        is_done.recv().unwrap();
    });
}

/// Statuses are queued with the lock held, and the queue has one place; its reader takes the lock for what it has read.
pub(crate) fn kubernetes_10182(version: Version) {
    let statuses = Mutex::new(0);
    let (queue, queued) = mpsc::sync_channel(1);
    let statuses = &statuses;
    thread::scope(|scope| {
        scope.spawn(move || {
            for _pod in queued {
                *statuses.lock().unwrap() -= 1;
            }
        });
        for pod in 0..3 {
            let queue = queue.clone();
            scope.spawn(move || {
                let mut held = statuses.lock().unwrap();
                *held += 1;
                if version.is_mended() {
                    drop(held);
                }
                queue.send(pod).unwrap();
            });
        }
        drop(queue);
    });
}

/// Events are handed out with the lock of all watchers held; a watcher that stops wants the lock, and takes no more events.
pub(crate) fn kubernetes_1321(version: Version) {
    let watchers = Mutex::new(vec![Arc::new(Channel::new(1))]);
    let watcher = Arc::clone(&watchers.lock().unwrap()[0]);
    thread::scope(|scope| {
        scope.spawn(|| {
            for event in 0..2 {
                let held = watchers.lock().unwrap();
                if version.is_mended() {
                    let watchers = held.clone();
                    drop(held);
                    watchers.iter().for_each(|watcher| watcher.send(event));
                } else {
                    held.iter().for_each(|watcher| watcher.send(event));
                }
            }
        });
        scope.spawn(|| {
            watchers.lock().unwrap().clear();
            // What has been sent by then is of no use, but it must be taken.
            while watcher.recv_timeout(Duration::from_millis(1)).is_some() {}
        });
    });
}

/// The monitor of a container is stopped with the container's lock held; the monitor is just about to take it for its last result.
pub(crate) fn moby_28462(version: Version) {
    let container = Mutex::new("healthy");
    let (stop, stopped) = mpsc::sync_channel(0);
    let container = &container;
    thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.recv_timeout(Duration::from_millis(1)).is_err() {
                *container.lock().unwrap() = "unhealthy";
            }
        });
        thread::sleep(Duration::from_millis(1));
        let held = container.lock().unwrap();
        if version.is_mended() {
            drop(held);
        }
        stop.send(()).unwrap();
    });
}

/// To stop is to take the lock and wait for all workers to be done; a worker that starts a task takes the lock.
pub(crate) fn cockroach_1055(version: Version) {
    let workers = WaitGroup::default();
    let draining = Mutex::new(false);
    workers.add(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _task in 0..2 {
                    if *draining.lock().unwrap() {
                        break;
                    }
                }
                workers.done();
            });
        }
        let mut held = draining.lock().unwrap();
        *held = true;
        if version.is_mended() {
            drop(held);
        }
        workers.wait();
    });
}

/// A worker sends events and cannot be told to stop while it does; who stops it no longer takes events.
pub(crate) fn cockroach_1462(version: Version) {
    let (workers, events) = (WaitGroup::default(), Channel::new(0));
    let stopping = AtomicBool::new(false);
    workers.add(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            for event in 0..3 {
                if stopping.load(SeqCst) {
                    break;
                }
                events.send(event);
            }
            if version.is_mended() {
                events.close();
            }
            workers.done();
        });
        events.recv();
        stopping.store(true, SeqCst);
        if version.is_mended() {
            while events.recv().is_some() {}
        }
        workers.wait();
    });
}

/// All plugins are counted before the first is started, and the first is waited for before the second is started.
pub(crate) fn moby_25384(version: Version) {
    let plugins = WaitGroup::default();
    plugins.add(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| plugins.done());
            if !version.is_mended() {
                plugins.wait();
            }
        }
        plugins.wait();
    });
}
