//! Stops a thread wherever it is, by a signal whose handler waits.

use harness::quiesce;
use std::os::raw::{c_int, c_ulong};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};

unsafe extern "C" {
    fn signal(signal: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn pthread_self() -> c_ulong;
    fn pthread_kill(thread: c_ulong, signal: c_int) -> c_int;
}

const SIGUSR1: c_int = 10;
static THREAD: AtomicU64 = AtomicU64::new(0);
static GATE: Mutex<()> = Mutex::new(());

extern "C" fn wait_at_the_gate(_: c_int) {
    drop(GATE.lock());
}

/// The calling thread may be stopped from now on.
pub(super) fn this_thread_may_be_stopped() {
    // SAFETY: the handler allocates nothing and locks nothing that the thread could have locked; the other call only looks.
    unsafe {
        signal(SIGUSR1, wait_at_the_gate);
        THREAD.store(pthread_self(), SeqCst);
    }
}

/// Returns when the thread stands still, as long as the guard lives.
pub(super) fn stop() -> MutexGuard<'static, ()> {
    let gate = GATE.lock().expect("no fact panics with the gate shut, and goes on");
    // SAFETY: the thread has said that it may be stopped, and has not been joined.
    unsafe { pthread_kill(THREAD.load(SeqCst), SIGUSR1) };
    quiesce();
    gate
}
