//! The lock as a state machine, and programs that are made from it.

use harness::{Call, Specification, Step, Tracked, catch_panic, programs, returns};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{LockResult, Mutex, PoisonError, TryLockError};
use std::thread::{self, Thread};
use subject::{Guard, Lock};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    value: u32,
    poisoned: bool,
    /// The thread that holds the guard.
    holder: Option<u32>,
    /// The call that has just got in. Whether there is poison it sees a moment later.
    entering: Option<u32>,
    /// The threads that are about to leave: others may be in already.
    leaving: BTreeSet<u32>,
    /// Calls of `lock` that wait.
    waiting: BTreeSet<u32>,
}

/// What a thread does. Whoever holds the guard does not ask for a second one, and only such a thread drops it.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Lock(u32),
    TryLock(u32),
    Drop,
    Panic,
    IsPoisoned,
    ClearPoison,
    /// All threads that have called are unparked, for no reason.
    Unpark,
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

/// The lock around a value that shows whether its accesses are ordered, and who has called.
struct Object {
    lock: Lock<Tracked<u32>>,
    callers: Mutex<Vec<Thread>>,
}

/// `WEAK`: only such calls as are ordered by the lock. What others see, the memory model leaves open.
struct Machine<const WEAK: bool>;

impl<const WEAK: bool> Specification for Machine<WEAK> {
    type State = State;
    type Operation = Operation;
    type Outcome = Outcome;
    type Subject = Object;
    type Held<'s> = Option<Guard<'s, Tracked<u32>>>;

    fn starts() -> Vec<State> {
        vec![State::default()]
    }

    fn make(_: &State) -> Object {
        Object { lock: Lock::new(Tracked::new(0)), callers: Mutex::new(Vec::new()) }
    }

    fn operations(number: u32) -> Vec<Operation> {
        use Operation::*;
        if WEAK {
            return vec![Lock(number), Drop, Panic, Unpark, Lock(number), Drop];
        }
        vec![
            Lock(number),
            Drop,
            TryLock(number),
            Panic,
            Unpark,
            IsPoisoned,
            ClearPoison,
            Lock(number),
            Lock(number),
            Drop,
            Drop,
        ]
    }

    fn steps(state: &State, call: &Call<'_, Operation>) -> Vec<Step<Outcome, State>> {
        use Operation::*;
        let Call { thread, number, taken, .. } = *call;
        let holds = state.holder == Some(thread);
        let with = |change: &dyn Fn(&mut State)| {
            let mut after = state.clone();
            change(&mut after);
            after
        };
        let enters = || {
            Step::GoesOn(with(&|after| {
                after.waiting.remove(&number);
                (after.holder, after.entering) = (Some(thread), Some(number));
            }))
        };
        match *call.operation {
            Drop | Panic if state.leaving.contains(&thread) => {
                returns(Outcome::Unit, with(&|after| _ = after.leaving.remove(&thread)))
            }
            Lock(value) | TryLock(value) if state.entering == Some(number) => {
                let after = with(&|after| (after.entering, after.value) = (None, value));
                returns(Outcome::In(state.value, state.poisoned), after)
            }
            Lock(_) | TryLock(_) if holds => returns(Outcome::Nothing, state.clone()),
            Drop | Panic if !holds => returns(Outcome::Nothing, state.clone()),
            Lock(_) => {
                let mut steps = Vec::new();
                steps.extend(state.holder.is_none().then(enters));
                steps.extend((taken == 0).then(|| Step::GoesOn(with(&|after| _ = after.waiting.insert(number)))));
                steps
            }
            TryLock(_) => {
                let mut steps = Vec::new();
                steps.extend(state.holder.is_none().then(enters));
                // Somebody is in, or on the way in or out.
                let is_free = state.holder.is_none() && state.waiting.is_empty() && state.leaving.is_empty();
                steps.extend((!is_free).then(|| Step::Returns(Outcome::WouldBlock, state.clone())));
                steps
            }
            // The poison is there before the guard is gone: somebody may clear it in between.
            Panic if taken == 0 => vec![Step::GoesOn(with(&|after| after.poisoned = true))],
            Drop | Panic => vec![Step::GoesOn(with(&|after| {
                after.holder = None;
                after.leaving.insert(thread);
            }))],
            IsPoisoned => returns(Outcome::Is(state.poisoned), state.clone()),
            ClearPoison => returns(Outcome::Unit, with(&|after| after.poisoned = false)),
            Unpark => returns(Outcome::Unit, state.clone()),
        }
    }

