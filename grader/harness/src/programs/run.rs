//! One program, run once.

use super::explain::{Surprise, Time, explain};
use super::history::{Event, History};
use super::machine::Machine;
use super::program::{Program, Written, name};
use crate::{actor, quiesce};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Virtual time, and whether it has passed only when nothing could go on so far.
pub(crate) type Clock = fn() -> (Duration, bool);

/// A program made ready to be run many times.
pub(crate) struct Running {
    pub(crate) program: Program,
    machine: Arc<dyn Machine>,
    written: Arc<Written>,
    /// What happened in the last execution.
    history: Arc<Mutex<History>>,
    /// Histories that have been explained.
    explained: Mutex<HashSet<History>>,
    /// The time since the program began, where it is virtual.
    clock: Option<Clock>,
}

impl Running {
    /// Makes a program ready. `clock` tells virtual time, where there is one.
    pub(crate) fn new(program: Program, machine: &Arc<dyn Machine>, clock: Option<Clock>) -> Self {
        let written = Arc::new(program.written());
        let (history, explained) = Default::default();
        Running { program, machine: Arc::clone(machine), written, history, explained, clock }
    }

    /// The program, with what came of each call in the last execution.
    pub(crate) fn text(&self) -> String {
        let history = lock(&self.history);
        self.program.text(&*self.machine, |number| match (history.begun(number), history.outcome(number)) {
            (_, Some(outcome)) => self.machine.text(outcome),
            (Some(_), None) => "still waits".into(),
            (None, None) => String::new(),
        })
    }

    /// What is surprising about what happened so far, if nothing can go on now.
    #[cfg(feature = "explore")]
    pub(crate) fn surprise_at_rest(&self) -> Option<Surprise> {
        let mut history = lock(&self.history).clone();
        history.events.push(Event::Rests);
        self.explain(&history).err()
    }

    fn explain(&self, history: &History) -> Result<(), Surprise> {
        let start = self.machine.starts()[self.program.start];
        let time = match self.clock.map(|clock| clock().1) {
            None => Time::Real,
            Some(true) => Time::Exact,
            Some(false) => Time::Late,
        };
        explain(start, &self.written, history, &*self.machine, time)
    }

    /// Runs the program once, and says whether the specification explains what happened.
    pub(crate) fn run(&self) -> Result<(), Surprise> {
        lock(&self.history).events.clear();
        let subject = self.machine.make(self.program.start);
        let clock = self.clock;
        let now = move || clock.map_or(Duration::ZERO, |clock| clock().0);
        let history = &self.history;
        self.machine.call(&*subject, &self.written.prefix, &|number, what| lock(history).note(number, what, now()));
        for (index, stage) in self.written.stages.iter().enumerate() {
            for (place, lane) in stage.iter().enumerate() {
                let (subject, history) = (Arc::clone(&subject), Arc::clone(history));
                let (written, machine) = (Arc::clone(&self.written), Arc::clone(&self.machine));
                let part = move || {
                    let note = |number, what| lock(&history).note(number, what, now());
                    machine.call(&*subject, &written.stages[index][place], &note);
                };
                drop(actor(&name(lane.thread), part));
            }
            quiesce();
            lock(history).events.push(Event::Rests);
        }
        let history = lock(history);
        if lock(&self.explained).contains(&*history) {
            return Ok(());
        }
        self.explain(&history)?;
        lock(&self.explained).insert(history.clone());
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
