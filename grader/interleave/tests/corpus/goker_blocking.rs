//! The blocking kernels of GoBench: Yuan, Li, Lu, Liu, Li, Xue, "GoBench: A Benchmark Suite of Real-World Go Concurrency Bugs",
//! CGO 2021. Each is named by its project and the number of the pull request that mended it.

use super::bug::{Bug, Version, bug};
use super::go::{Channel, WaitGroup};
use super::platform::sync::atomic::{AtomicBool, Ordering};
use super::platform::sync::mpsc::{self, RecvTimeoutError, TryRecvError};
use super::platform::sync::{Arc, Condvar, Mutex, RwLock};
use super::platform::thread;
use super::platform::time::Duration;
use Ordering::SeqCst;
use interleave::engine::FailureKind::{Deadlock, Leak};

corpus! {
    "GoKer";
    etcd_10492: bug("etcd#10492, double locking", Deadlock);
    syncthing_4829: bug("syncthing#4829, double locking", Deadlock);
    cockroach_10214: bug("cockroach#10214, AB-BA", Deadlock);
    kubernetes_13135: bug("kubernetes#13135, AB-BA", Deadlock);
    moby_4951: bug("moby#4951, AB-BA", Deadlock);
    hugo_3251: bug("hugo#3251, AB-BA", Deadlock);
    cockroach_6181: bug("cockroach#6181, read-write-read", Deadlock);
    kubernetes_58107: bug("kubernetes#58107, read-write-read", Deadlock);
    kubernetes_38669: bug("kubernetes#38669, channel", Leak);
    kubernetes_5316: bug("kubernetes#5316, channel", Leak);
    cockroach_25456: bug("cockroach#25456, channel", Deadlock);
    cockroach_2448: bug("cockroach#2448, channel", Deadlock);
    etcd_6857: bug("etcd#6857, channel", Deadlock);
    syncthing_5795: bug("syncthing#5795, channel", Deadlock);
    cockroach_13197: bug("cockroach#13197, channel & context", Leak);
    kubernetes_11298: bug("kubernetes#11298, channel & condition variable", Deadlock);
    moby_30408: bug("moby#30408, condition variable", Deadlock);
    grpc_1353: bug("grpc#1353, channel & lock", Deadlock);
    etcd_7492: bug("etcd#7492, channel & lock", Deadlock);
    etcd_6873: bug("etcd#6873, channel & lock", Deadlock);
    serving_2137: bug("serving#2137, channel & lock", Deadlock);
    istio_16224: bug("istio#16224, channel & lock", Deadlock);
    kubernetes_10182: bug("kubernetes#10182, channel & lock", Deadlock);
    kubernetes_1321: bug("kubernetes#1321, channel & lock", Deadlock);
    moby_28462: bug("moby#28462, channel & lock", Deadlock);
    cockroach_1055: bug("cockroach#1055, channel & wait group", Deadlock);
    cockroach_1462: bug("cockroach#1462, channel & wait group", Deadlock);
    moby_25384: bug("moby#25384, wait group", Deadlock);
}

/// A lease that runs out soon is saved with the lock of all leases held, and saving takes that lock.
pub(crate) fn etcd_10492(version: Version) {
    struct Lessor {
        leases: Mutex<u32>,
        saved: Mutex<u32>,
    }
    impl Lessor {
        fn save(&self) {
            *self.saved.lock().unwrap() = *self.leases.lock().unwrap();
        }
    }
    let lessor = Lessor { leases: Mutex::new(0), saved: Mutex::new(0) };
    thread::scope(|scope| {
        scope.spawn(|| *lessor.leases.lock().unwrap() += 1);
        scope.spawn(|| {
            let leases = lessor.leases.lock().unwrap();
            if *leases == 0 {
                return;
            }
            if version.is_mended() {
                drop(leases);
            }
            lessor.save();
        });
    });
}

