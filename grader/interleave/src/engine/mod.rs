//! The engine: runs a concurrent program on one operating-system thread, one visible operation at a time.
//!
//! Each thread (or asynchronous task) of the program is a *task*: a coroutine that hands control back before every
//! operation that another task could notice ([`point`]), and when it cannot go on ([`block`]). Who goes next is decided by
//! a [`Strategy`], and nothing else: the same decisions give the same execution. Time is virtual, and passes
//! only when no task can run.
//!
//! A stand-in for a primitive keeps its state in plain cells (only one task runs at a time, and only between two
//! points), and uses four calls: [`point`] before the operation, [`block`] while it cannot proceed, [`wake_all`] or
//! [`wake_one`] when others can, [`acquire`] and [`release`] to say what happens before what.
//!
//! An execution that has failed is never unwound: its tasks are abandoned where they stand, with all they own. What a
//! destructor would do in the middle of a deadlock is nobody's business.

mod clock;
mod execution;
mod explore;
mod failure;
mod object;
mod plan;
mod record;
pub mod schedule;
mod shrink;
mod strategy;
mod task;
mod wait;
mod waker;

pub use clock::{Clock, Moment};
pub use execution::{
    LastPanics, Limits, TimerId, acquire, acquire_from, at_rest, block, cancel_timer, choose, clock_of_current,
    current, epoch, fail, has_ended, is_exploring, knows, last_panics, moment, name_of, note, now, point, point_at,
    point_of_task, progress, record, release, release_into, running, set_timer, spawn, unexplorable, wake_all,
    wake_all_of, wake_one, wake_task, yield_point, yield_point_at,
};
pub(crate) use execution::{after_caught_panic, before_resumed_panic, is_unwinding, locals, weak_memory, with};
pub use explore::explore;
pub use failure::{Failure, FailureKind};
pub use object::{Object, ObjectId};
pub use plan::{Coverage, Exploration, Found, Phase, Plan};
pub use record::{Event, Mark, Recording, Thing};
pub use strategy::{Bounded, Choice, Decision, Random, Replay, RoundRobin, Strategy, Urw};
pub use task::{Flavour, TaskId};
pub use wait::{Stuck, Wait, WaitKind, Woken};
pub(crate) use waker::Signal;
pub use waker::wake_within;
