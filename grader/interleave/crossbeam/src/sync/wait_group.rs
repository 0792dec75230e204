//! [`WaitGroup`].

use crate::cell::Plain;
use interleave::engine::{self, Clock, Mark, Object, Wait, WaitKind};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// As `crossbeam::sync::WaitGroup`.
pub struct WaitGroup {
    inner: Arc<Inner>,
    /// Where it was made or cloned: a destructor cannot know where it is called.
    at: &'static Location<'static>,
}

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
        WaitGroup { inner, at: Location::caller() }
    }

    /// As `crossbeam::sync::WaitGroup::wait`.
    #[track_caller]
    pub fn wait(self) {
        let at = Location::caller();
        let inner = Arc::clone(&self.inner);
        engine::point("wait", &inner.object);
        let left = inner.leave();
        engine::note(|| format!("{left} left"));
        // To wait is to leave; the destructor must not count it again. The group is kept alive by the clone above.
        let waiting = std::mem::ManuallyDrop::new(self);
        // SAFETY: `waiting` is never looked at again, so the count of references is given up once.
        drop(unsafe { std::ptr::read(&waiting.inner) });
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
        WaitGroup { inner: Arc::clone(&self.inner), at: Location::caller() }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
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
