//! The backlog of a listener: connections that nobody has accepted.

use super::descriptor::Descriptor;
use super::errors::{invalid, would_block};
use super::link::{Settings, StreamEnd};
use super::name::Name;
use crate::engine::{self, Clock, Object, Wait, WaitKind, Woken};
use crate::net::Shutdown;
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::io;
use std::panic::Location;

/// What descriptors of a listener refer to: those who have come and wait to be accepted.
pub(crate) struct Backlog {
    object: Object,
    epoch: u32,
    name: Name,
    state: UnsafeCell<State>,
}

struct State {
    descriptors: usize,
    settings: Settings,
    /// Not shut down for reading.
    accepts: bool,
    /// What was done before it was shut down.
    over: Clock,
    /// Connections that nobody has accepted, with what happened before they were made.
    waiting: VecDeque<(Descriptor<StreamEnd>, Clock)>,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for Backlog {}
// SAFETY: as above.
unsafe impl Send for Backlog {}

impl Backlog {
    #[track_caller]
    pub(super) fn new(name: Name) -> Backlog {
        let state = State {
            descriptors: 0,
            settings: Settings::default(),
            accepts: true,
            over: Clock::new(),
            waiting: VecDeque::new(),
        };
        Backlog { object: Object::new("listener"), epoch: engine::epoch(), name, state: UnsafeCell::new(state) }
    }

    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe { engine::with(&self.state, action) }
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    pub(super) fn is_of_this_execution(&self) -> bool {
        self.epoch == engine::epoch()
    }

    pub(super) fn object(&self) -> &Object {
        &self.object
    }

    pub(super) fn is_listening(&self) -> bool {
        self.state(|state| state.descriptors > 0 && state.accepts)
    }

    pub(super) fn settings(&self) -> Settings {
        self.state(|state| state.settings)
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.state(|state| change(&mut state.settings));
    }

    /// Nobody connects any more, if it is shut down for reading; who has come already can be accepted.
    pub(super) fn shut_down(&self, how: Shutdown, at: &'static Location<'static>) {
        engine::point_at("shutdown", &self.object, at);
        engine::note(|| format!("{how:?}"));
        self.state(|state| {
            state.accepts &= how == Shutdown::Write;
            engine::release(&mut state.over);
        });
        engine::wake_all(self.object.id());
    }

    /// One descriptor more.
    pub(super) fn count_up(&self) {
        self.state(|state| state.descriptors += 1);
    }

    /// One descriptor less. If it was the last one: the connections that nobody has accepted.
    pub(super) fn count_down(&self) -> Option<impl Iterator<Item = Descriptor<StreamEnd>>> {
        let unheard = self.state(|state| {
            state.descriptors -= 1;
            (state.descriptors == 0).then(|| std::mem::take(&mut state.waiting))
        })?;
        Some(unheard.into_iter().map(|(stream, _)| stream))
    }

    /// A connection that waits to be accepted.
    pub(super) fn offer(&self, stream: Descriptor<StreamEnd>) {
        let mut made = Clock::new();
        engine::release(&mut made);
        self.state(|state| state.waiting.push_back((stream, made)));
        engine::wake_all(self.object.id());
    }

    /// Waits for a connection, unless it is told not to.
    pub(super) fn accept(&self, at: &'static Location<'static>) -> io::Result<Descriptor<StreamEnd>> {
        engine::point_at("accept", &self.object, at);
        let settings = self.settings();
        let deadline = settings.read_timeout.and_then(crate::time::deadline);
        let mut woken = None;
        loop {
            if let Some((stream, made)) = self.state(|state| state.waiting.pop_front()) {
                engine::acquire(&made);
                return Ok(stream);
            }
            if settings.nonblocking || woken == Some(Woken::TimedOut) {
                engine::note(|| "nobody has come".to_owned());
                return Err(would_block());
            }
            if self.state(|state| !state.accepts) {
                engine::note(|| "it is shut down".to_owned());
                self.state(|state| engine::acquire(&state.over));
                return Err(invalid());
            }
            let (kind, object) = (WaitKind::Other, Some(self.object.id()));
            woken = Some(engine::block(Wait { kind, operation: "accept", object, holder: None, deadline, at }));
        }
    }
}
