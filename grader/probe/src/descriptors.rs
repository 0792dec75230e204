//! The open file descriptors of a process, read from `/proc` (Linux).

use crate::field::records;
use std::fs;
use std::io;
use std::path::Path;

/// An open descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its number.
    pub number: u32,
    /// What it leads to: a path, `socket:[…]`, `pipe:[…]`, `/memfd:… (deleted)`.
    pub target: String,
}
records! { Descriptor { number, target } }

/// The descriptors of process `pid`, or of the calling process if `None`: without the one that the look itself holds.
///
/// # Errors
/// If the process is gone, or `/proc` cannot be read.
pub fn of(pid: Option<u32>) -> io::Result<Vec<Descriptor>> {
    let folder = format!("{}/fd", crate::proc_of(pid));
    let folder = Path::new(&folder);
    let own = format!("/proc/{}/fd", std::process::id());
    let found = fs::read_dir(folder)?.flatten().filter_map(|entry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        // What is closed while we look is not open.
        let target = fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned();
        (target != own).then_some(Descriptor { number, target })
    });
    Ok(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn what_is_opened_is_listed_and_the_look_is_not() {
        let file = fs::File::open("/dev/null").unwrap();
        let all = of(None).unwrap();
        let found = all.iter().find(|each| each.number == file.as_raw_fd() as u32).unwrap();
        assert_eq!(found.target, "/dev/null");
        assert!(all.iter().all(|each| !each.target.ends_with("/fd")), "{all:?}");
    }
}