    fn call<'s>(object: &'s Object, held: &mut Self::Held<'s>, operation: &Operation) -> Outcome {
        let Object { lock, callers } = object;
        match (*operation, held.take()) {
            (Operation::Lock(value), None) => {
                callers.lock().unwrap().push(thread::current());
                enter(held, lock.lock(), value)
            }
            (Operation::TryLock(value), None) => match lock.try_lock() {
                Ok(guard) => enter(held, Ok(guard), value),
                Err(TryLockError::Poisoned(poisoned)) => enter(held, Err(poisoned), value),
                Err(TryLockError::WouldBlock) => Outcome::WouldBlock,
            },
            (Operation::Drop, Some(guard)) => {
                drop(guard);
                Outcome::Unit
            }
            (Operation::Panic, Some(guard)) => {
                let _ = catch_panic(move || {
                    let _guard = guard;
                    panic!("with the guard");
                });
                Outcome::Unit
            }
            (operation, kept) => {
                *held = kept;
                match operation {
                    Operation::IsPoisoned => Outcome::Is(lock.is_poisoned()),
                    Operation::ClearPoison => {
                        lock.clear_poison();
                        Outcome::Unit
                    }
                    Operation::Unpark => {
                        callers.lock().unwrap().iter().for_each(Thread::unpark);
                        Outcome::Unit
                    }
                    _ => Outcome::Nothing,
                }
            }
        }
    }

    fn code_of_start(_: &State) -> String {
        "let lock = Lock::new(0);".into()
    }

    fn code(operation: &Operation) -> String {
        match operation {
            Operation::Lock(value) => format!("let mut guard = lock.lock(); *guard = {value}"),
            Operation::TryLock(value) => format!("let mut guard = lock.try_lock(); *guard = {value}"),
            Operation::Drop => "drop(guard)".into(),
            Operation::Panic => "panic with the guard, and catch it".into(),
            Operation::IsPoisoned => "lock.is_poisoned()".into(),
            Operation::ClearPoison => "lock.clear_poison()".into(),
            Operation::Unpark => "for each thread that has called: unpark()".into(),
        }
    }
}

type Entered<'s> = LockResult<Guard<'s, Tracked<u32>>>;

fn enter<'s>(held: &mut Option<Guard<'s, Tracked<u32>>>, result: Entered<'s>, value: u32) -> Outcome {
    let poisoned = result.is_err();
    let guard = result.unwrap_or_else(PoisonError::into_inner);
    let before = guard.write(|place| std::mem::replace(place, value));
    *held = Some(guard);
    Outcome::In(before, poisoned)
}

/// Calls that one thread makes one after another return what the brief says.
///
/// Next: go through the program line by line, and write down who holds the lock, and whether it is poisoned.
#[programs(one_thread, panics)]
fn one_thread_calls() {
    Machine::<false>
}

/// A few calls that meet come out in an order that the brief allows, and nobody waits while the lock is free.
///
/// Next: read the lanes from the end: who holds the lock, who waits, and who should have been woken?
#[programs(small, panics)]
fn a_few_calls_meet() {
    Machine::<false>
}

/// Calls of several threads come out in an order that the brief allows, and nobody waits while the lock is free.
///
/// Next: read the lanes from the end: who holds the lock, who waits, and who should have been woken?
#[programs(random, panics)]
fn several_threads_call() {
    Machine::<false>
}

/// The same under the memory model, in which a thread may see old values: what a holder did is known to the next one.
///
/// Next: which of your atomics hands over what was written before, and which one takes it?
#[programs(random, panics, weak_memory)]
fn several_threads_call_under_the_memory_model() {
    Machine::<true>
}
