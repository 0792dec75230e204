//! A connection: two ends, and what is under way between them.

use super::descriptor::End;
use super::errors::{broken_pipe, connection_reset, would_block};
use super::name::Name;
use crate::engine::{self, Clock, Object, Wait, WaitKind, Woken};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// So many bytes can be under way in one direction. Small, so that a scenario of a few steps comes to the point where a writer
/// has to wait for its reader; real buffers have hundreds of thousands, and no promise of any.
pub const BUFFER: usize = 64;

/// So many bytes are shown of what is read or written.
const SHOWN: usize = 16;

/// One end of a connection.
pub(crate) struct StreamEnd {
    link: Arc<Link>,
    side: usize,
}

/// A connection. Each end is an object of its own.
struct Link {
    objects: [Object; 2],
    epoch: u32,
    /// That of the listener whom the first end has connected to: the second one has it.
    name: Option<Name>,
    sides: UnsafeCell<[Side; 2]>,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for Link {}
// SAFETY: as above.
unsafe impl Send for Link {}

/// What is known of one end, and what has come for it.
struct Side {
    descriptors: usize,
    /// Not shut down for reading, and for writing.
    reads: bool,
    writes: bool,
    /// The other end has gone without having read everything, and that has not been told yet.
    is_reset: bool,
    settings: Settings,
    inbox: VecDeque<u8>,
    /// How many bytes came with each write that is not read to its end, and what happened before it.
    parcels: VecDeque<(usize, Clock)>,
    /// How many bytes have ever come.
    received: u64,
    /// What the reader did before it made room.
    room: Clock,
    /// What was done before this end was shut down or closed.
    over: Clock,
}

/// What all descriptors of an end have in common.
#[derive(Clone, Copy, Default)]
pub(super) struct Settings {
    pub(super) nonblocking: bool,
    pub(super) read_timeout: Option<Duration>,
    pub(super) write_timeout: Option<Duration>,
}

/// What an attempt to read or write comes to.
enum Attempt {
    /// So many bytes.
    Moved(usize),
    /// There will never be any more.
    Over,
    /// The other end has gone in disorder.
    Reset,
    /// Not now.
    NotNow,
}

impl Side {
    fn new() -> Side {
        Side {
            descriptors: 0,
            reads: true,
            writes: true,
            is_reset: false,
            settings: Settings::default(),
            inbox: VecDeque::new(),
            parcels: VecDeque::new(),
            received: 0,
            room: Clock::new(),
            over: Clock::new(),
        }
    }

    fn is_closed(&self) -> bool {
        self.descriptors == 0
    }

    /// Bytes are taken out.
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.inbox.len());
        for (place, byte) in buffer.iter_mut().zip(self.inbox.drain(..count)) {
            *place = byte;
        }
        let mut rest = count;
        while rest > 0 {
            let Some((length, sent)) = self.parcels.front_mut() else { break };
            engine::acquire(sent);
            let part = rest.min(*length);
            *length -= part;
            rest -= part;
            if *length == 0 {
                self.parcels.pop_front();
            }
        }
        engine::release(&mut self.room);
        count
    }

    /// Bytes are put in, as many as there is room for.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(BUFFER - self.inbox.len());
        self.inbox.extend(&bytes[..count]);
        self.received += count as u64;
        if self.received > BUFFER as u64 {
            // There would be no room if nothing had been read.
            engine::acquire(&self.room);
        }
        let mut sent = Clock::new();
        engine::release(&mut sent);
        self.parcels.push_back((count, sent));
        count
    }
}

impl StreamEnd {
    /// The two ends of a new connection, made where the caller says so; the name is that of the second one.
    #[track_caller]
    pub(super) fn two(name: Option<&Name>) -> [Arc<StreamEnd>; 2] {
        let objects = [Object::new("socket"), Object::new("socket")];
        let sides = UnsafeCell::new([Side::new(), Side::new()]);
        let link = Arc::new(Link { objects, epoch: engine::epoch(), name: name.cloned(), sides });
        [0, 1].map(|side| Arc::new(StreamEnd { link: Arc::clone(&link), side }))
    }

    fn object(&self) -> &Object {
        &self.link.objects[self.side]
    }

    fn name_of(&self, side: usize) -> Option<&Name> {
        self.link.name.as_ref().filter(|_| side == 1)
    }

    pub(super) fn name(&self) -> Option<&Name> {
        self.name_of(self.side)
    }

    pub(super) fn name_of_peer(&self) -> Option<&Name> {
        self.name_of(1 - self.side)
    }

    /// This side first, then the other one.
    fn sides<R>(&self, action: impl FnOnce(&mut Side, &mut Side) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe {
            engine::with(&self.link.sides, |[first, second]| match self.side {
                0 => action(first, second),
                _ => action(second, first),
            })
        }
    }

    fn wake(&self, side: usize, operation: &'static str) {
        engine::wake_all_of(self.link.objects[side].id(), |wait| wait.operation == operation);
    }

    pub(super) fn settings(&self) -> Settings {
        self.sides(|mine, _| mine.settings)
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.sides(|mine, _| change(&mut mine.settings));
    }

    /// Whether the other end has gone in disorder; that is told once.
    pub(super) fn take_reset(&self) -> bool {
        self.sides(|mine, _| std::mem::take(&mut mine.is_reset))
    }

