//! The memory model: what a location remembers of the stores to it, and which of them a load may read.
//!
//! The order in which stores are executed is their modification order. Without weak memory only the newest one is kept, for
//! what it carries. With it:
//! - for each store and load it is remembered who *saw* which store when. A load that this happened before may not read
//!   an older store: that is coherence, all four cases of it.
//! - The total order of `SeqCst` operations and fences is the order of execution, too. A load that would come before a store,
//!   or before a load of it, only by reading something older must not contradict that order; see [`fence::horizon`].
//!
//! That is enough since nothing else can point back in time: a load that ignores a store comes before it, although it is
//! executed later. Batty, Owens, Sarkar, Sewell, Weber: "Mathematizing C++ Concurrency", POPL 2011; Lahav, Vafeiadis, Kang,
//! Hur, Dreyer: "Repairing Sequential Consistency in C/C++11", PLDI 2017 (which became P0668).

use super::fence;
use super::ordering::{Ordering, acquires, releases};
use crate::engine::{self, Clock, Moment, Object};
use std::cell::UnsafeCell;

/// How many stores a load may look back.
const REMEMBERED: usize = 16;

/// How often in a row a task may read the same store that is not the newest.
const PATIENCE: u32 = 3;

/// Where a value lives; the newest value itself is kept by its owner, and passed in as bits.
pub(super) struct Location {
    pub(super) object: Object,
    state: UnsafeCell<State>,
}

struct State {
    /// The stores, the newest last. Never empty once the location is in use.
    stores: Vec<Store>,
    /// The number, in modification order, of the first of `stores`.
    first: u32,
    seen: Vec<Seen>,
    /// For `SeqCst` operations: the place in their total order, and the number of the store read or made. Both ascend.
    sequenced: Vec<(u32, u32)>,
    habits: Vec<Habit>,
}

struct Store {
    bits: u64,
    /// What whoever reads it with acquire ordering learns.
    clock: Clock,
}

/// Somebody has read or made a store.
struct Seen {
    moment: Moment,
    store: u32,
}

/// What a task did here last, so that it does not do so for ever.
#[derive(Clone, Default)]
struct Habit {
    stale: u32,
    times: u32,
    failed: bool,
}

impl Location {
    #[track_caller]
    pub(super) const fn new() -> Self {
        let state = State { stores: Vec::new(), first: 0, seen: Vec::new(), sequenced: Vec::new(), habits: Vec::new() };
        Location { object: Object::new("atomic"), state: UnsafeCell::new(state) }
    }

    fn state<R>(&self, newest: u64, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks, or looks at this location again.
        unsafe {
            engine::with(&self.state, |state| {
                // What an abandoned execution remembered is void, and so it is when the value was written through `get_mut`
                // or a pointer: nobody else had access then.
                let is_known = state.stores.last().is_some_and(|store| store.bits == newest);
                if self.object.is_new() || !is_known {
                    state.reset(newest);
                    self.object.id();
                }
                action(state)
            })
        }
    }

    /// The bits that a load reads.
    pub(super) fn load(&self, newest: u64, order: Ordering) -> u64 {
        if !engine::is_exploring() {
            return newest;
        }
        self.state(newest, |state| {
            let store = if engine::weak_memory() { state.pick(order) } else { state.newest() };
            state.read(store, order);
            state.stores[(store - state.first) as usize].bits
        })
    }

    /// A read-modify-write that does not write has read the newest store.
    pub(super) fn load_newest(&self, newest: u64, order: Ordering) {
        if engine::is_exploring() {
            self.state(newest, |state| state.read(state.newest(), order));
        }
    }

    /// A plain store replaces the newest one.
    pub(super) fn store(&self, old: u64, new: u64, order: Ordering) {
        if engine::is_exploring() {
            self.state(old, |state| {
                let store = state.push(new);
                state.carry(store, order);
            });
        }
    }

    /// A read-modify-write has read the newest store and replaces it.
    pub(super) fn update(&self, old: u64, new: u64, order: Ordering) {
        if engine::is_exploring() {
            self.state(old, |state| {
                state.read(state.newest(), order);
                state.push_continuing(new);
                state.carry(state.newest(), order);
            });
        }
    }

    /// Whether an exchange that could be made fails nonetheless. Not twice in a row for the same task.
    pub(super) fn fails_for_no_reason(&self, newest: u64) -> bool {
        if !engine::weak_memory() {
            return false;
        }
        self.state(newest, |state| {
            let habit = state.habit();
            habit.failed = !habit.failed && engine::choose(2) == 1;
            habit.failed
        })
    }
}

