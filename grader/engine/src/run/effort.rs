//! Where the processor time of gradings goes: what every process took that was waited for, by what it was for.

use std::fmt::{Display, Formatter};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a process is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Purpose {
    /// Builds a kit.
    Dependencies,
    /// Compiles a submission.
    Submission,
    /// Compiles all hidden tests of a kind.
    HiddenTests,
    /// Compiles a single hidden test.
    OneTest,
    /// Runs a submission with hidden tests.
    #[default]
    Run,
}

/// All purposes, each with the words for it.
const PURPOSES: [(Purpose, &str); 5] = [
    (Purpose::Dependencies, "dependencies"),
    (Purpose::Submission, "compiling submissions"),
    (Purpose::HiddenTests, "compiling hidden tests"),
    (Purpose::OneTest, "compiling single hidden tests"),
    (Purpose::Run, "running"),
];

/// In microseconds, by purpose.
static SPENT: [AtomicU64; PURPOSES.len()] = [const { AtomicU64::new(0) }; PURPOSES.len()];

pub(super) fn add(purpose: Purpose, usage: &libc::rusage) {
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    SPENT[purpose as usize].fetch_add(micros(usage.ru_utime) + micros(usage.ru_stime), Ordering::Relaxed);
}

/// The processor time of all processes that this grader has started and waited for.
#[derive(Clone, Copy, Debug)]
pub struct Effort([Duration; PURPOSES.len()]);

/// What was spent until now.
pub fn spent() -> Effort {
    Effort(std::array::from_fn(|place| Duration::from_micros(SPENT[place].load(Ordering::Relaxed))))
}

impl Display for Effort {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        let all: Duration = self.0.iter().sum();
        write!(formatter, "{:.0} s of processor time", all.as_secs_f64())?;
        for ((_, words), time) in PURPOSES.iter().zip(&self.0) {
            write!(formatter, ", {words} {:.0}", time.as_secs_f64())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_place() {
        for (place, (purpose, _)) in PURPOSES.iter().enumerate() {
            assert_eq!(*purpose as usize, place);
        }
    }
}
