//! [`WaitGroup`].

use crate::cell::Plain;
use interleave::engine::{self, Clock, Mark, Object, Wait, WaitKind};
use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// As `crossbeam::sync::WaitGroup`.
pub struct WaitGroup {
    inner: Arc<Inner>,
    /// To wait is to leave: the destructor must not count it again.
    has_left: bool,
    /// Where it was made or cloned: a destructor cannot know where it is called.
    at: &'static Location<'static>,
}

impl UnwindSafe for WaitGroup {}
impl RefUnwindSafe for WaitGroup {}

struct Inner {
    object: Object,
    state: Plain<State>,
}

struct State {
    members: usize,
    clock: Clock,
}

impl Inner {
    fn members(&self) -> usize {
        self.state.with(|state| state.members)
    }

    /// One member less. Returns how many are left.
    fn leave(&self) -> usize {
        let left = self.state.with(|state| {
            engine::release(&mut state.clock);
            state.members -= 1;
            state.members
        });
        if left == 0 {
            engine::wake_all(self.object.id());
        }
        left
    }
}

impl WaitGroup {
    /// As `crossbeam::sync::WaitGroup::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Self {
        let state = Plain::new(State { members: 1, clock: Clock::new() });
        let inner = Arc::new(Inner { object: Object::new("wait group"), state });
        WaitGroup { inner, has_left: false, at: Location::caller() }
    }

    /// As `crossbeam::sync::WaitGroup::wait`.
    #[track_caller]
    pub fn wait(mut self) {
        let at = Location::caller();
        let inner = &self.inner;
        engine::point("wait", &inner.object);
        let left = inner.leave();
        engine::note(|| format!("{left} left"));
        self.has_left = true;
        while inner.members() > 0 {
            engine::block(Wait {
                kind: WaitKind::Other,
                operation: "wait",
                object: Some(inner.object.id()),
                holder: None,
                deadline: None,
                at,
            });
        }
        inner.state.with(|state| engine::acquire(&state.clock));
    }
}

impl Clone for WaitGroup {
    #[track_caller]
    fn clone(&self) -> Self {
        self.inner.state.with(|state| state.members += 1);
        WaitGroup { inner: Arc::clone(&self.inner), has_left: false, at: Location::caller() }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
        if self.has_left {
            return;
        }
        let operation = "drop wait group";
        let left = self.inner.members() - 1;
        if left == 0 {
            engine::point_at(operation, &self.inner.object, self.at);
        } else {
            // Nobody can notice, so nothing can happen before that would matter; but a reader wants to see it.
            let id = self.inner.object.id();
            engine::record(operation, Some(id), Mark::Done, || format!("{left} left"), self.at);
        }
        self.inner.leave();
    }
}

impl Default for WaitGroup {
    #[track_caller]
    fn default() -> Self {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WaitGroup").field("count", &self.inner.members()).finish()
    }
}
