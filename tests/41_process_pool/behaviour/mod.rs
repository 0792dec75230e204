//! What a pool does with jobs, with workers that are lost, with its own end, and what the worker's side does.
//!
//! A `map` returns an outcome for each input, in their order. A lost worker costs its own job only, and is replaced; nothing of a
//! pool is left when it has ended.
//!
//! - `jobs`: inputs, outputs, and who works on what
//! - `lost_workers`: workers that end or write garbage, and their replacements
//! - `closing`: a pool that cannot be made, `close` and `join`
//! - `terminating`: `terminate` and drop
//! - `processes`: workers that are processes, how they end, and what is left of them
//! - `serving`: the worker's side
//! - `hands`: workers that are played by hand, for facts in which it matters who has which job: the fact holds the other ends of
//!   their streams. Where it matters how a process ends, the workers are processes
//! - `pools`: pools of each kind, their outcomes, and what must not be left of them

mod jobs;

mod lost_workers;

mod closing;

mod terminating;

mod processes;

mod serving;

mod hands;

mod pools;
