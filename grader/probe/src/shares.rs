//! How much of a core the threads of a process were given, and how long they were ready to run and had none, read from
//! `/proc/…/schedstat` (Linux).
//!
//! A limit on wall time is a limit on the machine's other work, too. [`Shares::counted`] takes out of a wall time what a
//! process was kept waiting by others.

use crate::field::Field;
use std::fs;
use std::io;
use std::time::Duration;

/// Sums over the threads of one or several processes, of those that are alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Time on a core.
    pub cpu: Duration,
    /// Time ready to run, without a core.
    pub waited: Duration,
}

/// Of a wall time, at least this part counts however busy the machine is: 1/5.
const LEAST: u32 = 5;

impl Shares {
    /// What the threads of process `pid`, or of the calling process if `None`, have had so far. What cannot be read is nothing.
    pub fn of(pid: Option<u32>) -> Shares {
        let tasks = fs::read_dir(format!("{}/task", crate::proc_of(pid))).into_iter().flatten().flatten();
        let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
        texts.filter_map(|text| Shares::parse(&text)).fold(Shares::default(), Shares::and)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Shares) -> Shares {
        Shares { cpu: self.cpu + other.cpu, waited: self.waited + other.waited }
    }

    /// What has come since an earlier reading. Threads that have ended in between take theirs with them.
    #[must_use]
    pub fn since(self, earlier: Shares) -> Shares {
        Shares { cpu: self.cpu.saturating_sub(earlier.cpu), waited: self.waited.saturating_sub(earlier.waited) }
    }

    /// The part of a wall time that counts: all of it but the time that these threads were kept waiting by others. What they
    /// kept each other waiting, since they are more than there are cores, counts.
    pub fn counted(self, wall: Duration) -> Duration {
        self.counted_on(std::thread::available_parallelism().map_or(1, usize::from), wall)
    }

    fn counted_on(self, cores: usize, wall: Duration) -> Duration {
        let all = wall.as_secs_f64() * cores as f64;
        let own = if all > 0.0 { (self.cpu.as_secs_f64() / all).min(1.0) } else { 1.0 };
        // However many threads wait at the same time, others cannot have taken more than the cores that were left.
        let left = wall.mul_f64(1.0 - own);
        let by_others = self.waited.mul_f64(1.0 - own).min(left);
        wall.saturating_sub(by_others).max(wall / LEAST)
    }

    /// `time on a core, time waited, number of turns`, the times in nanoseconds.
    fn parse(text: &str) -> Option<Shares> {
        let mut numbers = text.split_ascii_whitespace().map(str::parse);
        let mut next = || Some(Duration::from_nanos(numbers.next()?.ok()?));
        Some(Shares { cpu: next()?, waited: next()? })
    }
}

impl Field for Shares {
    fn put(&self, body: &mut Vec<u8>) {
        (self.cpu.as_nanos() as u64).put(body);
        (self.waited.as_nanos() as u64).put(body);
    }

    fn take(bytes: &mut &[u8]) -> io::Result<Self> {
        let mut next = || u64::take(bytes).map(Duration::from_nanos);
        Ok(Shares { cpu: next()?, waited: next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Duration = Duration::from_secs(10);

    fn counted(cpu: f64, waited: f64) -> f64 {
        let shares = Shares { cpu: Duration::from_secs_f64(cpu), waited: Duration::from_secs_f64(waited) };
        (shares.counted_on(2, WALL).as_secs_f64() * 10.0).round() / 10.0
    }

    #[test]
    fn who_blocks_or_has_a_core_is_charged_the_whole_time() {
        assert_eq!(counted(0.0, 0.0), 10.0);
        assert_eq!(counted(0.01, 0.01), 10.0);
        assert_eq!(counted(10.0, 0.0), 10.0);
    }

    #[test]
    fn who_starves_is_charged_what_was_left_to_it() {
        assert_eq!(counted(0.5, 6.0), 4.2);
        assert_eq!(counted(0.1, 40.0), 2.0);
    }

    #[test]
    fn threads_that_keep_each_other_waiting_are_charged() {
        // Eight that spin on two cores.
        assert_eq!(counted(20.0, 60.0), 10.0);
        // Thirty-five that spin, beside somebody who takes a third of both.
        assert_eq!(counted(14.0, 330.0), 7.0);
    }

    #[test]
    fn a_process_is_seen_to_compute() {
        let before = Shares::of(None);
        let begun = std::time::Instant::now();
        let mut since = Shares::default();
        while since.cpu < Duration::from_millis(20) {
            assert!(begun.elapsed().as_secs() < 60, "{since:?}");
            since = Shares::of(None).since(before);
        }
    }
}
