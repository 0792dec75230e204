//! A specification without its types: states and outcomes are numbers.
//!
//! What searches and generates is compiled once, with this crate, and optimised; a specification is compiled with each submission,
//! and is not. So each step of a state machine is worked out once, and remembered by its numbers.

use super::program::{Lane, PAUSE};
use super::{Call, Specification, Step};
use crate::sleep;
use std::any::Any;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A state of the machine.
pub(crate) type State = u32;

/// What a call returns.
pub(crate) type Outcome = u32;

/// What a call may do in a state.
pub(crate) type Steps = Arc<[Step<Outcome, State>]>;

/// A call: its place in the list of operations, and the rest of [`Call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Which {
    pub(crate) place: usize,
    pub(crate) number: u32,
    pub(crate) thread: u32,
    pub(crate) taken: u32,
    pub(crate) now: Duration,
}

/// What happens to a call, as its thread notes it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happens {
    Begins,
    Returns(Outcome),
}

/// A machine, and how to call the real object.
pub(crate) trait Machine: Send + Sync {
    /// The states in which it can begin.
    fn starts(&self) -> Vec<State>;
    /// How many operations there are to choose from.
    fn choices(&self) -> usize;
    /// What tells the operation at this place from others, whatever its number.
    fn kind(&self, place: usize) -> String;
    /// What a call may do in a state.
    fn steps(&self, state: State, call: Which) -> Steps;
    /// How long the operation at this place waits at most.
    fn timeout(&self, place: usize) -> Option<Duration>;
    /// Whether the machine looks at the time.
    fn tells_time(&self) -> bool;
    /// How long a pause is: half of the shortest time-out, so that two of them are as long as one.
    fn pause(&self) -> Duration;
    /// How the object is made, in Rust.
    fn code_of_start(&self, start: usize) -> String;
    /// The call, in Rust.
    fn code(&self, place: usize, number: u32) -> String;
    /// The outcome as a person reads it.
    fn text(&self, outcome: Outcome) -> String;
    /// Makes the object.
    fn make(&self, start: usize) -> Arc<dyn Any + Send + Sync>;
    /// Calls the object, one call after another, as one thread.
    fn call(&self, subject: &(dyn Any + Send + Sync), lane: &Lane, note: &dyn Fn(u32, Happens));
}

/// A machine with its types.
pub(crate) struct Typed<S: Specification> {
    tables: Mutex<Tables<S>>,
    timeouts: Vec<Option<Duration>>,
}

struct Tables<S: Specification> {
    states: Vec<S::State>,
    outcomes: Vec<S::Outcome>,
    /// By the number of the call.
    operations: Vec<Option<Arc<[S::Operation]>>>,
    numbers: Numbers,
    known: Known,
}

/// The numbers of states, by their hashes.
#[derive(Default)]
struct Numbers(HashMap<u64, Vec<State>>);

impl Numbers {
    /// The number of a state with this hash for which `is_it` holds.
    fn find(&self, hash: u64, is_it: &dyn Fn(State) -> bool) -> Option<State> {
        self.0.get(&hash)?.iter().copied().find(|state| is_it(*state))
    }

    fn add(&mut self, hash: u64, state: State) {
        self.0.entry(hash).or_default().push(state);
    }
}

/// A hash that is cheap to compute, also for code that is not optimised.
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// What calls may do in states, as far as it has been worked out.
#[derive(Default)]
struct Known(HashMap<(State, Which), Steps>);

impl Known {
    fn get(&self, state: State, call: Which) -> Option<Steps> {
        self.0.get(&(state, call)).cloned()
    }

    fn add(&mut self, state: State, call: Which, steps: Vec<Step<Outcome, State>>) -> Steps {
        let steps: Steps = steps.into();
        self.0.insert((state, call), Arc::clone(&steps));
        steps
    }
}

impl<S: Specification> Tables<S> {
    fn state(&mut self, state: S::State) -> State {
        let mut hasher = Mixed(0);
        state.hash(&mut hasher);
        let (hash, states) = (hasher.finish(), &self.states);
        if let Some(known) = self.numbers.find(hash, &|number| states[number as usize] == state) {
            return known;
        }
        let number = self.states.len() as State;
        self.numbers.add(hash, number);
        self.states.push(state);
        number
    }

