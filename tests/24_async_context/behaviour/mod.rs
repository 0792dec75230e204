//! Facts about `with` and `with_stack`.
//!
//! What was entered is left again, exactly once, however the body ends: with a value, an error or a panic, or because the
//! future is dropped; then the exit is handed to the runtime.
//!
//! The resources are `Probe`s: they write into a `Log` when they are entered and left, and can be told to wait, to fail or
//! to panic there. Time is tokio's paused clock, which jumps to the next timer when there is nothing else to do: so
//! `settle` returns when everything that was handed to the runtime has happened.
//!
//! - [`in_order`]: enter, body, exit, in the task that polls.
//! - [`entering`]: an enter that fails, panics or is dropped.
//! - [`failing`]: errors and panics of bodies and exits.
//! - [`dropping`]: futures that are dropped half-way.
//! - [`stack`]: what a stack adds to all that.
//! - [`probe`]: the resources, and the log that they write.
//! - [`runtime`]: the runtime, and how futures are polled, given up and caught.

mod in_order;

mod entering;

mod failing;

mod dropping;

mod stack;

mod probe;

mod runtime;
