//! Progress of what takes minutes: one line that is rewritten on a terminal, a line now and then elsewhere (in a log).

use crate::screen::Screen;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Off a terminal, a line is written at most so often.
const NOW_AND_THEN: Duration = Duration::from_secs(30);

/// Progress on the standard error, erased when dropped.
pub(crate) struct Progress<'a> {
    screen: &'a Screen,
    /// One lock: gradings end on several threads, and lines must not mix.
    times: Mutex<Times>,
}

struct Times {
    /// When the first step began: what is prepared before says nothing about the rest.
    begun: Instant,
    /// When a line was written last.
    last: Instant,
}

impl<'a> Progress<'a> {
    /// Progress that begins now.
    pub(crate) fn new(screen: &'a Screen) -> Progress<'a> {
        Progress { screen, times: Mutex::new(Times { begun: Instant::now(), last: Instant::now() }) }
    }

    /// Tells that so many of all steps are done, and which one was the last. With none done, what is being prepared.
    pub(crate) fn told(&self, done: usize, of: usize, what: &str) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if done == 0 {
            times.begun = Instant::now();
        }
        if !self.screen.live && times.last.elapsed() < NOW_AND_THEN {
            return;
        }
        times.last = Instant::now();
        let line = format!("{done} of {of}{} · {what}", left(done, of, times.begun.elapsed()));
        // Progress that cannot be shown is no fault.
        let _ = match self.screen.live {
            true => {
                let line: String = line.chars().take(self.screen.width - 1).collect();
                write!(std::io::stderr().lock(), "\r\x1b[K{line}")
            }
            false => writeln!(std::io::stderr().lock(), "{line}"),
        };
    }
}

impl Progress<'_> {
    /// Takes the line away, so that something else can be printed there.
    pub(crate) fn clear(&self) {
        if self.screen.live {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// How long the rest will take if it is like what is done; nothing as long as that would be a guess.
fn left(done: usize, of: usize, elapsed: Duration) -> String {
    if done < 10.min(of.div_ceil(2)) || done == 0 || done >= of {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() / done as f64 * (of - done) as f64;
    match seconds.round() as u64 {
        seconds @ ..90 => format!(", about {seconds} s left"),
        seconds => format!(", about {} min left", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_estimated_from_what_is_done() {
        assert_eq!(left(0, 100, Duration::from_secs(3)), "");
        assert_eq!(left(3, 100, Duration::from_secs(3)), "");
        assert_eq!(left(20, 100, Duration::from_secs(10)), ", about 40 s left");
        assert_eq!(left(100, 876, Duration::from_secs(100)), ", about 13 min left");
        assert_eq!(left(876, 876, Duration::from_secs(700)), "");
    }
}
