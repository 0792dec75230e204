//! What the two ends of a channel share.

use crate::engine::{self, Clock, Object, Wait, WaitKind, Woken};
use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::panic::Location;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};

/// All of a channel but its messages, so that none of it is compiled again for every type of message.
pub(super) struct Core {
    pub(super) object: Object,
    /// How many messages it takes at most. With none at all, a message goes from hand to hand.
    capacity: Option<usize>,
    state: UnsafeCell<State>,
}

struct State {
    senders: usize,
    receives: bool,
    /// Whether the receiver waits for a message.
    waits: bool,
    /// How many messages were put in, and taken out.
    put: u64,
    taken: u64,
    /// For each message inside, what happened before it was sent.
    sent: VecDeque<Clock>,
    /// What the receiver did before it took messages out: it happened before those that had to wait for room were sent.
    room: Clock,
    /// What senders did before they went away, and the receiver.
    gone: Clock,
}

pub(super) struct Channel<T> {
    pub(super) core: Core,
    /// Each with its number, by which a sender that holds one out knows it again.
    messages: UnsafeCell<VecDeque<(u64, T)>>,
}

// SAFETY: the cells are only touched by the one running task of an execution; messages move from sender to receiver.
unsafe impl<T: Send> Sync for Channel<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Channel<T> {}

/// What a sender finds before it sends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Free,
    Full,
    NoReceiver,
}

impl Core {
    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe { engine::with(&self.state, action) }
    }

    fn block(&self, operation: &'static str, deadline: Option<u64>, at: &'static Location<'static>) -> Woken {
        let object = Some(self.object.id());
        engine::block(Wait { kind: WaitKind::Other, operation, object, holder: None, deadline, at })
    }

    fn wake_senders(&self) {
        engine::wake_all_of(self.object.id(), |wait| wait.operation == "send");
    }

    fn wake_receiver(&self) {
        engine::wake_all_of(self.object.id(), |wait| wait.operation != "send");
    }

    fn room(&self) -> Room {
        self.state(|state| {
            if !state.receives {
                engine::acquire(&state.gone);
                return Room::NoReceiver;
            }
            match self.capacity {
                // From hand to hand: the receiver must stand there.
                Some(0) if !state.waits || !state.sent.is_empty() => Room::Full,
                Some(capacity) if capacity > 0 && state.sent.len() >= capacity => Room::Full,
                _ => Room::Free,
            }
        })
    }

    /// A message is put in. Returns how many have been.
    fn has_put(&self) -> u64 {
        let number = self.state(|state| {
            if self.capacity.is_some() {
                engine::acquire(&state.room);
            }
            let mut clock = Clock::new();
            engine::release(&mut clock);
            state.sent.push_back(clock);
            state.put += 1;
            state.put
        });
        self.wake_receiver();
        number
    }

    /// A message is about to be taken out, if there is one.
    pub(super) fn takes(&self) -> Result<(), TryRecvError> {
        let taken = self.state(|state| match state.sent.pop_front() {
            Some(clock) => {
                engine::acquire(&clock);
                state.taken += 1;
                if self.capacity.is_some() {
                    engine::release(&mut state.room);
                }
                Ok(())
            }
            None if state.senders == 0 => {
                engine::acquire(&state.gone);
                Err(TryRecvError::Disconnected)
            }
            None => Err(TryRecvError::Empty),
        });
        match taken {
            Ok(()) if self.capacity.is_some() => self.wake_senders(),
            Ok(()) => {}
            Err(TryRecvError::Empty) => engine::note(|| "it is empty".to_owned()),
            Err(TryRecvError::Disconnected) => engine::note(|| "all senders are gone".to_owned()),
        }
        taken
    }

    /// Waits for a message or the end.
    pub(super) fn wait_for_message(
        &self,
        operation: &'static str,
        deadline: Option<u64>,
        at: &'static Location<'static>,
    ) -> Result<(), RecvTimeoutError> {
        let mut woken = Woken::Signalled;
        loop {
            match self.takes() {
                Ok(()) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if woken == Woken::TimedOut => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => {}
            }
            self.state(|state| state.waits = true);
            woken = self.block(operation, deadline, at);
            self.state(|state| state.waits = false);
        }
    }

    pub(super) fn add_sender(&self) {
        self.state(|state| state.senders += 1);
    }

    pub(super) fn remove_sender(&self, at: &'static Location<'static>) {
        engine::point_at("drop sender", &self.object, at);
        let last = self.state(|state| {
            state.senders -= 1;
            engine::release(&mut state.gone);
            state.senders == 0
        });
        if last {
            engine::note(|| "the last one".to_owned());
            self.wake_receiver();
        }
    }

    pub(super) fn remove_receiver(&self, at: &'static Location<'static>) {
        engine::point_at("drop receiver", &self.object, at);
        self.state(|state| {
            state.receives = false;
            engine::release(&mut state.gone);
        });
        self.wake_senders();
    }
}