/// A method that holds the write lock calls one that takes the read lock.
pub(crate) fn syncthing_4829(version: Version) {
    let addresses = RwLock::new(vec![1]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut mapping = addresses.write().unwrap();
            mapping.clear();
            if version.is_mended() {
                drop(mapping);
            }
            assert!(addresses.read().unwrap().is_empty());
        });
    });
}

/// The store holds the lock of its queue of heartbeats and asks a replica for its state; the replica, with its own lock held, queues
/// a heartbeat.
pub(crate) fn cockroach_10214(version: Version) {
    let (heartbeats, replica) = (Mutex::new(Vec::new()), Mutex::new(1));
    thread::scope(|scope| {
        scope.spawn(|| {
            let queued = match version {
                Version::Broken => heartbeats.lock().unwrap(),
                Version::Mended => {
                    let taken = std::mem::take(&mut *heartbeats.lock().unwrap());
                    taken.iter().for_each(|_: &i32| *replica.lock().unwrap() += 1);
                    return;
                }
            };
            queued.iter().for_each(|_| *replica.lock().unwrap() += 1);
        });
        scope.spawn(|| {
            let replica = replica.lock().unwrap();
            heartbeats.lock().unwrap().push(*replica);
        });
        heartbeats.lock().unwrap().push(0);
    });
}

/// A list is replaced with its lock held, and then the cache made from it; whoever has waited for the cache to be fresh looks at
/// the list with the cache's lock held.
pub(crate) fn kubernetes_13135(version: Version) {
    let (list, cache, fresh) = (Mutex::new(0), Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 1..=2 {
                let mut list = list.lock().unwrap();
                *list = round;
                *cache.lock().unwrap() = round;
                fresh.notify_all();
            }
        });
        scope.spawn(|| {
            let cache = fresh.wait_while(cache.lock().unwrap(), |cache| *cache == 0).unwrap();
            let round = *cache;
            if version.is_mended() {
                drop(cache);
            }
            assert!(*list.lock().unwrap() >= round);
        });
    });
}

/// One path locks the set of devices and then a device, another path the device and then the set.
pub(crate) fn moby_4951(version: Version) {
    let (devices, device) = (Mutex::new(1), Mutex::new(true));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut devices = devices.lock().unwrap();
            *device.lock().unwrap() = false;
            *devices -= 1;
        });
        scope.spawn(|| {
            let held = device.lock().unwrap();
            if *held {
                if version.is_mended() {
                    drop(held);
                }
                *devices.lock().unwrap() += 1;
            }
        });
    });
}

/// The lock of a remote page is taken while the map of such locks is locked; whoever holds it needs the map to give it up.
pub(crate) fn hugo_3251(version: Version) {
    let pages = RwLock::new(vec![Arc::new(Mutex::new(0))]);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let map = pages.write().unwrap();
                let page = Arc::clone(&map[0]);
                let map = (!version.is_mended()).then_some(map);
                let mut page = page.lock().unwrap();
                drop(map);
                *page += 1;
                // The page is forgotten once it is read.
                if !version.is_mended() {
                    assert!(!pages.read().unwrap().is_empty());
                }
            });
        }
    });
}

/// Printing what is read-locked read-locks it again: a writer that has come in between waits for the first reader, and the second
/// reader waits behind the writer.
pub(crate) fn cockroach_6181(version: Version) {
    let ranges = RwLock::new(1);
    let print = || assert!(*ranges.read().unwrap() > 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = ranges.read().unwrap();
            assert!(*held > 0);
            if version.is_mended() {
                drop(held);
            }
            print();
        });
        scope.spawn(|| *ranges.write().unwrap() += 1);
    });
}

/// A worker waits, with the read lock held, for work that another worker hands out with the read lock held; a writer between
/// the two keeps the second one out.
pub(crate) fn kubernetes_58107(version: Version) {
    let quotas = RwLock::new(0);
    let work = Channel::new(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = (!version.is_mended()).then(|| quotas.read().unwrap());
            assert_eq!(work.recv(), Some(1));
            drop(held);
        });
        scope.spawn(|| {
            let _held = quotas.read().unwrap();
            work.send(1);
        });
        scope.spawn(|| *quotas.write().unwrap() += 1);
    });
}

