//! Fences, and what they need to know of each task and of the total order of `SeqCst` operations.

use super::ordering::{Ordering, acquires, releases};
use crate::engine::{self, Clock, Mark, Moment};
use std::cell::RefCell;
use std::panic::Location;

/// What fences know of the present execution.
struct Memory {
    epoch: u32,
    tasks: Vec<Pending>,
    /// How many `SeqCst` operations and fences there were: the next one's place in their total order.
    sequence: u32,
    /// What happened before some `SeqCst` fence.
    fenced: Clock,
    /// The `SeqCst` fences in their order. Only kept for weak memory.
    fences: Vec<SeqCstFence>,
}

/// What waits for a fence of one task, or has been prepared by one.
#[derive(Default)]
struct Pending {
    /// What relaxed loads would have learnt had they been acquire loads: an acquire fence learns it.
    read: Clock,
    /// What the task knew at its last release fence: its relaxed stores carry it.
    released: Clock,
}

struct SeqCstFence {
    moment: Moment,
    place: u32,
    /// What happened before this or an earlier `SeqCst` fence.
    fenced: Clock,
}

/// What a load may not ignore on behalf of the total order of `SeqCst` operations and fences.
pub(super) struct Horizon {
    /// `SeqCst` operations with a lower place.
    pub(super) place: u32,
    /// What happened before the fences that count.
    pub(super) fenced: Clock,
}

thread_local! {
    static MEMORY: RefCell<Memory> = const {
        RefCell::new(Memory { epoch: 0, tasks: Vec::new(), sequence: 0, fenced: Clock::new(), fences: Vec::new() })
    };
}

/// Looks at the memory of the present execution. `action` must not do so again.
fn memory<R>(action: impl FnOnce(&mut Memory) -> R) -> R {
    MEMORY.with_borrow_mut(|memory| {
        let epoch = engine::epoch();
        if memory.epoch != epoch {
            memory.epoch = epoch;
            for task in &mut memory.tasks {
                task.read.clear();
                task.released.clear();
            }
            memory.sequence = 0;
            memory.fenced.clear();
            memory.fences.clear();
        }
        action(memory)
    })
}

impl Memory {
    fn of_current(&mut self) -> &mut Pending {
        let index = engine::current().index();
        if self.tasks.len() <= index {
            self.tasks.resize_with(index + 1, Pending::default);
        }
        &mut self.tasks[index]
    }
}

/// The running task has read a store that carries `clock`, with an ordering that does not learn it.
pub(super) fn was_read_relaxed(clock: &Clock) {
    memory(|memory| memory.of_current().read.join(clock));
}

/// Adds what a relaxed store of the running task carries.
pub(super) fn add_released(clock: &mut Clock) {
    memory(|memory| clock.join(&memory.of_current().released));
}

/// The place of a further operation in the total order of `SeqCst` operations.
pub(super) fn next_place() -> u32 {
    memory(|memory| {
        memory.sequence += 1;
        memory.sequence
    })
}

/// What a load of the running task may not ignore: all that came earlier in the total order if it is part of that, else what
/// came before the last `SeqCst` fence that happened before it. `None` if there is no such fence.
pub(super) fn horizon(order: Ordering) -> Option<Horizon> {
    memory(|memory| {
        if order == Ordering::SeqCst {
            return Some(Horizon { place: u32::MAX, fenced: memory.fenced.clone() });
        }
        let fence = memory.fences.iter().rev().find(|fence| engine::knows(fence.moment))?;
        Some(Horizon { place: fence.place, fenced: fence.fenced.clone() })
    })
}

/// As [`std::sync::atomic::fence`].
///
/// # Panics
/// If `order` is [`Ordering::Relaxed`].
#[track_caller]
pub fn fence(order: Ordering) {
    assert!(order != Ordering::Relaxed, "there is no such thing as a relaxed fence");
    if !engine::is_exploring() {
        return;
    }
    if order == Ordering::SeqCst {
        engine::point_of_task("fence");
    } else {
        // No other task could notice whether it goes before or after this.
        engine::record("fence", None, Mark::Done, String::new, Location::caller());
    }
    engine::note(|| format!("{order:?}"));
    memory(|memory| {
        if acquires(order) {
            engine::acquire(&memory.of_current().read);
        }
        if order == Ordering::SeqCst && engine::weak_memory() {
            let moment = engine::moment();
            memory.sequence += 1;
            memory.fenced.join(&engine::clock_of_current());
            memory.fences.push(SeqCstFence { moment, place: memory.sequence, fenced: memory.fenced.clone() });
        }
        if releases(order) {
            engine::release_into(&mut memory.of_current().released);
        }
    });
}

/// As [`std::sync::atomic::compiler_fence`]: it orders nothing for other threads.
///
/// # Panics
/// If `order` is [`Ordering::Relaxed`].
#[track_caller]
pub fn compiler_fence(order: Ordering) {
    assert!(order != Ordering::Relaxed, "there is no such thing as a relaxed fence");
}