impl State {
    fn reset(&mut self, newest: u64) {
        self.stores.truncate(1);
        match self.stores.first_mut() {
            Some(store) => {
                store.bits = newest;
                store.clock.clear();
            }
            None => self.stores.push(Store { bits: newest, clock: Clock::new() }),
        }
        self.first = 0;
        self.seen.clear();
        self.sequenced.clear();
        self.habits.clear();
    }

    fn newest(&self) -> u32 {
        self.first + self.stores.len() as u32 - 1
    }

    fn habit(&mut self) -> &mut Habit {
        let task = engine::current().index();
        if self.habits.len() <= task {
            self.habits.resize(task + 1, Habit::default());
        }
        &mut self.habits[task]
    }

    /// Which store a load reads: any one from the oldest that it may to the newest, which is the usual one.
    fn pick(&mut self, order: Ordering) -> u32 {
        let (mut oldest, newest) = (self.oldest(order), self.newest());
        let habit = self.habit();
        if habit.times >= PATIENCE && habit.stale >= oldest && habit.stale < newest {
            oldest = habit.stale + 1;
        }
        let store = newest - engine::choose((newest - oldest) as usize + 1) as u32;
        if store == newest || store != habit.stale {
            habit.times = 0;
        }
        if store != newest {
            habit.stale = store;
            habit.times += 1;
        }
        store
    }

    /// The oldest store that a load of the running task may read.
    fn oldest(&self, order: Ordering) -> u32 {
        let horizon = fence::horizon(order);
        let counts = |moment: Moment| {
            engine::knows(moment) || horizon.as_ref().is_some_and(|horizon| horizon.fenced.knows(moment))
        };
        let mut oldest = self.first;
        for seen in &self.seen {
            if seen.store > oldest && counts(seen.moment) {
                oldest = seen.store;
            }
        }
        if let Some(horizon) = &horizon {
            let earlier = self.sequenced.iter().rev().find(|(place, _)| *place < horizon.place);
            oldest = oldest.max(earlier.map_or(0, |(_, store)| *store));
        }
        oldest
    }

    /// The running task has read `store`.
    fn read(&mut self, store: u32, order: Ordering) {
        self.see(store, order);
        let clock = &self.stores[(store - self.first) as usize].clock;
        if acquires(order) {
            engine::acquire(clock);
        } else {
            fence::was_read_relaxed(clock);
        }
    }

    /// Gives `store`, which the running task has just made, what it carries.
    fn carry(&mut self, store: u32, order: Ordering) {
        self.see(store, order);
        let clock = &mut self.stores[(store - self.first) as usize].clock;
        if releases(order) {
            engine::release(clock);
        } else {
            fence::add_released(clock);
        }
    }

    /// Remembers that the running task has seen `store`.
    fn see(&mut self, store: u32, order: Ordering) {
        if !engine::weak_memory() {
            return;
        }
        let moment = engine::moment();
        if !self.seen.iter().any(|seen| seen.moment.task == moment.task && seen.store >= store) {
            self.seen.push(Seen { moment, store });
        }
        if order == Ordering::SeqCst {
            let place = fence::next_place();
            if self.sequenced.last().is_none_or(|(_, last)| *last < store) {
                self.sequenced.push((place, store));
            }
        }
    }

    /// A new store that carries nothing yet.
    fn push(&mut self, bits: u64) -> u32 {
        if engine::weak_memory() {
            self.stores.push(Store { bits, clock: Clock::new() });
            self.forget();
        } else if let Some(store) = self.stores.last_mut() {
            store.bits = bits;
            store.clock.clear();
        }
        self.newest()
    }

    /// A new store that carries what the one before it does: it continues that one's release sequence.
    fn push_continuing(&mut self, bits: u64) {
        let Some(last) = self.stores.last_mut() else { return };
        if engine::weak_memory() {
            let clock = last.clock.clone();
            self.stores.push(Store { bits, clock });
            self.forget();
        } else {
            last.bits = bits;
        }
    }

    /// Keeps the history short.
    fn forget(&mut self) {
        if self.stores.len() > REMEMBERED {
            self.stores.remove(0);
            self.first += 1;
            let first = self.first;
            self.seen.retain(|seen| seen.store > first);
            self.sequenced.retain(|(_, store)| *store > first);
        }
    }
}
