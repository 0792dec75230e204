//! What every textbook warns of: Herlihy, Shavit, "The Art of Multiprocessor Programming"; Downey, "The Little Book of Semaphores";
//! Lu, Park, Seo, Zhou, "Learning from Mistakes", ASPLOS 2008.

use super::bug::{Bug, Version, bug};
use super::go::Channel;
use super::platform::channel::{self, select};
use super::platform::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering, fence};
use super::platform::sync::{Arc, Condvar, Mutex, RwLock};
use super::platform::tracked::Tracked;
use super::platform::{hint, thread};
use Ordering::{Acquire, Relaxed, Release, SeqCst};
use interleave::engine::FailureKind::{Deadlock, Livelock, LostWakeup, Panic, Race};

corpus! {
    "classic";
    aba: bug("Treiber's stack, ABA", Panic);
    barrier_reused: bug("a barrier with one turnstile", Panic);
    closed_twice: bug("a channel closed by two", Panic);
    daemon: bug("a daemon that nobody waits for", Panic).with_leftovers();
    double_checked: bug("double-checked initialisation", Race).with_weak_memory();
    message_passing: bug("message passing without release and acquire", Panic).with_weak_memory();
    never_told: bug("a value without a notification", Deadlock);
    notify_before_wait: bug("a notification without a state", LostWakeup);
    parked_twice: bug("two tokens are one", LostWakeup);
    peterson: bug("Peterson's lock, the two writes swapped", Panic);
    peterson_relaxed: bug("Peterson's lock without fences", Panic).with_weak_memory();
    polite: bug("two who give way to each other", Livelock);
    select_either: bug("two channels, both ready", Panic);
    sleeping_barber: bug("the sleeping barber", LostWakeup);
    spurious: bug("a wait without a loop", Panic);
    store_buffering: bug("Dekker's litmus test", Panic).with_weak_memory();
    upgrade: bug("two readers that want to become writers", Deadlock);
}

/// A popper compares the head with what it was, and it is the same again, but what is below is not.
pub(crate) fn aba(version: Version) {
    const NONE: usize = usize::MAX;
    // With a tag in the upper half that each change increases.
    let head = AtomicUsize::new(0);
    let next = [1, 2, NONE].map(AtomicUsize::new);
    let owned = [const { AtomicBool::new(false) }; 3];
    let tag = |old: usize| if version.is_mended() { ((old >> 8) + 1) << 8 } else { 0 };
    let pop = || {
        loop {
            let old = head.load(SeqCst);
            let node = old & 0xff;
            if node == 0xff {
                return None;
            }
            let below = next[node].load(SeqCst) & 0xff;
            if head.compare_exchange(old, tag(old) | below, SeqCst, SeqCst).is_ok() {
                assert!(!owned[node].swap(true, SeqCst), "node {node} is popped twice");
                return Some(node);
            }
        }
    };
    let push = |node: usize| {
        loop {
            let old = head.load(SeqCst);
            next[node].store(old & 0xff, SeqCst);
            if head.compare_exchange(old, tag(old) | node, SeqCst, SeqCst).is_ok() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            pop();
            pop();
        });
        scope.spawn(|| {
            let (first, _second) = (pop(), pop());
            if let Some(first) = first {
                owned[first].store(false, SeqCst);
                push(first);
            }
        });
    });
}

/// Who leaves a barrier last opens it for the next round; one who is quick comes round again before the others have left.
pub(crate) fn barrier_reused(version: Version) {
    struct State {
        arrived: usize,
        round: usize,
    }
    let (state, all_here) = (Mutex::new(State { arrived: 0, round: 0 }), Condvar::new());
    let rounds = [const { AtomicUsize::new(0) }; 2];
    let wait = || {
        let mut held = state.lock().unwrap();
        let round = held.round;
        held.arrived += 1;
        if version.is_mended() {
            if held.arrived == 2 {
                held.arrived = 0;
                held.round += 1;
                all_here.notify_all();
            } else {
                drop(all_here.wait_while(held, |state| state.round == round).unwrap());
            }
        } else if held.arrived % 2 == 0 {
            all_here.notify_all();
        } else {
            drop(all_here.wait_while(held, |state| state.arrived < 2).unwrap());
        }
    };
    thread::scope(|scope| {
        for thread in 0..2 {
            let (rounds, wait) = (&rounds, &wait);
            scope.spawn(move || {
                for round in 0..3 {
                    rounds[thread].store(round, SeqCst);
                    wait();
                    assert!(rounds[1 - thread].load(SeqCst) >= round);
                }
            });
        }
    });
}

