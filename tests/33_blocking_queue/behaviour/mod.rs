//! Facts about a blocking queue: items come out in order, a full queue holds up who puts and an empty one who gets,
//! `join` waits until every item is done, and after a shutdown nobody waits to put or to get any more.
//!
//! - `order`: the order of the items, room, and waiting for either
//! - `without_waiting`: the calls that do not wait, or only so long, and the errors
//! - `unfinished`: `task_done` and `join`
//! - `shutdown`: a gentle and an immediate shutdown
//! - `threads`: what the facts are played with. Each tells a story with a few threads and looks at it whenever all have
//!   come to rest.

mod order;

mod without_waiting;

mod unfinished;

mod shutdown;

mod threads;
