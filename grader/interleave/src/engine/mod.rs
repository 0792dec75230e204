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
//!
//! The modules have an order, which `tests/order.rs` holds. From below:
//!
//! - data that knows of no execution: `task`, `clock`, `object`, `wait`, `failure`, `record`, `strategy`, `schedule`, `limits`,
//!   `plan`, `signal`;
//! - what the machine is made of: `cell`, `locals`, `coroutine`, `watch`;
//! - the machine: `execution`, and its child modules;
//! - what uses the machine: `waker`, `guard`, `shrink`, `explore`.

mod cell;
mod clock;
mod coroutine;
mod execution;
mod explore;
mod failure;
mod guard;
mod limits;
mod locals;
mod object;
mod plan;
mod record;
pub mod schedule;
mod shrink;
mod signal;
mod strategy;
mod task;
mod wait;
mod waker;
mod watch;

pub(crate) use cell::with;
pub use clock::{Clock, Moment};
pub use execution::causality::{acquire, acquire_from, clock_of_current, knows, learn, moment, release, release_into};
pub(crate) use execution::panics::{after_caught_panic, before_resumed_panic, is_unwinding};
pub use execution::points::{
    choose, fail, note, point, point_at, point_of_task, record, unexplorable, yield_point, yield_point_at,
};
pub use execution::present::{current, has_ended, name_of, now, running, was_late};
pub(crate) use execution::present::{destroy_locals, locals, read_clock, weak_memory};
pub use execution::spawn::spawn;
pub use execution::timers::{TimerId, cancel_timer};
pub use execution::waits::{at_rest, block, wake_all, wake_all_of, wake_one, wake_task};
pub use execution::{epoch, is_exploring};
pub use explore::{explore, explore_watched};
pub use failure::{Failure, FailureKind};
pub use limits::Limits;
pub use object::{Object, ObjectId};
pub use plan::{Coverage, Exploration, Found, Phase, Plan};
pub use record::{Event, Mark, Recording, Thing};
pub(crate) use signal::Signal;
pub use strategy::{Bounded, Choice, Decision, Random, Replay, RoundRobin, Strategy, Urw};
pub use task::{Flavour, TaskId};
pub use wait::{Stuck, Wait, WaitKind, Woken};
pub use waker::{set_timer, wake_within};
pub use watch::{LastPanics, last_panics, progress};
