//! A gate: it holds calls up until the story of a test says that they go on.

use crate::explorable::sync::{Arc, Condvar, Mutex, MutexGuard};

/// Holds everyone who comes, until enough are admitted. Clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<State>);

#[derive(Debug, Default)]
struct State {
    crowd: Mutex<Crowd>,
    admitted: Condvar,
}

#[derive(Debug, Default)]
struct Crowd {
    arrived: usize,
    passed: usize,
    admitted: usize,
    most_waiting: usize,
}

impl Crowd {
    const fn waiting(&self) -> usize {
        self.arrived - self.passed
    }
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Comes to the gate, and returns when one more is admitted.
    #[track_caller]
    pub fn pass(&self) {
        let mut crowd = self.crowd();
        crowd.arrived += 1;
        crowd.most_waiting = crowd.most_waiting.max(crowd.waiting());
        let admitted = self.0.admitted.wait_while(crowd, |crowd| crowd.passed >= crowd.admitted);
        admitted.expect("nobody panics at the gate").passed += 1;
    }

    /// Lets so many more pass, those who are still to come included.
    #[track_caller]
    pub fn admit(&self, more: usize) {
        let mut crowd = self.crowd();
        crowd.admitted = crowd.admitted.saturating_add(more);
        drop(crowd);
        self.0.admitted.notify_all();
    }

    /// Lets everyone pass from now on.
    #[track_caller]
    pub fn open(&self) {
        self.admit(usize::MAX);
    }

    /// How many have come so far.
    #[track_caller]
    pub fn arrived(&self) -> usize {
        self.crowd().arrived
    }

    /// How many have been let through so far.
    #[track_caller]
    pub fn passed(&self) -> usize {
        self.crowd().passed
    }

    /// How many stand at the gate.
    #[track_caller]
    pub fn waiting(&self) -> usize {
        self.crowd().waiting()
    }

    /// The most that have been at the gate at the same time.
    #[track_caller]
    pub fn most_waiting(&self) -> usize {
        self.crowd().most_waiting
    }

    #[track_caller]
    fn crowd(&self) -> MutexGuard<'_, Crowd> {
        self.0.crowd.lock().expect("nobody panics at the gate")
    }
}

#[cfg(all(test, not(feature = "explore")))]
mod tests {
    use super::*;

    #[test]
    fn a_gate_lets_through_whom_it_admits() {
        let gate = Gate::new();
        gate.admit(1);
        gate.pass();
        assert_eq!((gate.arrived(), gate.passed(), gate.waiting()), (1, 1, 0));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| gate.pass());
            }
            while gate.waiting() < 3 {
                std::thread::yield_now();
            }
            gate.admit(1);
            while gate.waiting() > 2 {
                std::thread::yield_now();
            }
            assert_eq!((gate.arrived(), gate.passed(), gate.most_waiting()), (4, 2, 3));
            gate.open();
            gate.open();
        });
        gate.pass();
        assert_eq!((gate.arrived(), gate.waiting(), gate.most_waiting()), (5, 0, 3));
    }
}
