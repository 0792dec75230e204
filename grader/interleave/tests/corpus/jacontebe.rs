//! JaConTeBe: Lin, Marinov, Zhong, Chen, Zhao, "JaConTeBe: A Benchmark Suite of Real-World Java Concurrency Bugs", ASE 2015. Each is
//! named by its project and the number of the report.

use super::bug::{Bug, Version, bug};
use super::platform::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use super::platform::sync::{Arc, Condvar, Mutex};
use super::platform::thread;
use Ordering::SeqCst;
use interleave::engine::FailureKind::{Deadlock, LostWakeup, Panic};
use std::collections::{HashMap, VecDeque};

corpus! {
    "JaConTeBe";
    dbcp_65: bug("DBCP-65", Deadlock);
    dbcp_369: bug("DBCP-369", Panic);
    derby_5447: bug("DERBY-5447", Deadlock);
    derby_5561: bug("DERBY-5561", Panic);
    groovy_4736: bug("GROOVY-4736", Panic);
    jdk_6582568: bug("JDK-6582568", Deadlock);
    jdk_6927486: bug("JDK-6927486", Deadlock);
    jdk_7100996: bug("JDK-7100996", Panic);
    jdk_7132378: bug("JDK-7132378", LostWakeup);
    log4j_38137: bug("Log4j 38137", Deadlock);
    log4j_50463: bug("Log4j 50463", Deadlock).with_panics();
    log4j_54325: bug("Log4j 54325", Panic);
    lucene_1544: bug("LUCENE-1544", Deadlock);
    pool_120: bug("POOL-120", LostWakeup);
}

/// The evictor of a pool holds the pool and closes a connection; who closes a connection holds it and returns it to the pool.
pub(crate) fn dbcp_65(version: Version) {
    let (pool, connection) = (Mutex::new(vec![1]), Mutex::new(true));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut idle = pool.lock().unwrap();
            let evicted = idle.pop();
            if version.is_mended() {
                drop(idle);
            }
            if evicted.is_some() {
                *connection.lock().unwrap() = false;
            }
        });
        scope.spawn(|| {
            let connection = connection.lock().unwrap();
            if *connection {
                pool.lock().unwrap().push(2);
            }
        });
    });
}

/// Data sources are numbered by how many there are, and then entered: two get the same number.
pub(crate) fn dbcp_369(version: Version) {
    let sources = Mutex::new(HashMap::new());
    thread::scope(|scope| {
        for source in ["first", "second"] {
            let sources = &sources;
            scope.spawn(move || {
                let mut held = sources.lock().unwrap();
                let number = held.len();
                if !version.is_mended() {
                    drop(held);
                    held = sources.lock().unwrap();
                }
                assert_eq!(held.insert(number, source), None, "the number is taken");
            });
        }
    });
}

/// A page tells its container that it goes, with its own lock held; the container looks through its pages with its own lock held.
pub(crate) fn derby_5447(version: Version) {
    let pages = [Mutex::new(1), Mutex::new(2)];
    let container = Mutex::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let page = pages[1].lock().unwrap();
            let used = *page > 0;
            if version.is_mended() {
                drop(page);
            }
            *container.lock().unwrap() -= i32::from(used);
        });
        scope.spawn(|| {
            let _container = container.lock().unwrap();
            for page in &pages {
                *page.lock().unwrap() += 1;
            }
        });
    });
}

/// Whether there is a physical connection is asked first, and then it is used: it was closed in between.
pub(crate) fn derby_5561(version: Version) {
    let physical = Mutex::new(Some(1));
    thread::scope(|scope| {
        scope.spawn(|| {
            if version.is_mended() {
                assert!(physical.lock().unwrap().is_none_or(|connection| connection == 1));
            } else if physical.lock().unwrap().is_some() {
                physical.lock().unwrap().expect("there is a connection");
            }
        });
        scope.spawn(|| physical.lock().unwrap().take());
    });
}