/// A watcher sends to a server that no longer listens, its time being up.
pub(crate) fn kubernetes_38669(version: Version) {
    let capacity = if version.is_mended() { 3 } else { 1 };
    let results = Arc::new(Channel::new(capacity));
    let watcher = Arc::clone(&results);
    thread::spawn(move || {
        for event in 0..3 {
            watcher.send(event);
            thread::sleep(Duration::from_millis(2));
        }
    });
    results.recv_timeout(Duration::from_millis(1));
}

/// Whoever asks has given up; the answer is for nobody, and nobody takes it.
pub(crate) fn kubernetes_5316(version: Version) {
    let answer = Arc::new(Channel::new(usize::from(version.is_mended())));
    let theirs = Arc::clone(&answer);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(1));
        theirs.send(42);
    });
    answer.recv_timeout(Duration::from_millis(1));
}

/// A check that has failed asks whether the store drains, to know whether that is worth a line in the log; asked like this, it
/// waits until the store does, and the store waits for the check.
pub(crate) fn cockroach_25456(version: Version) {
    let (drain, draining) = mpsc::channel::<()>();
    let key = AtomicBool::new(true);
    let key = &key;
    thread::scope(|scope| {
        scope.spawn(|| key.store(false, SeqCst));
        let check = scope.spawn(move || {
            if key.load(SeqCst) {
                return;
            }
            let drains = match version {
                Version::Broken => draining.recv().is_err(),
                Version::Mended => draining.try_recv() == Err(TryRecvError::Disconnected),
            };
            assert!(!drains);
        });
        check.join().unwrap();
        drop(drain);
    });
}

/// Two loops each send the other a message before they look for their own.
pub(crate) fn cockroach_2448(version: Version) {
    let capacity = usize::from(version.is_mended());
    let (to_store, store) = mpsc::sync_channel(capacity);
    let (to_raft, raft) = mpsc::sync_channel(capacity);
    thread::scope(|scope| {
        scope.spawn(move || {
            to_raft.send("propose").unwrap();
            store.recv().unwrap();
        });
        scope.spawn(move || {
            to_store.send("event").unwrap();
            raft.recv().unwrap();
        });
    });
}

/// A node is asked for its status when its loop has ended: the question is never taken, though its channel lives on.
pub(crate) fn etcd_6857(version: Version) {
    let (ask, asked) = mpsc::sync_channel::<()>(0);
    let (stop, stopped) = mpsc::channel::<()>();
    let asked = Arc::new(Mutex::new(Some(asked)));
    let node = Arc::clone(&asked);
    thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.try_recv().is_err() {
                let node = node.lock().unwrap();
                if node.as_ref().unwrap().recv_timeout(Duration::from_millis(1)).is_ok() {
                    continue;
                }
            }
            if version.is_mended() {
                *node.lock().unwrap() = None;
            }
        });
        scope.spawn(move || _ = ask.send(()));
        stop.send(()).unwrap();
    });
}

/// Who closes a connection waits for its dispatcher to end; the dispatcher, when it meets an error, closes the connection.
pub(crate) fn syncthing_5795(version: Version) {
    let dispatcher_has_ended = Channel::<()>::new(0);
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| failed.store(true, SeqCst));
        scope.spawn(|| {
            if failed.load(SeqCst) && !version.is_mended() {
                dispatcher_has_ended.recv();
            }
            dispatcher_has_ended.close();
        });
    });
}

/// A transaction starts a thread that waits for its context to be cancelled, and one way out of the transaction does not cancel it.
pub(crate) fn cockroach_13197(version: Version) {
    let done = Arc::new(Channel::<()>::new(0));
    let theirs = Arc::clone(&done);
    thread::spawn(move || theirs.recv());
    let committed = false;
    if committed || version.is_mended() {
        done.close();
    }
}

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
