//! The stand-in for [`std::process`]: its types are there, so that code which starts processes compiles, and what it does
//! besides can be explored. To start or to end one ends the exploration.

use crate::engine;
use crate::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::convert::Infallible;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read, Write};
use std::path::Path;

// What is known of a process that has ended, and what `main` may return, are values.
pub use std::process::{CommandArgs, CommandEnvs, ExitCode, ExitStatus, Output, Termination};

const STARTED: &str = "a process is started here: under exploration there is only this one, whose threads are explored";
const ENDED: &str = "the process is ended here, and with it whatever its other threads are doing";

/// As [`std::process::id`]: always the same number.
#[must_use]
pub fn id() -> u32 {
    1_000_000
}

/// As [`std::process::exit`]. Ends the exploration.
#[track_caller]
pub fn exit(_code: i32) -> ! {
    engine::unexplorable(ENDED)
}

/// As [`std::process::abort`]. Ends the exploration.
#[track_caller]
pub fn abort() -> ! {
    engine::unexplorable(ENDED)
}

/// The stand-in for [`std::process::Command`]. It can be made, and owns the descriptors that it is given until it is dropped, but
/// not be run.
pub struct Command {
    /// Only holds what it is told.
    told: std::process::Command,
    /// Standard input, output, errors.
    given: [Option<Stdio>; 3],
}

/// The stand-in for [`std::process::Stdio`].
pub struct Stdio {
    _given: Option<OwnedFd>,
}

impl Command {
    /// As [`std::process::Command::new`].
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command { told: std::process::Command::new(program), given: [None, None, None] }
    }

    /// As [`std::process::Command::arg`].
    pub fn arg<S: AsRef<OsStr>>(&mut self, arg: S) -> &mut Command {
        self.told.arg(arg);
        self
    }

    /// As [`std::process::Command::args`].
    pub fn args<I, S>(&mut self, args: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.told.args(args);
        self
    }

    /// As [`std::process::Command::env`].
    pub fn env<K: AsRef<OsStr>, V: AsRef<OsStr>>(&mut self, key: K, value: V) -> &mut Command {
        self.told.env(key, value);
        self
    }

    /// As [`std::process::Command::envs`].
    pub fn envs<I, K, V>(&mut self, variables: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.told.envs(variables);
        self
    }

    /// As [`std::process::Command::env_remove`].
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.told.env_remove(key);
        self
    }

    /// As [`std::process::Command::env_clear`].
    pub fn env_clear(&mut self) -> &mut Command {
        self.told.env_clear();
        self
    }

    /// As [`std::process::Command::current_dir`].
    pub fn current_dir<P: AsRef<Path>>(&mut self, folder: P) -> &mut Command {
        self.told.current_dir(folder);
        self
    }

    /// As [`std::process::Command::stdin`].
    pub fn stdin<T: Into<Stdio>>(&mut self, given: T) -> &mut Command {
        self.given[0] = Some(given.into());
        self
    }

    /// As [`std::process::Command::stdout`].
    pub fn stdout<T: Into<Stdio>>(&mut self, given: T) -> &mut Command {
        self.given[1] = Some(given.into());
        self
    }

    /// As [`std::process::Command::stderr`].
    pub fn stderr<T: Into<Stdio>>(&mut self, given: T) -> &mut Command {
        self.given[2] = Some(given.into());
        self
    }

    /// As [`std::process::Command::spawn`]. Ends the exploration.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn spawn(&mut self) -> io::Result<Child> {
        engine::unexplorable(STARTED)
    }

    /// As [`std::process::Command::output`]. Ends the exploration.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn output(&mut self) -> io::Result<Output> {
        engine::unexplorable(STARTED)
    }

    /// As [`std::process::Command::status`]. Ends the exploration.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        engine::unexplorable(STARTED)
    }

    /// As [`std::process::Command::get_program`].
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.told.get_program()
    }

    /// As [`std::process::Command::get_args`].
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.told.get_args()
    }

    /// As [`std::process::Command::get_envs`].
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.told.get_envs()
    }

    /// As [`std::process::Command::get_current_dir`].
    #[must_use]
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.told.get_current_dir()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt(formatter)
    }
}

