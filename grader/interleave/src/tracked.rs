//! [`Tracked`]: a value that tells when two tasks race for it.

use crate::engine::{self, FailureKind, Moment, Object, TaskId};
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::Location;

/// A value for authors of scenarios. It takes no lock: whoever may touch it must have made sure of that by other means, which
/// is what a scenario finds out. The execution fails with [`FailureKind::Race`] when two tasks touch the value, one of them
/// writing, and neither access happens before the other. Luck does not help: the accesses need not coincide.
///
/// The engine does not see the counts of an `Arc`, so it does not know what they order: what others did before they gave their `Arc`
/// back, and what is done after `Arc::get_mut` or `Arc::try_unwrap`, or in the `Drop` of what was shared. There, use
/// [`get_mut`](Tracked::get_mut) and [`into_inner`](Tracked::into_inner): whoever can call them has no rival.
///
/// By vector clocks, after Flanagan and Freund, "FastTrack: Efficient and Precise Dynamic Race Detection",
/// PLDI 2009.
pub struct Tracked<T> {
    object: Object,
    state: UnsafeCell<State>,
    value: UnsafeCell<T>,
}

struct State {
    /// The last write. Those before it happened before it, or the execution would have failed.
    write: Option<Moment>,
    /// The last read of each task since the last write.
    reads: Vec<Moment>,
    /// Who is reading or writing at this moment.
    active: Vec<(TaskId, Access)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

// SAFETY: as for `std::sync::RwLock`. Two tasks never have access at the same time, one of them to write: the execution ends
// before the second one gets it.
unsafe impl<T: Send + Sync> Sync for Tracked<T> {}

impl<T> Tracked<T> {
    /// A value that no task has touched.
    #[track_caller]
    #[must_use]
    pub const fn new(value: T) -> Self {
        let state = State { write: None, reads: Vec::new(), active: Vec::new() };
        Tracked { object: Object::new("value"), state: UnsafeCell::new(state), value: UnsafeCell::new(value) }
    }

    /// Reads the value. Other tasks may run before and while that is done.
    ///
    /// # Panics
    /// If the same task is writing it.
    #[track_caller]
    pub fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let turn = self.begin(Access::Read);
        // SAFETY: nobody writes until the turn ends, or the execution ends before.
        let result = look(unsafe { &*self.value.get() });
        turn.end();
        result
    }

    /// Changes the value. Other tasks may run before and while that is done.
    ///
    /// # Panics
    /// If the same task is reading or writing it.
    #[track_caller]
    pub fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let turn = self.begin(Access::Write);
        // SAFETY: nobody else has access until the turn ends, or the execution ends before.
        let result = change(unsafe { &mut *self.value.get() });
        turn.end();
        result
    }

    /// A copy of the value.
    ///
    /// # Panics
    /// If the same task is writing it.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.read(|value| *value)
    }

    /// Replaces the value.
    ///
    /// # Panics
    /// If the same task is reading or writing it.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.write(|place| *place = value);
    }

    /// The value; whoever owns it has no rival, and has what others did with it behind him.
    #[must_use]
    pub fn into_inner(mut self) -> T {
        self.get_mut();
        self.value.into_inner()
    }

    /// Changes the value without a step of its own: whoever may call this has no rival, and has what others did with it behind him.
    pub fn get_mut(&mut self) -> &mut T {
        with(&self.object, &self.state, State::own);
        self.value.get_mut()
    }

    #[track_caller]
    fn begin(&self, access: Access) -> Turn<'_> {
        begin(&self.object, &self.state, access)
    }
}

/// One access in progress.
struct Turn<'a> {
    object: &'a Object,
    state: &'a UnsafeCell<State>,
    access: Access,
    at: &'static Location<'static>,
}

fn with<R>(object: &Object, state: &UnsafeCell<State>, action: impl FnOnce(&mut State) -> R) -> R {
    // SAFETY: no action here switches tasks or looks at the same state again.
    unsafe {
        engine::with(state, |state| {
            if object.is_new() {
                state.write = None;
                state.reads.clear();
                state.active.clear();
                object.id();
            }
            action(state)
        })
    }
}

#[track_caller]
fn begin<'a>(object: &'a Object, state: &'a UnsafeCell<State>, access: Access) -> Turn<'a> {
    engine::point(access.name(), object);
    if let Some(message) = with(object, state, |state| state.conflict(access)) {
        engine::fail(FailureKind::Race, message);
    }
    with(object, state, |state| state.active.push((engine::current(), access)));
    Turn { object, state, access, at: Location::caller() }
}

impl Turn<'_> {
    /// The other tasks' chance to come in between, then the end.
    fn end(self) {
        engine::point_at(self.access.end(), self.object, self.at);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let me = (engine::current(), self.access);
        with(self.object, self.state, |state| {
            if let Some(index) = state.active.iter().position(|active| *active == me) {
                state.active.swap_remove(index);
            }
            // As late as possible: what the task made known during the access does not include its end.
            state.touch(self.access);
        });
    }
}

impl Access {
    fn name(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Access::Read => "end of read",
            Access::Write => "end of write",
        }
    }
}

impl State {
    /// What speaks against an access by the running task, in words.
    ///
    /// # Panics
    /// If it is the task's own access in progress.
    fn conflict(&self, access: Access) -> Option<String> {
        let me = engine::current();
        let conflicts = |other: Access| access == Access::Write || other == Access::Write;
        let does = match access {
            Access::Read => "reads",
            Access::Write => "writes",
        };
        let active = self.active.iter().filter(|(_, other)| conflicts(*other));
        if let Some((task, other)) = active.max_by_key(|(task, _)| *task == me) {
            assert!(*task != me, "a task {does} a tracked value while it is accessing it already");
            let doing = match other {
                Access::Read => "reading",
                Access::Write => "writing",
            };
            return Some(format!("{} {does} it while {} is still {doing} it", name(me), name(*task)));
        }
        let unordered = |moment: &&Moment| moment.task != me && !engine::knows(**moment);
        let read = self.reads.iter().filter(|_| access == Access::Write).find(unordered);
        let (before, what) = match self.write.as_ref().filter(unordered) {
            Some(write) => (write, "write"),
            None => (read?, "read"),
        };
        Some(format!("{} {does} it while nothing orders this after {}'s {what}", name(me), name(before.task)))
    }

    /// The running task has the value for itself, which the borrow checker has proved: all accesses happened before.
    fn own(&mut self) {
        for moment in self.write.iter().chain(&self.reads) {
            engine::learn(*moment);
        }
        self.touch(Access::Write);
    }

    /// The running task has done this.
    fn touch(&mut self, access: Access) {
        let moment = engine::moment();
        match access {
            Access::Write => {
                self.write = Some(moment);
                self.reads.clear();
            }
            Access::Read => {
                self.reads.retain(|read| read.task != moment.task);
                self.reads.push(moment);
            }
        }
    }
}

fn name(task: TaskId) -> String {
    engine::name_of(task)
}

impl<T: Default> Default for Tracked<T> {
    #[track_caller]
    fn default() -> Self {
        Tracked::new(T::default())
    }
}

impl<T> fmt::Debug for Tracked<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tracked").finish_non_exhaustive()
    }
}
