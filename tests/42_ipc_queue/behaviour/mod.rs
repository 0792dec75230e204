//! What a queue does with items, with peers that come and go, and with those that misbehave.
//!
//! An item goes to one consumer and is gone when that one acknowledges it; if the consumer ends before, the item comes back. Nobody
//! else notices when a connection ends or misbehaves, and everybody is told when the queue is closed or gone.
//!
//! - `items`: putting, getting, and the bytes that go to and fro
//! - `redelivery`: items that come back
//! - `closing`: a queue that takes no more
//! - `connections`: connections that end, misbehave or are slow
//! - `disconnection`: the end of the queue itself
//! - `errors`: what is refused, and what follows an error
//! - `wire`: requests and answers byte by byte. Most facts play the peers themselves, while the queue lives in this process: then
//!   `quiesce` makes exact what has been answered and what waits
//! - `reports`: processes that use the queue and report to the test

mod items;

mod redelivery;

mod closing;

mod connections;

mod disconnection;

mod errors;

mod wire;

mod reports;
