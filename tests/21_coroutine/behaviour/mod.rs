//! Facts about `block_on` and `sleep`: the calling thread polls a future and is blocked until its waker is used; a
//! `Sleep` is ready when its time has come, and one timer thread wakes all of them.
//!
//! - `running`: `block_on`: what it runs, and where
//! - `polling`: `block_on`: when it polls
//! - `duration`: `sleep`: its laziness, and how long it takes
//! - `waking`: `sleep`: whom it wakes
//! - `timer`: the thread that all sleeps share
//! - `call`, `task`, `sleeps`: what the facts are played with. Futures that wait are played by a `Call`: it counts
//!   polls, hands out the waker of each, and is ready when told. A `Sleep` is mostly polled by hand, with the waker of
//!   a `Task`, which counts.

mod running;

mod polling;

mod duration;

mod waking;

mod timer;

mod call;

mod task;

mod sleeps;
