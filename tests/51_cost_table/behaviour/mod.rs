//! Facts about the cost table, each a sentence that is true of every correct solution.
//!
//! The statistics are exact; a measurement takes any clock and any operation, and only its samples count; a contender does
//! what it says and no more, waits for it, and leaves nothing behind; the table shows the costs in columns.
//!
//! - [`statistics`]: median, percentile and deviation.
//! - [`clock`]: clocks that a test moves, and a measurement on one of them.
//! - [`overhead`]: what it costs to read a clock.
//! - [`measuring`]: what is called, how often, and what of it counts.
//! - [`places`]: work that notes where it was done.
//! - [`tasks`], [`threads`], [`processes`]: the three contenders.
//! - [`table`]: durations, rows and ratios as text.

mod statistics;

mod clock;

mod overhead;

mod measuring;

mod places;

mod tasks;

mod threads;

mod processes;

mod table;
