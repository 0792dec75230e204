//! Facts about `gather`, `try_gather` and `gather_settled`: the children run side by side in the task that polls, and their
//! results come in argument order.
//!
//! - `results`: the results, their order, and when they are there
//! - `polls`: which children are polled
//! - `wakes`: what wakes the task, and whom it polls then
//! - `end`: what is dropped when a gather ends, and when
//! - `try_gather`, `gather_settled`: what each of these two adds
//! - `task`, `probe`: what the facts are played with. Most facts play the runtime themselves: they poll the gather by hand with
//!   a waker that counts (a `Task`), over children that count their polls and drops (a `Probe`) and that are woken and finished
//!   from outside (by a `Remote`). Those about durations run on tokio's paused clock.

mod results;

mod polls;

mod wakes;

mod end;

mod try_gather;

mod gather_settled;

mod task;

mod probe;
