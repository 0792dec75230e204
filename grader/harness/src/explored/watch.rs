//! Watches over an exploration, since the thread that explores cannot always speak for itself: it may loop without any
//! operation that the engine knows of, wait in something real, overflow a stack, or be about to abort.
//!
//! A real thread looks every now and then and says the last word in its place. Where the code stood, the exploring thread
//! says as far as it can, from a signal handler.

use super::stack::Stack;
use super::{place, report, subject};
use crate::graded;
use crate::measures::own_id;
use crate::process::{shares, threads};
use interleave::engine;
use probe::explored as wire;
use probe::threads::Standing;
use std::backtrace::Backtrace;
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32};
use std::time::{Duration, Instant};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(100);

/// So much processor time without any operation is a loop.
const BUSY: Duration = Duration::from_secs(2);

/// So long without any operation, and not kept from a core by others, is a wait in something real, whether it has a time-out or is
/// begun over and over.
const ASLEEP: Duration = Duration::from_secs(5);

/// So much processor time is more than any scenario needs: its code computes too much between its operations.
const MOST: Duration = Duration::from_secs(20);

/// How long is waited for the exploring thread to say where it stands.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often it is asked.
const LOOKS: u32 = 20;

/// The stack of the signal handler, in bytes: an overflow is reported from there.
const STACK: usize = 256 << 10;

/// Set by whoever says the last word.
static SPOKEN: AtomicBool = AtomicBool::new(false);

/// The thread that explores.
static EXPLORER: AtomicU32 = AtomicU32::new(0);

/// What would have killed the exploring thread; 0 while it is well.
static STRUCK: AtomicI32 = AtomicI32::new(0);

/// Where the exploring thread stood.
static STOOD: AtomicPtr<Backtrace> = AtomicPtr::new(ptr::null_mut());

/// The signal that asks the exploring thread where it stands.
const ASK: i32 = libc::SIGPROF;

/// Begins to watch the calling thread. `at_length`: it may take as long as it likes.
pub(super) fn begin(begun: Instant, at_length: bool) {
    EXPLORER.store(own_id(), Release);
    catch_signals();
    let most = if at_length { Duration::MAX } else { MOST };
    std::thread::spawn(move || watch(begun, subject(), most));
}

/// The exploration is over, and its result is the calling thread's to tell. Does not return if the watcher has begun to speak.
pub(super) fn end() {
    while SPOKEN.swap(true, AcqRel) {
        std::thread::park();
    }
}

fn watch(begun: Instant, subject: &str, most: Duration) {
    let (mut known, mut since, mut then) = (0, crate::cpu_time(), (Instant::now(), shares()));
    let mut waited = false;
    let kind = loop {
        std::thread::sleep(LOOK);
        if SPOKEN.load(Acquire) {
            return;
        }
        match STRUCK.load(Acquire) {
            0 => {}
            libc::SIGABRT => break "abort",
            _ => break "overflow",
        }
        let (progress, _) = engine::progress();
        let (waits, now) = (explorer_waits(), crate::cpu_time());
        if now >= most {
            break "too_long";
        } else if progress != known {
            (known, since, then, waited) = (progress, now, (Instant::now(), shares()), false);
        } else if waits && waited {
            break "real_wait";
        } else if now.saturating_sub(since) >= BUSY {
            break "silence";
        } else if shares().since(then.1).counted(then.0.elapsed()) >= ASLEEP {
            break "real_wait";
        } else {
            waited = waits;
        }
    };
    if SPOKEN.swap(true, AcqRel) {
        return;
    }
    if graded::is_out_of_memory() {
        // That has been told, and whatever came after follows from it.
        // SAFETY: `_exit` only ends the process.
        unsafe { libc::_exit(1) }
    }
    let (steps, last) = engine::progress();
    let panics = if kind == "abort" { engine::last_panics() } else { engine::LastPanics::default() };
    // When a panic becomes the end, its own frames are unwound already.
    let panicked = panics.second.map(place);
    let stood = panicked.or_else(|| where_it_stands(subject));
    let found = wire::Found {
        kind: kind.to_owned(),
        about: panics.first.unwrap_or_default(),
        // Whether the place is where it stood, or only where it was heard of last.
        seen: if stood.is_some() { "stood" } else { "" }.to_owned(),
        place: stood.or_else(|| last.map(place)),
        ..wire::Found::default()
    };
    let micros = begun.elapsed().as_micros() as u64;
    report(wire::Explored { covered: Vec::new(), steps, micros, found: Some(found), programs: 0 });
}

fn explorer_waits() -> bool {
    let explorer = EXPLORER.load(Acquire);
    let explorer = threads().threads.into_iter().find(|thread| thread.id == explorer);
    explorer.is_some_and(|thread| thread.standing.waits_for_ever() && thread.standing != Standing::Ended)
}

/// The innermost place in the submission, if the exploring thread can say it.
fn where_it_stands(subject: &str) -> Option<wire::Place> {
    let is_struck = STRUCK.load(Acquire) != 0;
    // Between the instructions of a line there are some that belong to none: then another look helps.
    for _ in 0..if is_struck { 1 } else { LOOKS } {
        if !is_struck {
            // SAFETY: `tgkill` takes three numbers; the worst it can do is refuse.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), EXPLORER.load(Acquire), ASK) };
        }
        let asked = Instant::now();
        while STOOD.load(Acquire).is_null() && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        let stood = STOOD.swap(ptr::null_mut(), AcqRel);
        if stood.is_null() {
            return None;
        }
        // SAFETY: from `Box::into_raw`, and taken out above: nobody else has it.
        let stood = unsafe { Box::from_raw(stood) };
        let place = Stack::of(&stood.to_string(), subject, "").innermost;
        if place.is_some() {
            return place;
        }
    }
    None
}

fn catch_signals() {
    // SAFETY: the stack is leaked; the actions are valid, and their handler is the function below.
    unsafe {
        let room: &'static mut [u8] = Vec::leak(vec![0; STACK]);
        let stack = libc::stack_t { ss_sp: room.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        libc::sigaltstack(&raw const stack, ptr::null_mut());
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, ASK] {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as usize;
            action.sa_flags = libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
}

/// Says where the exploring thread stands; stops it there if it was struck.
///
/// Capturing a backtrace is nothing that a signal handler should do: the interrupted code may be in the middle of allocating.
/// Then this hangs, and the watcher goes on without.
extern "C" fn on_signal(signal: i32) {
    // SAFETY: plain system calls. What strikes another thread, and the end of all memory, take their usual course: the
    // second has been told by the allocator.
    unsafe {
        if own_id() != EXPLORER.load(Acquire) || signal == libc::SIGABRT && graded::is_out_of_memory() {
            // What aborts in C does not always say so.
            let word = "(struck on a thread that explores nothing, or after the end of all memory)\n";
            libc::write(2, word.as_ptr().cast(), word.len());
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
            return;
        }
    }
    if signal != ASK {
        STRUCK.store(signal, Release);
    }
    STOOD.store(Box::into_raw(Box::new(Backtrace::force_capture())), Release);
    if signal == ASK {
        return;
    }
    loop {
        // SAFETY: `pause` only waits.
        unsafe { libc::pause() };
    }
}
