//! The lock as a state machine, and programs that are made from it.

use harness::{Call, Specification, Step, catch_panic, programs, returns};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
use subject::{ReadGuard, RwLock, WriteGuard};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    value: u32,
    poisoned: bool,
    /// The threads that hold a guard, with "it is a write guard".
    inside: BTreeMap<u32, bool>,
    /// The calls that have just got in. Whether there is poison they see a moment later.
    entering: BTreeSet<u32>,
    /// The threads that are about to leave: others may be in already.
    leaving: BTreeSet<u32>,
    /// Calls of `write` that wait.
    writers: BTreeSet<u32>,
    /// Calls of `read` that wait, with the writers that go before them.
    readers: BTreeMap<u32, BTreeSet<u32>>,
}

impl State {
    fn is_written(&self) -> bool {
        self.inside.values().any(|writes| *writes)
    }
}

/// What a thread does. Whoever holds a guard does not ask for a second one, and only such a thread drops one.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Read,
    Write(u32),
    TryRead,
    TryWrite(u32),
    Downgrade,
    Drop,
    Panic,
    IsPoisoned,
    ClearPoison,
}

#[derive(Clone, PartialEq)]
enum Outcome {
    /// In, with the value that was there, and whether it came with the poison.
    In(u32, bool),
    WouldBlock,
    Is(bool),
    Unit,
    /// There was nothing to do for a thread that holds what it holds.
    Nothing,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::In(value, false) => write!(formatter, "Ok, the value is {value}"),
            Outcome::In(value, true) => write!(formatter, "poisoned, the value is {value}"),
            Outcome::WouldBlock => formatter.write_str("WouldBlock"),
            Outcome::Is(is) => is.fmt(formatter),
            Outcome::Unit => ().fmt(formatter),
            Outcome::Nothing => formatter.write_str("left out"),
        }
    }
}

