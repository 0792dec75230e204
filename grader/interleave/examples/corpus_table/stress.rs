//! What everybody else does: run it on real threads, again and again. A run may hang for ever and take others with it, so it
//! is a child process that runs, and that is done with after its first failure.

use crate::bug::{Bug, Version};
use crate::real;
use std::fmt;
use std::panic;
use std::process::{self, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

pub(crate) const CHILD: &str = "--stress";

/// A run that takes longer hangs: all of them take a few milliseconds, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came of it.
pub(crate) struct Stressed {
    /// Which run was the first to fail.
    first: usize,
    pub(crate) failures: usize,
    runs: usize,
}

impl fmt::Display for Stressed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.failures {
            0 => write!(formatter, "–"),
            failures => write!(formatter, "{} ({failures}/{})", self.first, self.runs),
        }
    }
}

/// Up to `runs` runs, or until `enough` of them have failed.
pub(crate) fn stress(name: &str, version: Version, runs: usize, enough: usize) -> Stressed {
    let mut stressed = Stressed { first: 0, failures: 0, runs: 0 };
    let program = std::env::current_exe().expect("the name of this program is known");
    while stressed.runs < runs && stressed.failures < enough {
        let left = (runs - stressed.runs).to_string();
        let mended = version.is_mended().to_string();
        let output = Command::new(&program)
            .args([CHILD, name, &mended, &left])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("this program can be started");
        // It says which of its runs has failed.
        match String::from_utf8_lossy(&output.stdout).trim().parse::<usize>() {
            Ok(failed) => {
                stressed.runs += failed;
                stressed.failures += 1;
                if stressed.failures == 1 {
                    stressed.first = stressed.runs;
                }
            }
            Err(_) => stressed.runs = runs,
        }
    }
    stressed
}

/// The child: runs until a run fails, and says which.
pub(crate) fn child(mut arguments: impl Iterator<Item = String>) {
    let (Some(name), Some(mended), Some(runs)) = (arguments.next(), arguments.next(), arguments.next()) else {
        process::exit(2);
    };
    let bug: &Bug = real::bugs().find(|bug| bug.name == name).expect("the parent knows the names");
    let version = if mended == "true" { Version::Mended } else { Version::Broken };
    let runs: usize = runs.parse().expect("the parent writes numbers");
    for run in 1..=runs {
        let fail = move || {
            println!("{run}");
            process::exit(0);
        };
        if !bug.limits.panics {
            panic::set_hook(Box::new(move |_| fail()));
        }
        let (done, is_done) = mpsc::channel();
        let program = bug.program;
        thread::spawn(move || {
            let result = panic::catch_unwind(|| program(version));
            _ = done.send(result.is_ok());
        });
        if is_done.recv_timeout(PATIENCE) != Ok(true) {
            fail();
        }
    }
}
