//! Facts about running jobs and mapping items on threads: `run_all` has a thread for each job, `parallel_map` has
//! workers that take one item after the other; both return when all is done, and say who panicked.
//!
//! - `run_all`: jobs on threads of their own
//! - `results`: `parallel_map`: each item's result at its place
//! - `balance`: `parallel_map`: how many threads there are, and which of them takes what
//! - `panics`: `parallel_map` with calls that panic
//! - `together`: what holds for both: nothing to do, calls inside calls, calls side by side
//! - `calls`: what the facts are played with. What blocks in a call is a gate; whoever is at rest is at a gate.

mod run_all;

mod results;

mod balance;

mod panics;

mod together;

mod calls;
