//! Facts about `generator`, `next`, `collect` and `filter_map`: an `async` body emits items one by one, each only when
//! somebody asks for the next one, and it is dropped at its end, with its stream, or with a panic.
//!
//! - `demand`: nothing runs before it is asked for, and items come in order
//! - `emit`: an item on its way from the body into the stream
//! - `waking`: a body that waits, and who is woken
//! - `end`: how a stream ends, and what is dropped when
//! - `collect_and_filter_map`: what is built on streams
//! - `task`, `bodies`, `sources`: what the facts are played with. The facts play the runtime themselves: they poll by
//!   hand with a waker that counts (a `ManualTask`), over bodies that write down how far they have come (a `Log`), that wait
//!   for what the fact opens (a `Gate`) and that leave a trace when they are dropped (a `Trace`).

mod demand;

mod emit;

mod waking;

mod end;

mod collect_and_filter_map;

mod task;

mod bodies;

mod sources;
