//! A terminal for a program to run in.

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::Command;

/// Runs a program to its end on a terminal of its own; what it wrote there.
pub(crate) fn shows(command: &mut Command) -> String {
    let (mut ours, mut theirs) = (0, 0);
    // SAFETY: both are valid places for descriptors, which nobody else owns.
    let (mut ours, theirs) = unsafe {
        let (name, attributes, size) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        assert_eq!(libc::openpty(&raw mut ours, &raw mut theirs, name, attributes, size), 0);
        libc::fcntl(ours, libc::F_SETFD, libc::FD_CLOEXEC);
        (File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs))
    };
    let mut child = command.stdout(theirs.try_clone().unwrap()).stderr(theirs).spawn().unwrap();
    // The command holds the other side open until it is told otherwise.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    // Reading fails when the last program has closed its side.
    while let Ok(count @ 1..) = ours.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    child.wait().unwrap();
    String::from_utf8_lossy(&shown).into_owned()
}