/// The array of call sites is looked up twice: the reference to it was cleared in between.
pub(crate) fn groovy_4736(version: Version) {
    let cached = Mutex::new(Some(Arc::new([1, 2])));
    let sites = || {
        let mut cached = cached.lock().unwrap();
        Arc::clone(cached.get_or_insert_with(|| Arc::new([1, 2])))
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if cached.lock().unwrap().is_none() || version.is_mended() {
                    assert_eq!(sites().len(), 2);
                } else {
                    assert_eq!(cached.lock().unwrap().as_ref().expect("it has just been there").len(), 2);
                }
            });
        }
        // The collector of garbage.
        scope.spawn(|| *cached.lock().unwrap() = None);
    });
}

/// Of two synchronized collections each is added to the other at the same time.
pub(crate) fn jdk_6582568(version: Version) {
    let collections = [Mutex::new(vec![1]), Mutex::new(vec![2])];
    thread::scope(|scope| {
        for (to, from) in [(0, 1), (1, 0)] {
            let collections = &collections;
            scope.spawn(move || {
                if version.is_mended() {
                    let copy = collections[from].lock().unwrap().clone();
                    collections[to].lock().unwrap().extend(copy);
                } else {
                    let mut to = collections[to].lock().unwrap();
                    to.extend(collections[from].lock().unwrap().iter());
                }
            });
        }
    });
}

/// Two tables, each containing the other, are written to two files at the same time.
pub(crate) fn jdk_6927486(version: Version) {
    struct Table {
        entries: Mutex<Vec<usize>>,
    }
    let tables = [Table { entries: Mutex::new(vec![1]) }, Table { entries: Mutex::new(vec![0]) }];
    thread::scope(|scope| {
        for table in 0..2 {
            let tables = &tables;
            scope.spawn(move || {
                let mut written = 1;
                let entries = tables[table].entries.lock().unwrap();
                let inner = if version.is_mended() {
                    let copy = entries.clone();
                    drop(entries);
                    copy.iter().map(|inner| tables[*inner].entries.lock().unwrap().len()).sum::<usize>()
                } else {
                    entries.iter().map(|inner| tables[*inner].entries.lock().unwrap().len()).sum()
                };
                written += inner;
                assert_eq!(written, 2);
            });
        }
    });
}

/// A buffer is inserted into another at a length that it had a moment ago.
pub(crate) fn jdk_7100996(version: Version) {
    let buffer = Mutex::new("abcdef".to_owned());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut held = buffer.lock().unwrap();
            let end = held.len();
            if !version.is_mended() {
                drop(held);
                held = buffer.lock().unwrap();
            }
            held.insert(end, 'g');
        });
        scope.spawn(|| buffer.lock().unwrap().truncate(2));
    });
}

/// A future that is both set and cancelled: the one who loses tells nobody, and the one who has won tells before the value is
/// there.
pub(crate) fn jdk_7132378(version: Version) {
    let state = AtomicUsize::new(0);
    let waiting: Mutex<Vec<thread::Thread>> = Mutex::new(Vec::new());
    let finish = || waiting.lock().unwrap().drain(..).for_each(|thread| thread.unpark());
    thread::scope(|scope| {
        scope.spawn(|| {
            if version.is_mended() {
                waiting.lock().unwrap().push(thread::current());
                while state.load(SeqCst) == 0 {
                    thread::park();
                }
            } else if state.load(SeqCst) == 0 {
                waiting.lock().unwrap().push(thread::current());
                thread::park();
            }
        });
        scope.spawn(|| {
            if state.compare_exchange(0, 1, SeqCst, SeqCst).is_ok() {
                finish();
            }
        });
        if state.compare_exchange(0, 2, SeqCst, SeqCst).is_ok() {
            finish();
        }
    });
}

