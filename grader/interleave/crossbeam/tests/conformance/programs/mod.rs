//! Programs that know nothing of the grader. Their results do not depend on the schedule, so the stand-in must give what the
//! real crossbeam gives.

pub(crate) mod channel;
pub(crate) mod data;
pub(crate) mod rendezvous;
pub(crate) mod select;
pub(crate) mod sync;
pub(crate) mod threads;
pub(crate) mod time;

use super::crossbeam;
use super::{Arc, Duration, Instant, Mutex, thread};
use crossbeam::atomic::AtomicCell;
use crossbeam::channel::{Receiver, Select, Sender, after, at, bounded, never, select, select_biased, tick, unbounded};
use crossbeam::channel::{
    RecvError, RecvTimeoutError, SelectTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySelectError,
    TrySendError,
};
use crossbeam::deque::{Injector, Steal, Worker};
use crossbeam::queue::{ArrayQueue, SegQueue};
use crossbeam::sync::{Parker, ShardedLock, Unparker, WaitGroup};
use crossbeam::utils::{Backoff, CachePadded};

/// Long enough that nothing in a program takes as long.
const LONG: Duration = Duration::from_secs(20);

/// Long enough on the real crossbeam for other threads to come to where they wait.
const PAUSE: Duration = Duration::from_millis(100);

fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort();
    values
}
