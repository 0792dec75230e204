//! Facts about a read-write lock. Each tells a story with a few threads and looks at it whenever all have come to rest.
//!
//! The lock admits many readers or one writer; a reader that comes later does not overtake a writer that waits; a write guard
//! can become a read guard in one step; a panic of a writer poisons the lock, as that of a `std::sync::RwLock` does.
//!
//! - [`holder`]: the threads of the stories, which take the lock and stay.
//! - [`sharing`]: who holds the lock together with whom, and who waits.
//! - [`order`]: who goes first.
//! - [`trying`]: `try_read` and `try_write`.
//! - [`downgrading`]: a write guard that becomes a read guard.
//! - [`poison`]: what a panic does to the lock.
//! - [`value`]: what becomes of the value inside.
//! - [`crowd`]: many threads at once.

mod holder;

mod sharing;

mod order;

mod trying;

mod downgrading;

mod poison;

mod value;

mod crowd;
