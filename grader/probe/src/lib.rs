//! The little that a graded process and the grader have in common.
//!
//! - [`wire`]: what the two say to each other over one inherited descriptor.
//! - [`ask`]: what a graded process, which has no `/proc`, asks the grader about itself.
//! - [`threads`], [`children`], [`descriptors`]: what a process can be seen doing, from `/proc`.
//! - [`shares`]: how much of a core a process was given, and how long others kept it waiting for one.
//! - [`entries`]: how the grader names a hidden test to the binary that holds it.
//!
//! Linked into hidden tests and into the grader alike, so it has no dependency but `libc`
//! and no opinion: what a message or a standing *means* for a verdict is decided in the engine.

pub mod ask;
pub mod children;
pub mod descriptors;
pub mod entries;
pub mod explored;
mod field;
pub mod shares;
pub mod threads;
pub mod wire;

/// The folder in which the kernel tells of process `pid`, or of the calling process if `None`.
fn proc_of(pid: Option<u32>) -> String {
    pid.map_or_else(|| "/proc/self".to_owned(), |pid| format!("/proc/{pid}"))
}

/// The id by which a process or thread knows itself, from the text of its `status`: the last one of `NSpid`, which names it in
/// each namespace from the reader's to its own (`proc_pid_status(5)`).
fn innermost_id(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    line.split_ascii_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_the_ids_in_several_namespaces_the_innermost_counts() {
        assert_eq!(super::innermost_id("Name:\tchecks\nNSpid:\t4711\t12\t1\nThreads:\t1\n"), Some(1));
        assert_eq!(super::innermost_id("Name:\tchecks\nNSpid:\t4711\n"), Some(4711));
        assert_eq!(super::innermost_id("Name:\tchecks\n"), None);
    }
}