enum Guard<'s> {
    Reads(ReadGuard<'s, u32>),
    Writes(WriteGuard<'s, u32>),
}

struct Machine;

impl Specification for Machine {
    type State = State;
    type Operation = Operation;
    type Outcome = Outcome;
    type Subject = RwLock<u32>;
    type Held<'s> = Option<Guard<'s>>;

    fn starts() -> Vec<State> {
        vec![State::default()]
    }

    fn make(_: &State) -> RwLock<u32> {
        RwLock::new(0)
    }

    fn operations(number: u32) -> Vec<Operation> {
        use Operation::*;
        vec![
            Read,
            Write(number),
            Drop,
            TryRead,
            TryWrite(number),
            Downgrade,
            Panic,
            IsPoisoned,
            ClearPoison,
            Read,
            Write(number),
            Drop,
            Drop,
        ]
    }

    fn steps(state: &State, call: &Call<'_, Operation>) -> Vec<Step<Outcome, State>> {
        use Operation::*;
        let Call { thread, number, taken, .. } = *call;
        let holds = state.inside.get(&thread).copied();
        let with = |change: &dyn Fn(&mut State)| {
            let mut after = state.clone();
            change(&mut after);
            after
        };
        let enter = |writes: bool| {
            Step::GoesOn(with(&|after| {
                after.writers.remove(&number);
                after.readers.remove(&number);
                // A reader is behind the writers that have not had their turn.
                after.readers.values_mut().for_each(|before| _ = before.remove(&number));
                after.inside.insert(thread, writes);
                after.entering.insert(number);
            }))
        };
        // Sure to get in, or told otherwise by somebody who is on the way in or out.
        let tries = |enters, is_sure: bool| -> Vec<Step<Outcome, State>> {
            let mut steps = vec![enters];
            steps.extend((!is_sure).then(|| Step::Returns(Outcome::WouldBlock, state.clone())));
            steps
        };
        let is_free = !state.is_written();
        match (*call.operation, holds) {
            (Read | TryRead, _) if state.entering.contains(&number) => {
                returns(Outcome::In(state.value, state.poisoned), with(&|after| _ = after.entering.remove(&number)))
            }
            (Write(value) | TryWrite(value), _) if state.entering.contains(&number) => {
                let after = with(&|after| {
                    after.entering.remove(&number);
                    after.value = value;
                });
                returns(Outcome::In(state.value, state.poisoned), after)
            }
            (Drop | Panic, _) if state.leaving.contains(&thread) => {
                returns(Outcome::Unit, with(&|after| _ = after.leaving.remove(&thread)))
            }
            (Read | Write(_) | TryRead | TryWrite(_), Some(_))
            | (Downgrade | Drop | Panic, None)
            | (Downgrade, Some(false)) => returns(Outcome::Nothing, state.clone()),
            (Read, None) if taken == 0 => {
                if is_free && state.writers.is_empty() {
                    return vec![enter(false)];
                }
                vec![Step::GoesOn(with(&|after| _ = after.readers.insert(number, after.writers.clone())))]
            }
            (Read, None) if is_free && state.readers[&number].is_empty() => match enter(false) {
                // Whether a reader goes before a writer that came later is free.
                Step::GoesOn(after) if !state.writers.is_empty() => vec![Step::MayGoOn(after)],
                enters => vec![enters],
            },
            (Write(_), None) if taken == 0 => {
                let waits = Step::GoesOn(with(&|after| _ = after.writers.insert(number)));
                if state.inside.is_empty() { vec![enter(true), waits] } else { vec![waits] }
            }
            (Write(_), None) if state.inside.is_empty() => vec![enter(true)],
            (Read | Write(_), None) => Vec::new(),
            (TryRead, None) if is_free && state.writers.is_empty() => tries(enter(false), state.leaving.is_empty()),
            (TryWrite(_), None) if state.inside.is_empty() => {
                let nobody_comes = state.writers.is_empty() && state.readers.is_empty();
                tries(enter(true), nobody_comes && state.leaving.is_empty())
            }
            (TryRead | TryWrite(_), None) => returns(Outcome::WouldBlock, state.clone()),
            (Downgrade, Some(true)) => returns(Outcome::Unit, with(&|after| _ = after.inside.insert(thread, false))),
            // The poison is there before the guard is gone: somebody may clear it in between.
            (Panic, Some(true)) if taken == 0 => vec![Step::GoesOn(with(&|after| after.poisoned = true))],
            (Drop | Panic, Some(_)) => vec![Step::GoesOn(with(&|after| {
                after.inside.remove(&thread);
                after.leaving.insert(thread);
            }))],
            (IsPoisoned, _) => returns(Outcome::Is(state.poisoned), state.clone()),
            (ClearPoison, _) => returns(Outcome::Unit, with(&|after| after.poisoned = false)),
        }
    }

    fn call<'s>(lock: &'s RwLock<u32>, held: &mut Option<Guard<'s>>, operation: &Operation) -> Outcome {
        match (*operation, held.take()) {
            (Operation::IsPoisoned, kept) => {
                *held = kept;
                Outcome::Is(lock.is_poisoned())
            }
            (Operation::ClearPoison, kept) => {
                *held = kept;
                lock.clear_poison();
                Outcome::Unit
            }
            (Operation::Read, None) => reads(held, lock.read()),
            (Operation::Write(value), None) => writes(held, lock.write(), value),
            (Operation::TryRead, None) => match tried(lock.try_read()) {
                Some(result) => reads(held, result),
                None => Outcome::WouldBlock,
            },
            (Operation::TryWrite(value), None) => match tried(lock.try_write()) {
                Some(result) => writes(held, result, value),
                None => Outcome::WouldBlock,
            },
            (Operation::Downgrade, Some(Guard::Writes(guard))) => {
                *held = Some(Guard::Reads(WriteGuard::downgrade(guard)));
                Outcome::Unit
            }
            (Operation::Drop, Some(guard)) => {
                match guard {
                    Guard::Reads(guard) => drop(guard),
                    Guard::Writes(guard) => drop(guard),
                }
                Outcome::Unit
            }
            (Operation::Panic, Some(guard)) => {
                let _ = catch_panic(move || {
                    let _guard = guard;
                    panic!("with a guard");
                });
                Outcome::Unit
            }
            (_, kept) => {
                *held = kept;
                Outcome::Nothing
            }
        }
    }

    fn code_of_start(_: &State) -> String {
        "let lock = RwLock::new(0);".into()
    }

    fn code(operation: &Operation) -> String {
        match operation {
            Operation::Read => "let guard = lock.read()".into(),
            Operation::Write(value) => format!("let mut guard = lock.write(); *guard = {value}"),
            Operation::TryRead => "let guard = lock.try_read()".into(),
            Operation::TryWrite(value) => format!("let mut guard = lock.try_write(); *guard = {value}"),
            Operation::Downgrade => "let guard = WriteGuard::downgrade(guard)".into(),
            Operation::Drop => "drop(guard)".into(),
            Operation::Panic => "panic with the guard, and catch it".into(),
            Operation::IsPoisoned => "lock.is_poisoned()".into(),
            Operation::ClearPoison => "lock.clear_poison()".into(),
        }
    }
}

fn tried<G>(result: TryLockResult<G>) -> Option<LockResult<G>> {
    match result {
        Ok(guard) => Some(Ok(guard)),
        Err(TryLockError::Poisoned(poisoned)) => Some(Err(poisoned)),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn reads<'s>(held: &mut Option<Guard<'s>>, result: LockResult<ReadGuard<'s, u32>>) -> Outcome {
    let poisoned = result.is_err();
    let guard = result.unwrap_or_else(PoisonError::into_inner);
    let outcome = Outcome::In(*guard, poisoned);
    *held = Some(Guard::Reads(guard));
    outcome
}

fn writes<'s>(held: &mut Option<Guard<'s>>, result: LockResult<WriteGuard<'s, u32>>, value: u32) -> Outcome {
    let poisoned = result.is_err();
    let mut guard = result.unwrap_or_else(PoisonError::into_inner);
    let outcome = Outcome::In(*guard, poisoned);
    *guard = value;
    *held = Some(Guard::Writes(guard));
    outcome
}

/// Calls that one thread makes one after another return what the brief says.
///
/// Next: go through the program line by line, and write down who is in, and whether the lock is poisoned.
#[programs(one_thread, panics)]
fn one_thread_calls() {
    Machine
}

/// A few calls that meet come out in an order that the brief allows, and nobody waits who may go in.
///
/// Next: read the lanes from the end: who is in, who waits, and whom does the one that left have to wake?
#[programs(small, panics)]
fn a_few_calls_meet() {
    Machine
}

/// Calls of several threads come out in an order that the brief allows, and nobody waits who may go in.
///
/// Next: read the lanes from the end: who is in, who waits, and whom does the one that left have to wake?
#[programs(random, panics)]
fn several_threads_call() {
    Machine
}
