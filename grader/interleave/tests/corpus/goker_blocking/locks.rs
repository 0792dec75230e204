//! Locks alone: taken twice, in two orders, or for reading with a writer in between.

use super::super::bug::Version;
use super::super::go::Channel;
use super::super::platform::sync::{Arc, Condvar, Mutex, RwLock};
use super::super::platform::thread;

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
