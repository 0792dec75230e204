//! What the grader tells the launcher: which program, what it can reach, and what it may use.

use super::tier::Layers;
use crate::run::effort::Purpose;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// What a program may do beyond computing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Access {
    /// Files and folders that it can read and execute, at their own paths.
    pub reads: Vec<PathBuf>,
    /// Folders that it can write, at their own paths. Each must exist.
    pub writes: Vec<PathBuf>,
    /// Whether it may start processes.
    pub processes: bool,
    /// Whether it may use sockets of the internet families. In a private network there is only a loopback device.
    pub network: bool,
    /// Whether its system calls are held to the short list that tests need. A compiler needs more.
    pub strict: bool,
}

/// What a program may use. Zero means: no limit of this kind.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Quota {
    /// Private memory of each process, in bytes.
    pub memory: u64,
    /// Processor time of each process, in seconds.
    pub cpu: u64,
    /// The size of each file it writes, in bytes.
    pub file: u64,
    /// Threads and processes together. Where other programs of the same user count, too, it is so many beside those that run at its
    /// start.
    pub tasks: u64,
    /// Bytes in the private folders for temporary files.
    pub scratch: u64,
}

/// One program to be started.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// Which layers are applied.
    pub layers: Layers,
    /// The program: an absolute path outside.
    pub program: PathBuf,
    /// Where the program is inside a private root, if not at its own path. Its first argument, too.
    pub shown_as: Option<PathBuf>,
    /// Its arguments, without the first.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder it starts in. `None`: a private, empty one that is gone with the process.
    pub folder: Option<PathBuf>,
    /// An existing, empty folder. The private root is mounted on it, where only the launcher sees it; where there is no private
    /// root, it is the folder for temporary files.
    pub mount_point: PathBuf,
    /// What it can reach.
    pub access: Access,
    /// What it may use.
    pub quota: Quota,
    /// The descriptor for the harness, to be inherited under the same number.
    pub descriptor: Option<i32>,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it gives way to whatever else wants to run.
    pub gives_way: bool,
    /// Whether it gets the same addresses each time.
    pub fixed_addresses: bool,
}