    /// Repeats an attempt until it comes to something, or there is no more time. The attempt is told whether it has been waited.
    fn repeat(
        &self,
        operation: &'static str,
        at: &'static Location<'static>,
        mut attempt: impl FnMut(&mut Side, &mut Side, bool) -> Attempt,
    ) -> Attempt {
        engine::point_at(operation, self.object(), at);
        let settings = self.settings();
        let timeout = if operation == "read" { settings.read_timeout } else { settings.write_timeout };
        let deadline = timeout.and_then(crate::time::deadline);
        let mut woken = None;
        loop {
            match self.sides(|mine, other| attempt(mine, other, woken.is_some())) {
                Attempt::NotNow if settings.nonblocking || woken == Some(Woken::TimedOut) => return Attempt::NotNow,
                Attempt::NotNow => {}
                done => return done,
            }
            let object = Some(self.object().id());
            let wait = Wait { kind: WaitKind::Other, operation, object, holder: None, deadline, at };
            woken = Some(engine::block(wait));
        }
    }

    /// Reads what is there; waits if that is nothing.
    pub(super) fn read(&self, buffer: &mut [u8], at: &'static Location<'static>) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let came = self.repeat("read", at, |mine, other, _| {
            if !mine.inbox.is_empty() {
                return Attempt::Moved(mine.take(buffer));
            }
            if std::mem::take(&mut mine.is_reset) {
                engine::acquire(&other.over);
                return Attempt::Reset;
            }
            if !mine.reads || !other.writes || other.is_closed() {
                engine::acquire(&mine.over);
                engine::acquire(&other.over);
                return Attempt::Over;
            }
            Attempt::NotNow
        });
        match came {
            Attempt::Moved(count) => {
                engine::note(|| shown(&buffer[..count]));
                self.wake(1 - self.side, "write");
                Ok(count)
            }
            Attempt::Over => {
                engine::note(|| "the end".to_owned());
                Ok(0)
            }
            Attempt::Reset => Err(reset()),
            Attempt::NotNow => {
                engine::note(|| "nothing has come".to_owned());
                Err(would_block())
            }
        }
    }

    /// Writes what there is room for; waits if there is none.
    pub(super) fn write(&self, bytes: &[u8], at: &'static Location<'static>) -> io::Result<usize> {
        let went = self.repeat("write", at, |mine, other, waited| {
            if waited && std::mem::take(&mut mine.is_reset) {
                engine::acquire(&other.over);
                return Attempt::Reset;
            }
            if !mine.writes || !other.reads || other.is_closed() {
                engine::acquire(&mine.over);
                engine::acquire(&other.over);
                return Attempt::Over;
            }
            if bytes.is_empty() || other.inbox.len() < BUFFER {
                return Attempt::Moved(other.put(bytes));
            }
            Attempt::NotNow
        });
        match went {
            Attempt::Moved(count) => {
                engine::note(|| shown(&bytes[..count]));
                self.wake(1 - self.side, "read");
                Ok(count)
            }
            Attempt::Over => {
                engine::note(|| "nobody will read it".to_owned());
                Err(broken_pipe())
            }
            Attempt::Reset => Err(reset()),
            Attempt::NotNow => {
                engine::note(|| "there is no room".to_owned());
                Err(would_block())
            }
        }
    }

    pub(super) fn shut_down(&self, how: Shutdown, at: &'static Location<'static>) {
        engine::point_at("shutdown", self.object(), at);
        engine::note(|| format!("{how:?}"));
        self.sides(|mine, _| {
            mine.reads &= how == Shutdown::Write;
            mine.writes &= how == Shutdown::Read;
            engine::release(&mut mine.over);
        });
        self.wake_everybody();
    }

    /// This end goes before anybody has had it: the other one is told so.
    pub(super) fn refuse(&self) {
        self.sides(|_, other| other.is_reset = true);
    }

    /// Whoever waits looks again.
    fn wake_everybody(&self) {
        for object in &self.link.objects {
            engine::wake_all(object.id());
        }
    }
}

impl End for StreamEnd {
    fn add_descriptor(&self) {
        self.sides(|mine, _| mine.descriptors += 1);
    }

    fn remove_descriptor(&self, at: &'static Location<'static>) {
        // What an abandoned execution has left goes without a word.
        if self.link.epoch != engine::epoch() {
            return;
        }
        engine::point_at("drop socket", self.object(), at);
        let is_closed = self.sides(|mine, other| {
            mine.descriptors -= 1;
            engine::release(&mut mine.over);
            if mine.is_closed() {
                other.is_reset |= !mine.inbox.is_empty();
                mine.inbox.clear();
                mine.parcels.clear();
            }
            mine.is_closed()
        });
        if is_closed {
            engine::note(|| "this end is closed".to_owned());
            self.wake_everybody();
        }
    }
}

fn reset() -> io::Error {
    engine::note(|| "the other end has gone without reading everything".to_owned());
    connection_reset()
}

/// Bytes, for a person to read.
fn shown(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN { "…" } else { "" };
    let first = &bytes[..bytes.len().min(SHOWN)];
    format!("{} {}: {}{more}", bytes.len(), if bytes.len() == 1 { "byte" } else { "bytes" }, first.escape_ascii())
}