    fn outcome(&mut self, outcome: S::Outcome) -> Outcome {
        let known = self.outcomes.iter().position(|other| *other == outcome);
        known.unwrap_or_else(|| {
            self.outcomes.push(outcome);
            self.outcomes.len() - 1
        }) as Outcome
    }

    fn operations(&mut self, number: u32) -> Arc<[S::Operation]> {
        let index = number as usize;
        if self.operations.len() <= index {
            self.operations.resize(index + 1, None);
        }
        Arc::clone(self.operations[index].get_or_insert_with(|| S::operations(number).into()))
    }
}

impl<S: Specification> Typed<S> {
    pub(crate) fn new() -> Self {
        let (states, outcomes, operations, numbers, known) = Default::default();
        let timeouts = S::operations(1).iter().map(S::timeout).collect();
        Typed { tables: Mutex::new(Tables { states, outcomes, operations, numbers, known }), timeouts }
    }

    /// The number of an outcome.
    pub(crate) fn number_of(&self, outcome: S::Outcome) -> Outcome {
        self.tables().outcome(outcome)
    }

    fn tables(&self) -> MutexGuard<'_, Tables<S>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Specification> Machine for Typed<S> {
    fn starts(&self) -> Vec<State> {
        let mut tables = self.tables();
        S::starts().into_iter().map(|start| tables.state(start)).collect()
    }

    fn choices(&self) -> usize {
        self.timeouts.len()
    }

    fn kind(&self, place: usize) -> String {
        format!("{:?}", S::operations(1)[place])
    }

    fn steps(&self, state: State, call: Which) -> Steps {
        let mut tables = self.tables();
        if let Some(known) = tables.known.get(state, call) {
            return known;
        }
        let Which { place, number, thread, taken, now } = call;
        let operations = tables.operations(number);
        let written = Call { operation: &operations[place], number, thread, taken, now };
        let steps = S::steps(&tables.states[state as usize], &written);
        let mut numbered = Vec::with_capacity(steps.len());
        for step in steps {
            numbered.push(match step {
                Step::Returns(outcome, state) => Step::Returns(tables.outcome(outcome), tables.state(state)),
                Step::MayReturn(outcome, state) => Step::MayReturn(tables.outcome(outcome), tables.state(state)),
                Step::TimesOut(outcome, state) => Step::TimesOut(tables.outcome(outcome), tables.state(state)),
                Step::GoesOn(state) => Step::GoesOn(tables.state(state)),
                Step::MayGoOn(state) => Step::MayGoOn(tables.state(state)),
            });
        }
        tables.known.add(state, call, numbered)
    }

    fn timeout(&self, place: usize) -> Option<Duration> {
        self.timeouts[place]
    }

    fn tells_time(&self) -> bool {
        S::tells_time()
    }

    fn pause(&self) -> Duration {
        self.timeouts.iter().flatten().min().map_or(Duration::from_millis(1), |shortest| *shortest / 2)
    }

    fn code_of_start(&self, start: usize) -> String {
        S::code_of_start(&S::starts()[start])
    }

    fn code(&self, place: usize, number: u32) -> String {
        S::code(&self.tables().operations(number)[place])
    }

    fn text(&self, outcome: Outcome) -> String {
        format!("{:?}", self.tables().outcomes[outcome as usize])
    }

    fn make(&self, start: usize) -> Arc<dyn Any + Send + Sync> {
        Arc::new(S::make(&S::starts()[start]))
    }

    fn call(&self, subject: &(dyn Any + Send + Sync), lane: &Lane, note: &dyn Fn(u32, Happens)) {
        let subject: &S::Subject = subject.downcast_ref().expect("it was made by the same machine");
        let mut held = S::Held::default();
        for (number, place) in (lane.first..).zip(&lane.calls) {
            if *place == PAUSE {
                sleep(self.pause());
                continue;
            }
            let operations = self.tables().operations(number);
            note(number, Happens::Begins);
            let outcome = S::call(subject, &mut held, &operations[*place]);
            note(number, Happens::Returns(self.number_of(outcome)));
        }
        // What the thread holds at its end it goes on holding: a guard that went here would be a call that nobody sees.
        std::mem::forget(held);
    }
}