impl<T> Channel<T> {
    #[track_caller]
    pub(super) fn new(capacity: Option<usize>) -> Arc<Self> {
        let state = State {
            senders: 1,
            receives: true,
            waits: false,
            put: 0,
            taken: 0,
            sent: VecDeque::new(),
            room: Clock::new(),
            gone: Clock::new(),
        };
        let core = Core { object: Object::new("channel"), capacity, state: UnsafeCell::new(state) };
        Arc::new(Channel { core, messages: UnsafeCell::new(VecDeque::new()) })
    }

    fn messages<R>(&self, action: impl FnOnce(&mut VecDeque<(u64, T)>) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe { engine::with(&self.messages, action) }
    }

    fn put(&self, message: T) -> u64 {
        let number = self.core.has_put();
        self.messages(|messages| messages.push_back((number, message)));
        number
    }

    pub(super) fn pop(&self) -> T {
        self.messages(VecDeque::pop_front).expect("as many messages as clocks").1
    }

    #[track_caller]
    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        engine::point("try_send", &self.core.object);
        match self.core.room() {
            Room::NoReceiver => {
                engine::note(|| "the receiver is gone".to_owned());
                Err(TrySendError::Disconnected(message))
            }
            Room::Full => {
                engine::note(|| "it is full".to_owned());
                Err(TrySendError::Full(message))
            }
            Room::Free => {
                self.put(message);
                Ok(())
            }
        }
    }

    #[track_caller]
    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        let at = Location::caller();
        engine::point("send", &self.core.object);
        if self.core.capacity == Some(0) {
            return self.hand_over(message, at);
        }
        loop {
            match self.core.room() {
                Room::NoReceiver => {
                    engine::note(|| "the receiver is gone".to_owned());
                    return Err(SendError(message));
                }
                Room::Full => {
                    self.core.block("send", None, at);
                }
                Room::Free => {
                    self.put(message);
                    return Ok(());
                }
            }
        }
    }

    /// Drops what nobody will receive; what is held out goes back to its sender.
    pub(super) fn discard(&self) {
        if self.core.capacity != Some(0) {
            self.core.state(|state| state.sent.clear());
            drop(self.messages(std::mem::take));
        }
    }

    /// Sends from hand to hand: holds the message out until it is taken.
    fn hand_over(&self, message: T, at: &'static Location<'static>) -> Result<(), SendError<T>> {
        if self.core.room() == Room::NoReceiver {
            engine::note(|| "the receiver is gone".to_owned());
            return Err(SendError(message));
        }
        let number = self.put(message);
        loop {
            let (taken, receives) = self.core.state(|state| (state.taken, state.receives));
            if taken >= number {
                self.core.state(|state| engine::acquire(&state.room));
                return Ok(());
            }
            if !receives {
                let mine = |messages: &mut VecDeque<(u64, T)>| {
                    let index = messages.iter().position(|(each, _)| *each == number)?;
                    messages.remove(index)
                };
                let (_, message) = self.messages(mine).expect("the message was not taken");
                self.core.state(|state| engine::acquire(&state.gone));
                return Err(SendError(message));
            }
            self.core.block("send", None, at);
        }
    }
}
