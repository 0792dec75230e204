//! The exit codes. They are documented in the README and do not change.

use engine::trouble::Trouble;
use verdict::{Report, Verdict};

/// What the process says to whoever started it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Accepted; or the command did what it was asked.
    Success = 0,
    /// A submission was rejected; or `author verify` found something wrong.
    Rejected = 1,
    /// The command line, or a file that steers the grader, is wrong.
    Usage = 2,
    /// A verdict could not be reached with certainty.
    Inconclusive = 3,
    /// A submission does not compile.
    Unbuildable = 4,
    /// Our fault, or the machine's; also a report that could not be written whole.
    Ours = 70,
    /// Ctrl-C, as shells count it: 128 + SIGINT.
    Interrupted = 130,
}

impl ExitCode {
    /// The code for a command that could not be carried out.
    pub(crate) fn of(trouble: &Trouble) -> ExitCode {
        match trouble {
            Trouble::Usage(_) => ExitCode::Usage,
            Trouble::Ours(_) => ExitCode::Ours,
            Trouble::Interrupted => ExitCode::Interrupted,
        }
    }

    /// The code for a set of reports: the worst of them.
    pub(crate) fn of_reports(reports: &[Report]) -> ExitCode {
        let any = |verdict: Verdict| reports.iter().any(|report| report.verdict == verdict);
        if any(Verdict::Unbuildable) {
            ExitCode::Unbuildable
        } else if any(Verdict::Rejected) {
            ExitCode::Rejected
        } else if any(Verdict::Inconclusive) {
            ExitCode::Inconclusive
        } else {
            ExitCode::Success
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        (code as u8).into()
    }
}
