//! Facts about `create_task`, `Task` and `wait`: a task runs by itself, its outcome can be looked at and joined through
//! any handle, it can be cancelled, and several can be waited for.
//!
//! - `starting`: when a task runs
//! - `results`: what comes of a task, for whom, and what is dropped when
//! - `cancelling`: tasks that are asked to end, or lose their runtime
//! - `several`: `wait`: when it returns, and with which tasks
//! - `wakers`: `join` and `wait`, polled by hand: whom the end of a task wakes, and what a waiter leaves behind
//! - `clock`, `handles`: what the facts are played with. Most run on tokio's paused clock, which moves only when no
//!   task can go on: `rest` is then the moment when everything that could happen has happened, and times are exact.

mod starting;

mod results;

mod cancelling;

mod several;

mod wakers;

mod clock;

mod handles;
