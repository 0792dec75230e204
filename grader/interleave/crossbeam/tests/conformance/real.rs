//! The programs on the real crossbeam and `std`.

pub(crate) use crossbeam;
pub(crate) use std::sync::{Arc, Mutex};
pub(crate) use std::thread;
pub(crate) use std::time::{Duration, Instant};

#[path = "programs.rs"]
pub(crate) mod programs;
