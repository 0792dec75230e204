//! What a run promises, fact by fact. Where order matters, a `Gate` holds calls of `work` or `next` until the story says so.
//!
//! Every item is handled exactly once; as many are in work at a time as there are consumers, and no more are under way than
//! the buffer has room for; every end is an orderly one, whether the sources run dry, the work fails, or something panics.
//!
//! - [`sources`]: sources that are counted or held up.
//! - [`outcome`]: what is counted in a run, and how the run has ended.
//! - [`items`]: every item, exactly once and in order.
//! - [`overlap`]: what goes on side by side.
//! - [`pressure`]: how far the producers run ahead.
//! - [`waiting`]: consumers that have been idle.
//! - [`ending`]: when a run ends, and what is left of it.
//! - [`failures`]: what a failure of `work` stops, and what is returned.
//! - [`panics`]: what a panic stops, and runs that are refused with a panic.

mod sources;

mod outcome;

mod items;

mod overlap;

mod pressure;

mod waiting;

mod ending;

mod failures;

mod panics;
