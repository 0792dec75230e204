//! Threads with a part to play, and the moment when all of them have come to rest.

use crate::measures::own_id;
use crate::process::{shares, threads};
use probe::shares::Shares;
use probe::threads::{self, Standing};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long [`quiesce`] waits for rest. Only code that never comes to rest (it spins, or polls with a time-out) meets it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A named thread of a test's story.
#[derive(Debug)]
pub struct Actor<T> {
    name: String,
    id: Arc<AtomicU32>,
    handle: JoinHandle<T>,
}

/// Starts an actor. Its name appears in reports ("thread 'writer' waits on a lock …"): 15 bytes at most are shown.
///
/// # Panics
/// If the system refuses a thread.
pub fn actor<T: Send + 'static>(name: &str, part: impl FnOnce() -> T + Send + 'static) -> Actor<T> {
    let id = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&id);
    let handle = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            theirs.store(own_id(), Ordering::Relaxed);
            part()
        })
        .expect("the system has room for one more thread");
    Actor { name: name.to_owned(), id, handle }
}

impl<T> Actor<T> {
    /// Whether the actor has played its part to the end (or panicked). Exact after [`quiesce`].
    pub fn has_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Where the actor stands right now. Exact after [`quiesce`].
    pub fn standing(&self) -> Standing {
        let id = self.id.load(Ordering::Relaxed);
        let all = threads();
        all.threads.into_iter().find(|thread| thread.id == id).map_or(Standing::Ended, |thread| thread.standing)
    }

    /// The actor's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the end of the part and returns its result.
    ///
    /// # Panics
    /// With the actor's own panic, if it panicked.
    pub fn finish(self) -> T {
        self.handle.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    }

    /// Waits for the end of the part; `Err` holds the payload of the actor's panic.
    ///
    /// # Errors
    /// If the actor panicked.
    pub fn join(self) -> std::thread::Result<T> {
        self.handle.join()
    }
}

/// Returns when every other thread of this process is blocked, without a time-out, or has ended: nothing more can
/// happen until the caller acts. Exact, not timed: see [`threads::at_rest_in_both`].
///
/// # Panics
/// As an unmet expectation, if a thread does not come to rest within five seconds, not counting the time that others kept
/// this process from running: it is busy-waiting, or polls.
#[track_caller]
pub fn quiesce() {
    // The main thread is the test runner's: it waits for this one.
    let (me, main) = (own_id(), std::process::id());
    let look = || {
        let all = threads();
        all.of_interest(|thread| thread.id != me && thread.id != main && thread.standing != Standing::Ended)
    };
    let (start, before) = (Instant::now(), shares());
    let mut first = look();
    loop {
        let second = look();
        if threads::at_rest_in_both(&first, &second, |thread| thread.standing.waits_for_ever()) {
            return;
        }
        if start.elapsed() > PATIENCE && patience_is_over(start.elapsed(), before) {
            let restless: Vec<String> = second
                .threads
                .iter()
                .filter(|thread| !thread.standing.waits_for_ever())
                .map(|thread| format!("thread '{}' {}", thread.name, thread.standing.describe()))
                .collect();
            crate::unmet(
                "a thread that has nothing to do until another one acts",
                "it blocks: it neither runs nor looks again every so often",
                format!("after {} s {}", PATIENCE.as_secs(), restless.join(", ")),
            );
        }
        std::thread::sleep(Duration::from_micros(100));
        first = second;
    }
}

/// Whether a thread that was not kept waiting by the machine's other work would have come to rest by now.
fn patience_is_over(wall: Duration, before: Shares) -> bool {
    shares().since(before).counted(wall) > PATIENCE
}

/// Lets time pass: virtual time under exploration, real time otherwise. A part of a scenario's story ("the customer
/// arrives a second later"), never a way to wait for another thread.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}