/// An appender waits for room with the logger locked; its dispatcher logs something itself before it makes room.
pub(crate) fn log4j_38137(version: Version) {
    let logger = Mutex::new(0);
    let (buffer, changed) = (Mutex::new(VecDeque::new()), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            for event in 0..2 {
                let mut held = logger.lock().unwrap();
                *held += 1;
                if version.is_mended() {
                    drop(held);
                }
                let mut buffer = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.len() == 1).unwrap();
                buffer.push_back(event);
                drop(buffer);
                changed.notify_all();
            }
        });
        scope.spawn(|| {
            for _ in 0..2 {
                drop(changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.is_empty()).unwrap());
                *logger.lock().unwrap() += 1;
                buffer.lock().unwrap().pop_front();
                changed.notify_all();
            }
        });
    });
}

/// The dispatcher dies of a bad event, and whoever logs waits for room for ever.
pub(crate) fn log4j_50463(version: Version) {
    let (buffer, changed) = (Mutex::new(VecDeque::new()), Condvar::new());
    let dead = AtomicBool::new(false);
    let (buffer, changed, dead) = (&buffer, &changed, &dead);
    thread::scope(|scope| {
        let dispatcher = scope.spawn(move || {
            for _ in 0..3 {
                let mut held = changed.wait_while(buffer.lock().unwrap(), |buffer| buffer.is_empty()).unwrap();
                let event = held.pop_front();
                drop(held);
                changed.notify_all();
                if event == Some("bad") {
                    if version.is_mended() {
                        let _held = buffer.lock().unwrap();
                        dead.store(true, SeqCst);
                        changed.notify_all();
                    }
                    panic!("a bad event");
                }
            }
        });
        for event in ["good", "bad", "good"] {
            let is_full = |buffer: &mut VecDeque<&str>| buffer.len() == 1 && !dead.load(SeqCst);
            changed.wait_while(buffer.lock().unwrap(), is_full).unwrap().push_back(event);
            changed.notify_all();
        }
        let waits = |buffer: &mut VecDeque<&str>| !buffer.is_empty() && !dead.load(SeqCst);
        drop(changed.wait_while(buffer.lock().unwrap(), waits).unwrap());
        assert!(dispatcher.join().is_err());
    });
}

/// The list of appenders is walked by its length, while another thread removes one.
pub(crate) fn log4j_54325(version: Version) {
    let appenders = Mutex::new(vec!["console", "file"]);
    thread::scope(|scope| {
        scope.spawn(|| {
            if version.is_mended() {
                assert!(appenders.lock().unwrap().iter().all(|name| !name.is_empty()));
                return;
            }
            let count = appenders.lock().unwrap().len();
            for index in 0..count {
                assert!(!appenders.lock().unwrap()[index].is_empty());
            }
        });
        scope.spawn(|| appenders.lock().unwrap().retain(|name| *name != "file"));
    });
}

/// Adding indexes holds the transaction and waits for merges to end; a merge cannot end without the transaction.
pub(crate) fn lucene_1544(version: Version) {
    let transaction = Mutex::new(0);
    let (merges, ended) = (Mutex::new(1), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            *transaction.lock().unwrap() += 1;
            *merges.lock().unwrap() -= 1;
            ended.notify_all();
        });
        scope.spawn(|| {
            let wait = || drop(ended.wait_while(merges.lock().unwrap(), |merges| *merges > 0).unwrap());
            if version.is_mended() {
                wait();
            }
            let mut transaction = transaction.lock().unwrap();
            wait();
            *transaction += 1;
        });
    });
}

/// An object that comes back to an exhausted pool is announced before it is there.
pub(crate) fn pool_120(version: Version) {
    let (idle, returned) = (Mutex::new(vec![1]), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let object = loop {
                    let mut idle = idle.lock().unwrap();
                    if let Some(object) = idle.pop() {
                        break object;
                    }
                    drop(returned.wait(idle).unwrap());
                };
                if version.is_mended() {
                    idle.lock().unwrap().push(object);
                    returned.notify_one();
                } else {
                    returned.notify_one();
                    idle.lock().unwrap().push(object);
                }
            });
        }
    });
}
