//! What Go has and `std` has not, made of what `std` has: a wait group, and a channel that anybody may close.

use super::platform::sync::{Condvar, Mutex, MutexGuard};
use super::platform::time::Duration;
use std::collections::VecDeque;

/// As Go's `sync.WaitGroup`.
#[derive(Default)]
pub(crate) struct WaitGroup {
    count: Mutex<i32>,
    zero: Condvar,
}

impl WaitGroup {
    pub(crate) fn add(&self, delta: i32) {
        let mut count = self.count.lock().unwrap();
        *count += delta;
        assert!(*count >= 0, "negative counter of a wait group");
        if *count == 0 {
            self.zero.notify_all();
        }
    }

    pub(crate) fn done(&self) {
        self.add(-1);
    }

    pub(crate) fn wait(&self) {
        drop(self.zero.wait_while(self.count.lock().unwrap(), |count| *count > 0).unwrap());
    }
}

/// As Go's `chan`: shared by all who use it, closed by whoever likes; to send on one that is closed is a panic.
pub(crate) struct Channel<T> {
    capacity: usize,
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
    sent: usize,
    received: usize,
}

impl<T> Channel<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { items: VecDeque::new(), closed: false, sent: 0, received: 0 };
        Channel { capacity, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn send(&self, item: T) {
        let is_full = |state: &mut State<T>| !state.closed && state.items.len() >= self.capacity.max(1);
        let mut state = self.changed.wait_while(self.state.lock().unwrap(), is_full).unwrap();
        assert!(!state.closed, "send on a closed channel");
        let ticket = state.sent;
        state.sent += 1;
        state.items.push_back(item);
        self.changed.notify_all();
        if self.capacity == 0 {
            drop(self.changed.wait_while(state, |state| state.received <= ticket).unwrap());
        }
    }

    fn take(&self, mut state: MutexGuard<'_, State<T>>) -> Option<T> {
        let item = state.items.pop_front()?;
        state.received += 1;
        self.changed.notify_all();
        Some(item)
    }

    /// `None` when it is closed and empty.
    pub(crate) fn recv(&self) -> Option<T> {
        let is_empty = |state: &mut State<T>| !state.closed && state.items.is_empty();
        self.take(self.changed.wait_while(self.state.lock().unwrap(), is_empty).unwrap())
    }

    /// `None` also when nothing has come in time.
    pub(crate) fn recv_timeout(&self, timeout: Duration) -> Option<T> {
        let is_empty = |state: &mut State<T>| !state.closed && state.items.is_empty();
        self.take(self.changed.wait_timeout_while(self.state.lock().unwrap(), timeout, is_empty).unwrap().0)
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap();
        assert!(!state.closed, "close of a closed channel");
        state.closed = true;
        self.changed.notify_all();
    }
}
