//! What a worker does with its loop, what the owner does with its workers, and what is left of their processes.
//!
//! A worker has many items under way on one thread. The owner keeps its workers busy, returns a result for each item, in their
//! order, and a worker that is lost costs what it has. No process is left.
//!
//! - `serving`: the worker, `serve`
//! - `dispatching`: the owner, `dispatch`: who is given what, and when
//! - `lost_workers`: workers that end, or break the protocol
//! - `processes`: `hybrid_map`, with real processes
//! - `wire`: items and answers, and one end of a socket in the hands of a fact, which plays the other side
//! - `sides`: a worker or an owner on a thread of its own, and handlers that wait at gates

mod serving;

mod dispatching;

mod lost_workers;

mod processes;

mod wire;

mod sides;
