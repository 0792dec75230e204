//! Generated programs over an object that several threads use, judged by a specification.
//!
//! A [`Specification`] is the object as a state machine: in which state a call may do what. From it the harness makes *programs*:
//! calls one after another, and small sets of threads that call at the same time. It runs them with the object of the
//! submission, keeps the *history* of what was called and what came back, and asks whether the state machine can explain that
//! history: each call takes effect in one step (or a few) between its beginning and its end, in some order. This is
//! linearizability (Herlihy, Wing: "Linearizability: A Correctness Condition for Concurrent Objects", TOPLAS 1990). The search
//! keeps the set of all states in which the machine may be (Lowe: "Testing for linearizability", CCPE 2017).
//!
//! What waits is judged, too: whenever nothing can go on, no call may wait that the machine would let go on. So nobody has to
//! think of a scenario for each wakeup that may be lost.
//!
//! - `program`: what a program is, how it is written and read;
//! - `generate`: which programs are tried;
//! - `history`: what was called, what came back, when nothing moved;
//! - `explain`: whether the machine explains that;
//! - `machine`: the specification, as numbers;
//! - `run`: one program, run once;
//! - `shrink`: from a program that fails to a shorter one;
//! - `unexplored`: programs on real threads, once each.

mod explain;
mod generate;
mod history;
mod machine;
mod program;
mod run;
#[cfg(any(test, feature = "explore"))]
mod shrink;
#[cfg(test)]
mod tests;
#[cfg(not(feature = "explore"))]
mod unexplored;

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

pub(crate) use generate::{Generator, Kind};
pub(crate) use machine::{Machine, Typed};
pub(crate) use run::Running;
#[cfg(not(feature = "explore"))]
pub use unexplored::programs;
#[cfg(feature = "explore")]
pub(crate) use {explain::Surprise, generate::begins_at_once, program::Program, program::name, shrink::smaller};

/// An object as a state machine, and how to call the real one.
///
/// Keep it as small as the brief allows. Where the brief leaves something open, there are several steps.
pub trait Specification: 'static {
    /// What the calls can tell apart.
    type State: Clone + Eq + Hash + Debug + Send + Sync;
    /// A call with its arguments.
    type Operation: Clone + Debug + Send + Sync;
    /// What a call returns.
    type Outcome: Clone + PartialEq + Debug + Send;
    /// The object of the submission.
    type Subject: Send + Sync;
    /// What a thread keeps from one of its calls to the next, a guard for example. `()` if nothing.
    type Held<'s>: Default;

    /// The states in which the object can be made. Each program begins in one of them.
    fn starts() -> Vec<Self::State>;

    /// Makes the object in this state.
    fn make(start: &Self::State) -> Self::Subject;

    /// The calls to choose from, each time the same ones in the same order. `number` is another one for each call of a program:
    /// an argument that tells items apart. A call that stands here twice is chosen twice as often.
    fn operations(number: u32) -> Vec<Self::Operation>;

    /// What the call may do next in this state. Nothing: it waits.
    fn steps(state: &Self::State, call: &Call<'_, Self::Operation>) -> Vec<Step<Self::Outcome, Self::State>>;

    /// Calls the object.
    fn call<'s>(subject: &'s Self::Subject, held: &mut Self::Held<'s>, operation: &Self::Operation) -> Self::Outcome;

    /// How long the call waits at most, if it has a time-out.
    fn timeout(_operation: &Self::Operation) -> Option<Duration> {
        None
    }

    /// Whether [`steps`](Specification::steps) looks at the time: at what moment a call begins, or how long ago another one was. Such
    /// programs are only explored, where time is exact.
    fn tells_time() -> bool {
        false
    }

    /// How the object is made, as a line of Rust: `let queue = Queue::bounded(1);`.
    fn code_of_start(start: &Self::State) -> String;

    /// The call, as a line of Rust without a semicolon: `queue.put(1)`.
    fn code(operation: &Self::Operation) -> String;
}

/// A call on its way.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a, O> {
    /// What is called.
    pub operation: &'a O,
    /// Which call of the program it is; no other one has this number.
    pub number: u32,
    /// The thread that calls. 0 is the one that makes the object.
    pub thread: u32,
    /// How many steps it has taken that did not end it ([`Step::GoesOn`]).
    pub taken: u32,
    /// The virtual time since the program began. Only where [`Specification::tells_time`] says so; else it is zero.
    pub now: Duration,
}

/// What a call may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<O, S> {
    /// It returns, and leaves the object in this state.
    Returns(O, S),
    /// It may return so, and it may as well go on waiting: the brief leaves that open.
    MayReturn(O, S),
    /// It returns so once its time-out has passed, not earlier.
    TimesOut(O, S),
    /// It has done something that others can notice (it has taken its place in a line, for example) and is not at its end yet.
    GoesOn(S),
    /// The same, but it may as well go on waiting.
    MayGoOn(S),
}

/// Shorthand for the one step that most calls have.
pub fn returns<O, S>(outcome: O, state: S) -> Vec<Step<O, S>> {
    vec![Step::Returns(outcome, state)]
}
