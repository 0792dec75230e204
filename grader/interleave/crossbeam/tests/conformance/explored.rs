//! The programs on the stand-ins.

pub(crate) use interleave::sync::{Arc, Mutex};
pub(crate) use interleave::thread;
pub(crate) use interleave::time::{Duration, Instant};
pub(crate) use interleave_crossbeam as crossbeam;

#[path = "programs/mod.rs"]
pub(crate) mod programs;
