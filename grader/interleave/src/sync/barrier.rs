//! [`Barrier`].

use crate::engine::{self, Clock, Object, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{Location, RefUnwindSafe};

/// The stand-in for [`std::sync::Barrier`]. The last one to arrive leads, as with `std`; who is last is up to the schedule.
pub struct Barrier {
    object: Object,
    count: usize,
    state: UnsafeCell<State>,
}

struct State {
    arrived: usize,
    /// How often the barrier has opened.
    generation: usize,
    /// What those did before who have arrived since.
    arriving: Clock,
    /// What those did before for whom the barrier has opened last.
    passed: Clock,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for Barrier {}
// SAFETY: as above.
unsafe impl Send for Barrier {}
impl RefUnwindSafe for Barrier {}

/// The stand-in for [`std::sync::BarrierWaitResult`].
pub struct BarrierWaitResult(bool);

impl Barrier {
    /// As [`std::sync::Barrier::new`].
    #[track_caller]
    #[must_use]
    pub const fn new(count: usize) -> Barrier {
        let state = State { arrived: 0, generation: 0, arriving: Clock::new(), passed: Clock::new() };
        Barrier { object: Object::new("barrier"), count, state: UnsafeCell::new(state) }
    }

    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe {
            engine::with(&self.state, |state| {
                if self.object.is_new() {
                    // Those who wait since an abandoned execution wait no more.
                    state.arrived = 0;
                    state.arriving.clear();
                    state.passed.clear();
                }
                action(state)
            })
        }
    }

    /// As [`std::sync::Barrier::wait`].
    #[track_caller]
    pub fn wait(&self) -> BarrierWaitResult {
        let at = Location::caller();
        engine::point("wait", &self.object);
        let (generation, is_leader) = self.state(|state| {
            let generation = state.generation;
            state.arrived += 1;
            engine::release(&mut state.arriving);
            let is_last = state.arrived >= self.count;
            if is_last {
                state.arrived = 0;
                state.generation = generation.wrapping_add(1);
                state.passed = std::mem::take(&mut state.arriving);
            }
            (generation, is_last)
        });
        if is_leader {
            engine::note(|| "the last to arrive".to_owned());
            engine::wake_all(self.object.id());
        }
        while self.state(|state| state.generation) == generation {
            let object = Some(self.object.id());
            engine::block(Wait { kind: WaitKind::Other, operation: "wait", object, holder: None, deadline: None, at });
        }
        self.state(|state| engine::acquire(&state.passed));
        BarrierWaitResult(is_leader)
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl BarrierWaitResult {
    /// As [`std::sync::BarrierWaitResult::is_leader`].
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.0
    }
}

impl fmt::Debug for BarrierWaitResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BarrierWaitResult").field("is_leader", &self.0).finish()
    }
}
