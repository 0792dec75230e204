//! Guards an exploration against a wait in something real: a lock of a std that is not the stand-in, say, which the engine knows
//! nothing of. If another task holds it, the operating-system thread of all tasks waits for itself.
//!
//! The exploring thread cannot say so, hence a second one looks every now and then. Where it finds the first one in `futex`
//! without a time-out, over and over and without any step in between, it sends a signal; the handler runs on the stack of the task
//! that waits, and ends the execution there as at any other point. What the task holds stays held, as in all failed executions.
//!
//! It needs `/proc`. A caller that watches by itself uses [`explore_watched`](super::explore_watched).

use super::execution::real_wait;
use super::watch::{self, Own};
use std::fs;
use std::io;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How often is looked.
const LOOK: Duration = Duration::from_millis(100);

/// So many looks in a row that find the thread in the same wait are enough: no other thread of the process will end it.
const LOOKS: u32 = 10;

/// The default action is to ignore it, and few programs have a use for it.
const SIGNAL: i32 = libc::SIGURG;

/// While it lives, the thread that has made it is watched.
pub(super) struct Guard {
    _end: Sender<()>,
}

/// Begins to watch the calling thread; `None` if the system has no thread left for that.
pub(super) fn begin() -> Option<Guard> {
    static ONCE: Once = Once::new();
    ONCE.call_once(catch_signal);
    // SAFETY: `gettid` cannot fail.
    let id = unsafe { libc::gettid() };
    let own = watch::own();
    let (end, ended) = channel();
    thread::Builder::new().name("guard".into()).spawn(move || guard(id, own, &ended)).ok()?;
    Some(Guard { _end: end })
}

fn guard(id: i32, own: &'static Own, ended: &Receiver<()>) {
    let (mut known, mut looks) = (0, 0);
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        let progress = own.progress.load(Acquire);
        let stands = progress == known && waits(id).unwrap_or(false);
        (known, looks) = (progress, if stands { looks + 1 } else { 0 });
        if looks == LOOKS {
            looks = 0;
            own.asked.store(progress, Release);
            // SAFETY: `tgkill` takes three numbers; the worst it can do is refuse.
            unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), id, SIGNAL) };
        }
    }
}

/// Whether a thread of this process waits in `futex`, without a time-out.
fn waits(id: i32) -> io::Result<bool> {
    let line = fs::read_to_string(format!("/proc/self/task/{id}/syscall"))?;
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    // The number, then the arguments, of which the fourth is the time-out.
    let number = words.first().and_then(|word| word.parse().ok());
    Ok(number == Some(libc::SYS_futex) && words.get(4) == Some(&"0x0"))
}

fn catch_signal() {
    // SAFETY: the action is valid. Its handler may not return, so the signal is not blocked meanwhile.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_NODEFER | libc::SA_RESTART;
        libc::sigaction(SIGNAL, &raw const action, ptr::null_mut());
    }
}

/// Ends the execution if the thread still stands where it was seen. It was in a system call then, not in the middle of anything
/// that must be completed.
extern "C" fn on_signal(_: i32) {
    if watch::is_asked() {
        real_wait::give_up();
    }
}
