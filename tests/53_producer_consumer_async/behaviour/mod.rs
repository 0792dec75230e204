//! What a run promises, fact by fact: every item of every source is handled once, sources and consumers go on side by
//! side, a bounded buffer holds the sources up, and a failure, a panic or a drop ends everything at once.
//!
//! - `items`: every item, exactly once
//! - `time`: what goes on side by side, and how long it takes
//! - `back_pressure`: what a full buffer holds up, and when an item is let go
//! - `failure`: work that refuses an item
//! - `panics`: sources and work that panic, and arguments that are refused
//! - `runs`: a run as a future: before its first poll, dropped half-way, beside and inside other runs
//! - `clock`, `sources_and_work`: what the facts are played with. All facts play on tokio's paused clock, where a
//!   second is exact and costs nothing: the clock moves on only when every task waits.

mod items;

mod time;

mod back_pressure;

mod failure;

mod panics;

mod runs;

mod clock;

mod sources_and_work;
