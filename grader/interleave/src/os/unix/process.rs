//! The stand-in for [`std::os::unix::process`].

use crate::engine;
use crate::process::Command;
use std::ffi::OsStr;
use std::io;

// What is known of a process that has ended is a value.
pub use std::os::unix::process::ExitStatusExt;

/// As [`std::os::unix::process::parent_id`]. Ends the exploration.
#[track_caller]
#[must_use]
pub fn parent_id() -> u32 {
    engine::unexplorable("the parent of the process is asked for: under exploration there are no processes")
}

/// The stand-in for [`std::os::unix::process::CommandExt`].
pub trait CommandExt: sealed::Sealed {
    /// As [`std::os::unix::process::CommandExt::uid`].
    fn uid(&mut self, id: u32) -> &mut Command;

    /// As [`std::os::unix::process::CommandExt::gid`].
    fn gid(&mut self, id: u32) -> &mut Command;

    /// As [`std::os::unix::process::CommandExt::pre_exec`]. What is to be run in the child is dropped: there will be none.
    ///
    /// # Safety
    /// As there; it is never run here.
    unsafe fn pre_exec<F>(&mut self, body: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static;

    /// As [`std::os::unix::process::CommandExt::exec`]. Ends the exploration.
    fn exec(&mut self) -> io::Error;

    /// As [`std::os::unix::process::CommandExt::arg0`].
    fn arg0<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command;

    /// As [`std::os::unix::process::CommandExt::process_group`].
    fn process_group(&mut self, group: i32) -> &mut Command;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for crate::process::Command {}
}

impl CommandExt for Command {
    fn uid(&mut self, _id: u32) -> &mut Command {
        self
    }

    fn gid(&mut self, _id: u32) -> &mut Command {
        self
    }

    unsafe fn pre_exec<F>(&mut self, _body: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        self
    }

    #[track_caller]
    fn exec(&mut self) -> io::Error {
        engine::unexplorable("the process becomes another program here: under exploration there is only this one")
    }

    fn arg0<S: AsRef<OsStr>>(&mut self, _arg: S) -> &mut Command {
        self
    }

    fn process_group(&mut self, _group: i32) -> &mut Command {
        self
    }
}
