//! Without the lock: loads, stores and adds that are one step each.

use super::objects::{array, entered, same_array, same_value, value};
use super::other_process::{four, inherited};
use harness::{actor, expect, expect_eq, fact, peer, quiesce};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};
use subject::SharedValue;

#[peer]
fn adds_without_the_lock(mut stream: UnixStream) {
    let value = SharedValue::from_fd(inherited()).expect("from_fd() takes an inherited descriptor");
    let _ = (stream.write_all(b"!"), stream.read(&mut [0]));
    stream.set_nonblocking(true).expect("a socket can be told not to block");
    let mut count = 0u64;
    // On until told to stop: that comes when everybody has come this far, so that all four run at the same time.
    loop {
        for _ in 0..ADDS {
            value.fetch_add(1);
        }
        count += ADDS;
        if count == ADDS {
            let _ = stream.write_all(b"!");
        }
        if stream.read(&mut [0]).is_ok() {
            break;
        }
    }
    let _ = stream.write_all(&count.to_le_bytes());
}

/// How often each of four processes adds at least.
const ADDS: u64 = 100_000;

/// `load`, `store`, `fetch_add`, `len`, `descriptor` and `from_fd` do not wait for the lock.
///
/// Next: an atomic operation needs no lock; and what never changes needs neither.
#[fact]
fn what_is_indivisible_takes_no_lock() {
    let (value, array) = (Arc::new(value(1)), Arc::new(array(&[1, 2])));
    let guards = (value.lock(), array.lock());
    let (their_value, their_array) = (Arc::clone(&value), Arc::clone(&array));
    let actor = actor("passer-by", move || {
        let (value, array) = (same_value(&their_value), same_array(&their_array));
        value.fetch_add(1);
        value.store(value.load() * 10);
        (their_value.load(), array.len(), array.is_empty())
    });
    quiesce();
    expect!(
        actor.has_finished(),
        "using objects of a locked memory without their lock",
        "nothing waits",
        "something waits for the lock"
    );
    expect_eq!(actor.finish(), (20, 2, false), "what was loaded, and the array's length");
    drop(guards);
}

/// `get` and `set` of a guard see and change the memory at once: others add and load without the lock.
///
/// Next: the guard keeps no copy of the value.
#[fact]
fn a_guard_keeps_no_copy() {
    let value = value(1);
    let same = same_value(&value);
    let mut guard = entered(value.lock(), "locking a new value");
    same.fetch_add(4);
    expect_eq!(guard.get(), 5, "get() when somebody has added 4 to 1 without the lock");
    guard.set(9);
    expect_eq!(same.load(), 9, "load() after set(9), before the guard is dropped");
    same.store(11);
    drop(guard);
    expect_eq!(same.load(), 11, "load() when the guard was dropped, after a store(11)");
}

/// Of 100 000 and more `fetch_add`s of each of four processes none is lost.
///
/// Next: one atomic instruction, not a load and a store.
#[fact]
fn no_add_of_four_processes_is_lost() {
    let value = value(0);
    let mut others = four("adds_without_the_lock", &value);
    others.iter_mut().for_each(|other| assert_eq!(other.hears(), b'!'));
    others.iter_mut().for_each(|other| other.says(b'!'));
    let counts = others.iter_mut().map(|other| u64::from_le_bytes(std::array::from_fn(|_| other.hears())));
    let count: u64 = counts.sum();
    expect_eq!(value.load() as u64, count, "the value when four processes have added 1 so often, all in all");
}

/// The value that is added to, and how often it has been interrupted for that.
static INTERRUPTED: AtomicPtr<SharedValue> = AtomicPtr::new(std::ptr::null_mut());

static INTERRUPTIONS: AtomicI64 = AtomicI64::new(0);

extern "C" fn add_from_a_signal(_: libc::c_int) {
    // SAFETY: the value outlives the timer.
    if let Some(value) = unsafe { INTERRUPTED.load(Ordering::Relaxed).as_ref() } {
        value.fetch_add(1);
        INTERRUPTIONS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends the calling thread a signal every so often while `work` runs.
fn interrupted_by_a_timer(work: impl FnOnce()) {
    // SAFETY: all structures are plain numbers that may be zero; the handler does nothing but atomic operations.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = add_from_a_signal as extern "C" fn(libc::c_int) as usize;
        action.sa_flags = libc::SA_RESTART;
        let mut event: libc::sigevent = std::mem::zeroed();
        (event.sigev_notify, event.sigev_signo) = (libc::SIGEV_THREAD_ID, libc::SIGUSR1);
        event.sigev_notify_thread_id = libc::gettid();
        let moment = libc::timespec { tv_sec: 0, tv_nsec: 50_000 };
        let mut timer = std::mem::zeroed();
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
        assert_eq!(libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer), 0);
        let times = libc::itimerspec { it_interval: moment, it_value: moment };
        assert_eq!(libc::timer_settime(timer, 0, &times, std::ptr::null_mut()), 0);
        work();
        libc::timer_delete(timer);
    }
}

/// An add is one step: a signal handler that interrupts it, and adds too, finds it not begun or done.
///
/// Next: one atomic instruction, not a load and a store: whatever comes between the two is lost.
#[fact]
fn an_add_cannot_be_interrupted() {
    let mut value = value(0);
    INTERRUPTED.store(&raw mut value, Ordering::Relaxed);
    let mut count = 0;
    interrupted_by_a_timer(|| {
        while INTERRUPTIONS.load(Ordering::Relaxed) < 500 {
            value.fetch_add(1);
            count += 1;
        }
    });
    count += INTERRUPTIONS.load(Ordering::Relaxed);
    expect_eq!(value.load(), count, "the value when so many adds, 500 of them from a signal handler, have been done");
}

/// Every `fetch_add` of several threads returns another number: none is lost and none is doubled.
///
/// Next: the previous value comes from the same indivisible step that adds.
#[fact]
fn every_add_returns_another_number() {
    const ADDS: i64 = 200_000;
    let one = value(0);
    let two = same_value(&one);
    let mut numbers: Vec<i64> = std::thread::scope(|scope| {
        let threads = [&one, &two, &one, &two]
            .map(|value| scope.spawn(|| (0..ADDS).map(|_| value.fetch_add(1)).collect::<Vec<_>>()));
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    numbers.sort_unstable();
    numbers.dedup();
    expect_eq!(
        numbers.len() as i64,
        4 * ADDS,
        "how many different numbers 4 × 200000 times fetch_add(1) have returned"
    );
    expect_eq!(one.load(), 4 * ADDS, "the value after that");
}