/// Two ways out of a stream both find its channel open, and both close it.
pub(crate) fn closed_twice(version: Version) {
    let quit = Channel::<()>::new(0);
    let (open, once) = (AtomicBool::new(true), AtomicBool::new(true));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mine = match version {
                    Version::Broken => open.load(SeqCst),
                    Version::Mended => once.swap(false, SeqCst),
                };
                if mine {
                    quit.close();
                    open.store(false, SeqCst);
                }
            });
        }
    });
}

/// A logger's thread takes entries for ever; to flush is to wait for an empty queue, but the last entry is not yet written.
pub(crate) fn daemon(version: Version) {
    let queue = Arc::new((Mutex::new((vec![1, 2], 0)), Condvar::new(), Condvar::new()));
    let theirs = Arc::clone(&queue);
    thread::spawn(move || {
        let (state, filled, written) = &*theirs;
        loop {
            let mut held = filled.wait_while(state.lock().unwrap(), |(entries, _)| entries.is_empty()).unwrap();
            held.0.pop();
            if !version.is_mended() {
                drop(held);
                held = state.lock().unwrap();
            }
            held.1 += 1;
            written.notify_all();
        }
    });
    let (state, _, written) = &*queue;
    let held = written.wait_while(state.lock().unwrap(), |(entries, _)| !entries.is_empty()).unwrap();
    assert_eq!(held.1, 2, "not all entries are written");
}

/// The flag says that the value is there, but reading the flag does not make the value visible.
pub(crate) fn double_checked(version: Version) {
    let (load, store) = if version.is_mended() { (Acquire, Release) } else { (Relaxed, Relaxed) };
    let (ready, lock, value) = (AtomicBool::new(false), Mutex::new(()), Tracked::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                if !ready.load(load) {
                    let _lock = lock.lock().unwrap();
                    if !ready.load(Relaxed) {
                        value.set(42);
                        ready.store(true, store);
                    }
                }
                assert_eq!(value.get(), 42);
            });
        }
    });
}

/// The flag is seen, and the value written before it is not.
pub(crate) fn message_passing(version: Version) {
    let (load, store) = if version.is_mended() { (Acquire, Release) } else { (Relaxed, Relaxed) };
    let (flag, value) = (AtomicBool::new(false), AtomicI32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            value.store(42, Relaxed);
            flag.store(true, store);
        });
        if flag.load(load) {
            assert_eq!(value.load(Relaxed), 42);
        }
    });
}

/// What is waited for neither comes nor is announced if the one who has it finds nobody to give it to; a wait that ended for no
/// reason would find nothing.
pub(crate) fn never_told(version: Version) {
    let (value, come) = (Mutex::new(None), Condvar::new());
    let wanted = AtomicBool::new(version.is_mended());
    thread::scope(|scope| {
        scope.spawn(|| {
            wanted.store(true, SeqCst);
            let mut held = value.lock().unwrap();
            if version.is_mended() {
                held = come.wait_while(held, |value| value.is_none()).unwrap();
            } else if held.is_none() {
                held = come.wait(held).unwrap();
            }
            assert_eq!(held.take(), Some(42));
        });
        if wanted.load(SeqCst) {
            *value.lock().unwrap() = Some(42);
            come.notify_one();
        }
    });
}

/// Who is notified before it waits waits for ever.
pub(crate) fn notify_before_wait(version: Version) {
    let (here, come) = (Mutex::new(false), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = here.lock().unwrap();
            if version.is_mended() {
                drop(come.wait_while(held, |here| !*here).unwrap());
            } else {
                drop(come.wait(held).unwrap());
            }
        });
        *here.lock().unwrap() = true;
        come.notify_one();
    });
}

/// A thread parks once for each of two who unpark it, but tokens do not add up.
pub(crate) fn parked_twice(version: Version) {
    let (first, second) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let waiter = thread::current();
        let other = waiter.clone();
        let (first, second) = (&first, &second);
        scope.spawn(move || {
            first.store(true, SeqCst);
            waiter.unpark();
        });
        scope.spawn(move || {
            second.store(true, SeqCst);
            other.unpark();
        });
        for flag in [first, second] {
            if version.is_mended() {
                while !flag.load(SeqCst) {
                    thread::park();
                }
            } else {
                // Two tokens that come at once are one.
                thread::park();
            }
        }
    });
}

fn peterson_lock(
    wants: &[AtomicBool; 2],
    turn: &AtomicUsize,
    mine: usize,
    swapped: bool,
    load: Ordering,
    store: Ordering,
) {
    if swapped {
        turn.store(1 - mine, store);
        wants[mine].store(true, store);
    } else {
        wants[mine].store(true, store);
        turn.store(1 - mine, store);
    }
    if store == SeqCst {
        fence(SeqCst);
    }
    while wants[1 - mine].load(load) && turn.load(load) == 1 - mine {
        hint::spin_loop();
    }
}

