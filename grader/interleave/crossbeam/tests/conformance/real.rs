//! The programs on the real crossbeam and `std`.

#[allow(clippy::single_component_path_imports)] // the programs look for it in this module, as for the stand-in
pub(crate) use crossbeam;
pub(crate) use std::sync::{Arc, Mutex};
pub(crate) use std::thread;
pub(crate) use std::time::{Duration, Instant};

#[path = "programs/mod.rs"]
pub(crate) mod programs;