impl Stdio {
    /// As [`std::process::Stdio::piped`].
    #[must_use]
    pub fn piped() -> Stdio {
        Stdio { _given: None }
    }

    /// As [`std::process::Stdio::inherit`].
    #[must_use]
    pub fn inherit() -> Stdio {
        Stdio { _given: None }
    }

    /// As [`std::process::Stdio::null`].
    #[must_use]
    pub fn null() -> Stdio {
        Stdio { _given: None }
    }
}

impl FromRawFd for Stdio {}

impl From<OwnedFd> for Stdio {
    fn from(descriptor: OwnedFd) -> Stdio {
        Stdio { _given: Some(descriptor) }
    }
}

impl From<io::PipeReader> for Stdio {
    fn from(_: io::PipeReader) -> Stdio {
        Stdio::null()
    }
}

impl From<io::PipeWriter> for Stdio {
    fn from(_: io::PipeWriter) -> Stdio {
        Stdio::null()
    }
}

impl From<io::Stdout> for Stdio {
    fn from(_: io::Stdout) -> Stdio {
        Stdio::inherit()
    }
}

impl From<io::Stderr> for Stdio {
    fn from(_: io::Stderr) -> Stdio {
        Stdio::inherit()
    }
}

impl fmt::Debug for Stdio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stdio").finish_non_exhaustive()
    }
}

/// The stand-in for [`std::process::Child`]. There is none under exploration.
#[derive(Debug)]
pub struct Child {
    /// As [`std::process::Child::stdin`].
    pub stdin: Option<ChildStdin>,
    /// As [`std::process::Child::stdout`].
    pub stdout: Option<ChildStdout>,
    /// As [`std::process::Child::stderr`].
    pub stderr: Option<ChildStderr>,
    never: Infallible,
}

impl Child {
    /// As [`std::process::Child::id`].
    #[must_use]
    pub fn id(&self) -> u32 {
        match self.never {}
    }

    /// As [`std::process::Child::kill`].
    ///
    /// # Errors
    /// Never.
    pub fn kill(&mut self) -> io::Result<()> {
        match self.never {}
    }

    /// As [`std::process::Child::wait`].
    ///
    /// # Errors
    /// Never.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        match self.never {}
    }

    /// As [`std::process::Child::try_wait`].
    ///
    /// # Errors
    /// Never.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        match self.never {}
    }

    /// As [`std::process::Child::wait_with_output`].
    ///
    /// # Errors
    /// Never.
    pub fn wait_with_output(self) -> io::Result<Output> {
        match self.never {}
    }
}

macro_rules! pipe {
    ($pipe:ident, $named:literal) => {
        #[doc = concat!("The stand-in for [`std::process::", $named, "`]. There is none under exploration.")]
        #[derive(Debug)]
        pub struct $pipe(Infallible);

        impl $pipe {
            fn never(&self) -> ! {
                match self.0 {}
            }
        }

        impl From<$pipe> for Stdio {
            fn from(pipe: $pipe) -> Stdio {
                pipe.never()
            }
        }

        impl From<OwnedFd> for $pipe {
            /// Ends the exploration: no child has the other end.
            #[track_caller]
            fn from(_: OwnedFd) -> $pipe {
                engine::unexplorable(
                    "a socket is taken for the pipe of a process: under exploration there are no processes",
                )
            }
        }

        impl From<$pipe> for OwnedFd {
            fn from(pipe: $pipe) -> OwnedFd {
                pipe.never()
            }
        }

        impl AsFd for $pipe {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.never()
            }
        }

        impl AsRawFd for $pipe {}
        impl IntoRawFd for $pipe {}
    };
}

pipe!(ChildStdin, "ChildStdin");
pipe!(ChildStdout, "ChildStdout");
pipe!(ChildStderr, "ChildStderr");

macro_rules! reads {
    ($($pipe:ty),*) => {$(
        impl Read for $pipe {
            fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
                self.never()
            }
        }
    )*};
}

macro_rules! writes {
    ($($pipe:ty),*) => {$(
        impl Write for $pipe {
            fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
                self.never()
            }

            fn flush(&mut self) -> io::Result<()> {
                self.never()
            }
        }
    )*};
}

reads!(ChildStdout, ChildStderr);
writes!(ChildStdin, &ChildStdin);