fn peterson_with(swapped: bool, load: Ordering, store: Ordering) {
    let wants = [const { AtomicBool::new(false) }; 2];
    let (turn, inside) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for mine in 0..2 {
            let (wants, turn, inside) = (&wants, &turn, &inside);
            scope.spawn(move || {
                peterson_lock(wants, turn, mine, swapped, load, store);
                assert!(!inside.swap(true, SeqCst), "both are inside");
                inside.store(false, SeqCst);
                wants[mine].store(false, store);
            });
        }
    });
}

/// Who wants to enter gives way first, and says that it wants to afterwards.
pub(crate) fn peterson(version: Version) {
    peterson_with(!version.is_mended(), SeqCst, SeqCst);
}

/// Each reads the other's wish before its own is visible.
pub(crate) fn peterson_relaxed(version: Version) {
    match version {
        Version::Broken => peterson_with(false, Acquire, Release),
        Version::Mended => peterson_with(false, SeqCst, SeqCst),
    }
}

/// Each takes one lock, tries the other, and gives its own up if it fails: for ever, in step.
pub(crate) fn polite(version: Version) {
    let locks = [Mutex::new(0), Mutex::new(0)];
    thread::scope(|scope| {
        for mine in 0..2 {
            let locks = &locks;
            scope.spawn(move || {
                loop {
                    let (one, other) = if version.is_mended() { (0, 1) } else { (mine, 1 - mine) };
                    let one = locks[one].lock().unwrap();
                    thread::yield_now();
                    if locks[other].try_lock().is_ok() {
                        return;
                    }
                    thread::yield_now();
                    drop(one);
                }
            });
        }
    });
}

/// When work and the word to stop have both come, either may be taken: that the work came later is no reason for it to be
/// left.
pub(crate) fn select_either(version: Version) {
    let (update, updates) = channel::unbounded();
    let (stop, stopped) = channel::unbounded::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut is_stopped = false;
            loop {
                select! {
                    recv(stopped) -> _ => return,
                    recv(updates) -> update => {
                        if version.is_mended() && stopped.try_recv().is_err_and(|error| error.is_disconnected()) {
                            return;
                        }
                        let Ok(closed) = update else { return };
                        is_stopped |= closed;
                        assert!(!is_stopped, "an update of what is closed");
                    }
                }
            }
        });
        update.send(false).unwrap();
        drop(stop);
        _ = update.send(true);
    });
}

/// A barber who finds nobody goes to sleep, and a customer who finds him awake does not wake him: both happen at once.
pub(crate) fn sleeping_barber(version: Version) {
    let (customers, asleep) = (Mutex::new(0), AtomicBool::new(false));
    let wake = Condvar::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut held = customers.lock().unwrap();
            if version.is_mended() {
                held = wake.wait_while(held, |customers| *customers == 0).unwrap();
            } else if *held == 0 {
                drop(held);
                asleep.store(true, SeqCst);
                held = wake.wait(customers.lock().unwrap()).unwrap();
            }
            *held -= 1;
        });
        *customers.lock().unwrap() += 1;
        if version.is_mended() || asleep.load(SeqCst) {
            wake.notify_one();
        }
    });
}

/// A wait may end for no reason, and then there is nothing.
pub(crate) fn spurious(version: Version) {
    let (value, come) = (Mutex::new(None), Condvar::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut held = value.lock().unwrap();
            if version.is_mended() {
                held = come.wait_while(held, |value| value.is_none()).unwrap();
            } else if held.is_none() {
                held = come.wait(held).unwrap();
            }
            assert_eq!(held.take(), Some(42));
        });
        *value.lock().unwrap() = Some(42);
        come.notify_one();
    });
}

/// Both write their own and read the other's, and both read the old value.
pub(crate) fn store_buffering(version: Version) {
    let flags = [const { AtomicBool::new(false) }; 2];
    let saw = [const { AtomicBool::new(false) }; 2];
    thread::scope(|scope| {
        for mine in 0..2 {
            let (flags, saw) = (&flags, &saw);
            scope.spawn(move || {
                flags[mine].store(true, Relaxed);
                if version.is_mended() {
                    fence(SeqCst);
                }
                saw[mine].store(flags[1 - mine].load(Relaxed), Relaxed);
            });
        }
    });
    assert!(saw.iter().any(|saw| saw.load(Relaxed)));
}

/// Two have read, and each waits for the other to have done with it before it writes.
pub(crate) fn upgrade(version: Version) {
    let value = RwLock::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let read = value.read().unwrap();
                let seen = *read;
                let kept = if version.is_mended() {
                    drop(read);
                    None
                } else {
                    Some(read)
                };
                *value.write().unwrap() = seen + 1;
                drop(kept);
            });
        }
    });
}
