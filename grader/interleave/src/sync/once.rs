//! [`Once`], and what [`OnceLock`](super::OnceLock) and [`LazyLock`](super::LazyLock) are made of.

use crate::engine::{self, Clock, Mark, Object, TaskId, Wait, WaitKind};
use std::cell::{Cell, UnsafeCell};
use std::fmt;
use std::marker::PhantomData;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// The stand-in for [`std::sync::Once`]. A closure that calls its own `Once` again waits for itself for ever, as with `std` on
/// Linux.
pub struct Once {
    object: Object,
    state: UnsafeCell<State>,
}

struct State {
    stage: Stage,
    clock: Clock,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Incomplete,
    Poisoned,
    Running(TaskId),
    Complete,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for Once {}
// SAFETY: as above.
unsafe impl Send for Once {}
impl UnwindSafe for Once {}
impl RefUnwindSafe for Once {}

/// The stand-in for [`std::sync::ONCE_INIT`].
#[allow(clippy::declare_interior_mutable_const)] // `std` has it, for code from before `const fn`
pub const ONCE_INIT: Once = Once::new();

/// The stand-in for [`std::sync::OnceState`].
pub struct OnceState {
    poisoned: bool,
    // Not shared between threads, as in `std`.
    _cell: PhantomData<Cell<()>>,
}

/// A closure of a [`Once`] that runs. Dropped while it unwinds, it poisons.
pub(super) struct Running<'a> {
    once: &'a Once,
    pub(super) was_poisoned: bool,
    at: &'static Location<'static>,
    then: Stage,
}

impl Once {
    /// As [`std::sync::Once::new`].
    #[allow(clippy::new_without_default)] // nor has the one of `std`
    #[track_caller]
    #[must_use]
    pub const fn new() -> Once {
        Once::of("once")
    }

    /// One that is shown as another kind of object.
    #[track_caller]
    pub(super) const fn of(kind: &'static str) -> Once {
        let state = State { stage: Stage::Incomplete, clock: Clock::new() };
        Once { object: Object::new(kind), state: UnsafeCell::new(state) }
    }

    /// Whether this is asked for the first time in the present execution: then nothing is initialised any more.
    pub(super) fn is_new(&self) -> bool {
        let is_new = self.object.is_new();
        if is_new {
            self.reset();
        }
        is_new
    }

    fn reset(&self) {
        // SAFETY: nothing in here switches tasks.
        unsafe {
            engine::with(&self.state, |state| {
                state.stage = Stage::Incomplete;
                state.clock.clear();
            });
        }
    }

    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // Every execution starts with nothing initialised.
        self.is_new();
        // SAFETY: no action here switches tasks.
        unsafe { engine::with(&self.state, action) }
    }

    /// How far it is, without telling anybody.
    pub(super) fn stage(&self) -> Stage {
        self.state(|state| state.stage)
    }

    /// Says how far it is, for an owner that nobody shares it with.
    pub(super) fn set_stage(&self, stage: Stage) {
        self.state(|state| state.stage = stage);
    }

    /// The step before looking. Once complete, it stays so: no other task could make a difference, and it is no point.
    #[track_caller]
    fn look(&self, operation: &'static str) {
        if self.stage() == Stage::Complete {
            engine::record(operation, Some(self.object.id()), Mark::Done, String::new, Location::caller());
        } else {
            engine::point(operation, &self.object);
        }
    }

    /// Whether it is complete; then all that its closure did happened before.
    #[track_caller]
    pub(super) fn look_whether_complete(&self, operation: &'static str) -> bool {
        self.look(operation);
        self.state(|state| {
            let complete = state.stage == Stage::Complete;
            if complete {
                engine::acquire(&state.clock);
            }
            complete
        })
    }

    /// Waits for the closure that runs, or for one that will.
    fn block(&self, operation: &'static str, holder: Option<TaskId>, at: &'static Location<'static>) {
        let object = Some(self.object.id());
        engine::block(Wait { kind: WaitKind::Other, operation, object, holder, deadline: None, at });
    }

    /// Begins to run a closure, unless one has run; `None` then. Waits for one that runs.
    ///
    /// # Panics
    /// If a closure panicked, and that is not to be ignored.
    #[track_caller]
    pub(super) fn begin(&self, operation: &'static str, ignore_poison: bool, poisoned: &str) -> Option<Running<'_>> {
        let at = Location::caller();
        self.look(operation);
        loop {
            match self.stage() {
                Stage::Complete => {
                    self.state(|state| engine::acquire(&state.clock));
                    return None;
                }
                Stage::Running(holder) => self.block(operation, Some(holder), at),
                Stage::Poisoned if !ignore_poison => panic!("{poisoned}"),
                stage => {
                    self.state(|state| {
                        state.stage = Stage::Running(engine::current());
                        engine::acquire(&state.clock);
                    });
                    let was_poisoned = stage == Stage::Poisoned;
                    return Some(Running { once: self, was_poisoned, at, then: Stage::Poisoned });
                }
            }
        }
    }

    /// Waits until a closure has run.
    ///
    /// # Panics
    /// If one panicked, and that is not to be ignored.
    #[track_caller]
    pub(super) fn wait_until_complete(&self, operation: &'static str, ignore_poison: bool) {
        let at = Location::caller();
        self.look(operation);
        loop {
            match self.stage() {
                Stage::Complete => return self.state(|state| engine::acquire(&state.clock)),
                Stage::Poisoned if !ignore_poison => panic!("Once instance has previously been poisoned"),
                Stage::Running(holder) => self.block(operation, Some(holder), at),
                _ => self.block(operation, None, at),
            }
        }
    }

    /// As [`std::sync::Once::call_once`].
    ///
    /// # Panics
    /// If the closure does, or an earlier one did.
    #[track_caller]
    pub fn call_once<F: FnOnce()>(&self, closure: F) {
        if let Some(running) = self.begin("call_once", false, "Once instance has previously been poisoned") {
            closure();
            running.complete();
        }
    }

    /// As [`std::sync::Once::call_once_force`].
    ///
    /// # Panics
    /// If the closure does.
    #[track_caller]
    pub fn call_once_force<F: FnOnce(&OnceState)>(&self, closure: F) {
        if let Some(running) = self.begin("call_once_force", true, "") {
            closure(&OnceState { poisoned: running.was_poisoned, _cell: PhantomData });
            running.complete();
        }
    }

    /// As [`std::sync::Once::is_completed`].
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        let completed = self.look_whether_complete("is_completed");
        engine::note(|| completed.to_string());
        completed
    }

    /// As [`std::sync::Once::wait`].
    ///
    /// # Panics
    /// If a closure panicked.
    #[track_caller]
    pub fn wait(&self) {
        self.wait_until_complete("wait", false);
    }

    /// As [`std::sync::Once::wait_force`].
    #[track_caller]
    pub fn wait_force(&self) {
        self.wait_until_complete("wait_force", true);
    }
}

impl Running<'_> {
    /// The closure has returned.
    pub(super) fn complete(mut self) {
        self.then = Stage::Complete;
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        engine::point_at("complete", &self.once.object, self.at);
        if self.then == Stage::Poisoned {
            engine::note(|| "by a panic".to_owned());
        }
        self.once.state(|state| {
            state.stage = self.then;
            engine::release(&mut state.clock);
        });
        engine::wake_all(self.once.object.id());
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Once").finish_non_exhaustive()
    }
}

impl OnceState {
    /// As [`std::sync::OnceState::is_poisoned`].
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.poisoned
    }
}

impl fmt::Debug for OnceState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OnceState").field("poisoned", &self.poisoned).finish()
    }
}
