//! Facts about `fetch_all`: at most `limit` URLs are fetched side by side, each has a result of its own, an attempt ends in time,
//! what may pass is tried again, and nothing is left when the future is ready or dropped.
//!
//! - `side_by_side`: the order of the results, and the limit
//! - `request`: URLs, and the request that goes out
//! - `response`: heads, bodies, and what is refused
//! - `time`: the time limit of an attempt
//! - `retry`: what is tried again, and the pauses before that
//! - `lifetime`: before the first poll, and after the end
//! - `network`: the same from a real server; nothing there looks at the clock
//! - `script`: servers in memory that keep to a script, on tokio's paused clock: there a millisecond is exact and costs nothing
//! - `outcome`: `fetch_all` called on that clock, and what came of it in short

mod side_by_side;

mod request;

mod response;

mod time;

mod retry;

mod lifetime;

mod network;

mod script;

mod outcome;
