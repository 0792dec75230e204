//! Facts about a lock that spins briefly and then parks: one holder at a time, waiting that costs nothing, and poison
//! as that of a `std::sync::Mutex`.
//!
//! - `one_at_a_time`: who has the lock, who waits, and that all get their turn
//! - `waiting`: what a thread does while it waits, and what wakes it
//! - `trying`: `try_lock`
//! - `poison`: what a panic does to the lock
//! - `value`: what becomes of the value inside
//! - `holder`: what the facts are played with. Each tells a story with a few threads and looks at it whenever all have
//!   come to rest.

mod one_at_a_time;

mod waiting;

mod trying;

mod poison;

mod value;

mod holder;
