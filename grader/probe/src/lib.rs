//! The little that a graded process and the grader have in common.
//!
//! - [`wire`]: what the two say to each other over one inherited descriptor.
//! - [`threads`]: what the threads of a process can be seen doing, from `/proc`.
//! - [`shares`]: how much of a core a process was given, and how long others kept it waiting for one.
//!
//! Linked into hidden tests and into the grader alike, so it has no dependency but `libc`
//! and no opinion: what a message or a standing *means* for a verdict is decided in the engine.

pub mod explored;
pub mod shares;
pub mod threads;
pub mod wire;

/// The folder in which the kernel tells of process `pid`, or of the calling process if `None`.
fn proc_of(pid: Option<u32>) -> String {
    pid.map_or_else(|| "/proc/self".to_owned(), |pid| format!("/proc/{pid}"))
}
