//! Facts about a value per thread and object. Each thread makes its own on its first `get_or`, finds it without a lock,
//! and the object keeps all of them until it goes.
//!
//! - `values`: one value for each thread and object
//! - `make`: the call that makes a value, and what it may do
//! - `drops`: values stay until the object goes, and are then dropped once
//! - `looking`: `get` takes no lock
//! - `memory`: what is left of objects and threads that are gone
//! - `threads`, `stopping`: what the facts are played with. Threads that live long are told what to do, one step after
//!   the other.

mod values;

mod make;

mod drops;

mod looking;

mod memory;

mod threads;

mod stopping;
