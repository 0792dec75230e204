//! What both kinds of channel are inside.

use super::error::TryRecvError;
use crate::shared::{Place, Shared, Wakers, wake};
use crate::sync::permits::Permits;
use interleave::executor::waits;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::task::{Context, Poll};

/// A channel. Each message in it has a permit, and so has each promise to send one.
pub(super) struct Chan<T> {
    pub(super) shared: Shared<State<T>>,
    /// `None` if there is room for everything.
    pub(super) room: Option<(Permits, usize)>,
}

pub(super) struct State<T> {
    queue: VecDeque<T>,
    pub(super) senders: usize,
    pub(super) weak_senders: usize,
    closed: bool,
    pub(super) receiving: Wakers,
    pub(super) closing: Wakers,
}

impl<T> Chan<T> {
    #[track_caller]
    pub(super) fn new(capacity: Option<usize>) -> Self {
        let state = State {
            queue: VecDeque::new(),
            senders: 1,
            weak_senders: 0,
            closed: false,
            receiving: Wakers::new(),
            closing: Wakers::new(),
        };
        let room = capacity.map(|capacity| (Permits::new("room", capacity), capacity));
        Chan { shared: Shared::new("channel", state, |_| ()), room }
    }

    pub(super) fn made(&self) -> &'static Location<'static> {
        self.shared.made()
    }

    /// Whether no message is in it, and none is promised.
    fn is_idle(&self) -> bool {
        self.room.as_ref().is_none_or(|(permits, capacity)| permits.available() == *capacity)
    }

    /// The next message; `Some(None)` if there will not be one. The permit is not given back yet.
    fn next(&self) -> Option<Option<T>> {
        // A promise of a message keeps a closed channel from its end.
        let idle = self.is_idle();
        self.shared.with(|state| match state.queue.pop_front() {
            Some(message) => Some(Some(message)),
            None if state.senders == 0 || state.closed && idle => Some(None),
            None => None,
        })
    }

    pub(super) async fn recv(&self, at: &'static Location<'static>) -> Option<T> {
        // What it looks for is not in the state alone: the waker is put there first, and nothing happens before the look.
        let mut waiting = pin!(self.shared.until("recv", at, |state| &mut state.receiving, |_| None::<()>));
        let message = poll_fn(|context| {
            let _pending = waiting.as_mut().poll(context);
            self.next().map_or(Poll::Pending, Poll::Ready)
        });
        let message = message.await?;
        self.give_room(1, at);
        Some(message)
    }

    /// Takes up to `limit` messages, once there is one.
    pub(super) async fn recv_many(&self, buffer: &mut Vec<T>, limit: usize, at: &'static Location<'static>) -> usize {
        if limit == 0 {
            return 0;
        }
        let Some(first) = self.recv(at).await else { return 0 };
        buffer.push(first);
        self.more(buffer, limit, at)
    }

    /// Takes what is there after a first message, up to `limit` with it. Returns how many there are with it.
    fn more(&self, buffer: &mut Vec<T>, limit: usize, at: &'static Location<'static>) -> usize {
        let mut count = 1;
        while count < limit {
            let Some(Some(message)) = self.next() else { break };
            self.give_room(1, at);
            buffer.push(message);
            count += 1;
        }
        count
    }

    /// Of all polls, the waker of the last one is called.
    pub(super) fn poll_recv(&self, context: &Context<'_>, at: &'static Location<'static>) -> Poll<Option<T>> {
        self.shared.point("poll_recv", at);
        if let Some(message) = self.next() {
            if message.is_some() {
                self.give_room(1, at);
            }
            return Poll::Ready(message);
        }
        let waker = context.waker().clone();
        let before = self.shared.with(|state| {
            let before = state.receiving.take();
            // It is left there: nobody but the receiver waits here.
            let _none = state.receiving.wait(&mut Place::default(), waker);
            before
        });
        drop(before);
        waits("poll_recv", Some(self.shared.object()), at);
        Poll::Pending
    }

    pub(super) fn poll_recv_many(
        &self,
        context: &Context<'_>,
        buffer: &mut Vec<T>,
        limit: usize,
        at: &'static Location<'static>,
    ) -> Poll<usize> {
        if limit == 0 {
            return Poll::Ready(0);
        }
        self.poll_recv(context, at).map(|message| match message {
            Some(first) => {
                buffer.push(first);
                self.more(buffer, limit, at)
            }
            None => 0,
        })
    }

    pub(super) fn try_recv(&self, at: &'static Location<'static>) -> Result<T, TryRecvError> {
        self.shared.point("try_recv", at);
        match self.next() {
            Some(Some(message)) => {
                self.give_room(1, at);
                Ok(message)
            }
            Some(None) => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Puts a message in; its permit is taken already. Without recording it.
    pub(super) fn push(&self, message: T, at: &'static Location<'static>) {
        let waiting = self.shared.with(|state| {
            state.queue.push_back(message);
            state.receiving.take()
        });
        wake(waiting, at);
    }

    /// Gives permits back; a closed channel may come to its end by that.
    pub(super) fn give_room(&self, count: usize, at: &'static Location<'static>) {
        let Some((permits, _)) = &self.room else { return };
        permits.give(count, at);
        if self.is_closed() && self.is_idle() {
            wake(self.shared.with(|state| state.receiving.take()), at);
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.shared.with(|state| state.closed)
    }

    pub(super) fn len(&self) -> usize {
        self.shared.with(|state| state.queue.len())
    }

    /// Nobody sends any more.
    pub(super) fn close(&self, at: &'static Location<'static>) {
        self.shared.point("close", at);
        let mut waiting = self.shared.with(|state| {
            state.closed = true;
            let mut waiting = state.closing.take();
            waiting.extend(state.receiving.take());
            waiting
        });
        if let Some((permits, _)) = &self.room {
            permits.close(at);
        }
        wake(waiting.drain(..), at);
    }

    /// The receiver is gone: so are the messages.
    pub(super) fn drop_receiver(&self) {
        self.close(self.made());
        let messages = self.shared.with(|state| std::mem::take(&mut state.queue));
        if let Some((permits, _)) = &self.room {
            permits.give(messages.len(), self.made());
        }
        drop(messages);
    }

    pub(super) fn add_sender(&self) {
        self.shared.with(|state| state.senders += 1);
    }

    /// Only the last sender's end can be noticed.
    pub(super) fn drop_sender(&self) {
        if self.shared.with(|state| state.senders) == 1 {
            self.shared.point("drop last sender", self.made());
        }
        let waiting = self.shared.with(|state| {
            state.senders -= 1;
            if state.senders == 0 { state.receiving.take() } else { Vec::new() }
        });
        wake(waiting, self.made());
    }

    pub(super) fn upgrade(&self) -> bool {
        self.shared.with(|state| {
            let any = state.senders > 0;
            state.senders += usize::from(any);
            any
        })
    }

    pub(super) async fn closed(&self, at: &'static Location<'static>) {
        self.shared.until("closed", at, |state| &mut state.closing, |state| state.closed.then_some(())).await;
    }
}
