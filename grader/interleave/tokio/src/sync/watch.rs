//! The stand-in for `tokio::sync::watch`.

use crate::shared::{Shared, Wakers, wake};
use interleave::engine::{self, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;

/// The stand-in for `tokio::sync::watch::error`.
pub mod error {
    use super::fmt;

    /// The stand-in for `tokio::sync::watch::error::SendError`: there is no receiver.
    #[derive(PartialEq, Eq, Clone, Copy)]
    pub struct SendError<T>(pub T);

    impl<T> fmt::Debug for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.debug_struct("SendError").finish_non_exhaustive()
        }
    }

    impl<T> fmt::Display for SendError<T> {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl<T> std::error::Error for SendError<T> {}

    /// The stand-in for `tokio::sync::watch::error::RecvError`: all senders are gone.
    #[derive(Debug, Clone)]
    pub struct RecvError(pub(super) ());

    impl fmt::Display for RecvError {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("channel closed")
        }
    }

    impl std::error::Error for RecvError {}
}

use error::{RecvError, SendError};

struct Chan<T> {
    shared: Shared<State>,
    value: UnsafeCell<T>,
}

// SAFETY: as for tokio's: the value has many readers, or one writer.
unsafe impl<T: Send> Send for Chan<T> {}
// SAFETY: as above.
unsafe impl<T: Send + Sync> Sync for Chan<T> {}

struct State {
    version: u64,
    senders: usize,
    receivers: usize,
    /// References to the value that are given out: a sender blocks its thread until there are none.
    borrowed: usize,
    writing: bool,
    changing: Wakers,
    closing: Wakers,
}

impl<T> Chan<T> {
    /// Blocks the thread until `ready`, as the lock in tokio's channel does.
    fn block(&self, operation: &'static str, at: &'static Location<'static>, ready: impl Fn(&mut State) -> bool) {
        while !self.shared.with(|state| ready(state)) {
            let object = Some(self.shared.object().id());
            engine::block(Wait { kind: WaitKind::Lock, operation, object, holder: None, deadline: None, at });
        }
    }

    fn borrow(&self, seen: u64, at: &'static Location<'static>) -> Ref<'_, T> {
        self.block("borrow", at, |state| !state.writing);
        let has_changed = self.shared.with(|state| {
            state.borrowed += 1;
            state.version != seen
        });
        Ref { chan: self, has_changed, at, _not_send: PhantomData }
    }

    /// Changes the value. If `change` says that it did, receivers are told.
    fn write<R>(&self, at: &'static Location<'static>, change: impl FnOnce(&mut T) -> (bool, R)) -> R {
        self.block("send", at, |state| !state.writing && state.borrowed == 0);
        self.shared.with(|state| state.writing = true);
        let written = Writing { chan: self };
        // SAFETY: there are no readers, and new ones wait until this is over.
        let (changed, result) = change(unsafe { &mut *self.value.get() });
        drop(written);
        if changed {
            let waiting = self.shared.with(|state| {
                state.version += 1;
                state.changing.take()
            });
            wake(waiting, at);
        }
        result
    }
}

struct Writing<'a, T> {
    chan: &'a Chan<T>,
}

impl<T> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        self.chan.shared.with(|state| state.writing = false);
        engine::wake_all(self.chan.shared.object().id());
    }
}

/// The stand-in for `tokio::sync::watch::Ref`: while it lives, senders block.
pub struct Ref<'a, T> {
    chan: &'a Chan<T>,
    has_changed: bool,
    at: &'static Location<'static>,
    // As there, it stays on its thread: a task that is sent about cannot keep it across an await.
    _not_send: PhantomData<*const ()>,
}

// SAFETY: as for `tokio::sync::watch::Ref`.
unsafe impl<T: Sync> Sync for Ref<'_, T> {}

impl<T> Ref<'_, T> {
    /// As `tokio::sync::watch::Ref::has_changed`.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }
}

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody writes while a reference is given out.
        unsafe { &*self.chan.value.get() }
    }
}

impl<T> Drop for Ref<'_, T> {
    fn drop(&mut self) {
        self.chan.shared.point("end borrow", self.at);
        self.chan.shared.with(|state| state.borrowed -= 1);
        engine::wake_all(self.chan.shared.object().id());
    }
}

impl<T: fmt::Debug> fmt::Debug for Ref<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// The stand-in for `tokio::sync::watch::Sender`.
pub struct Sender<T>(Arc<Chan<T>>);

/// The stand-in for `tokio::sync::watch::Receiver`.
pub struct Receiver<T> {
    chan: Arc<Chan<T>>,
    seen: u64,
}

/// As `tokio::sync::watch::channel`.
#[track_caller]
#[must_use]
pub fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
    let sender = Sender::new(value);
    let receiver = subscribe(&sender.0);
    (sender, receiver)
}

fn subscribe<T>(chan: &Arc<Chan<T>>) -> Receiver<T> {
    let seen = chan.shared.with(|state| {
        state.receivers += 1;
        state.version
    });
    Receiver { chan: Arc::clone(chan), seen }
}

impl<T> Sender<T> {
    /// As `tokio::sync::watch::Sender::new`.
    #[track_caller]
    #[must_use]
    pub fn new(value: T) -> Self {
        let state = State {
            version: 0,
            senders: 1,
            receivers: 0,
            borrowed: 0,
            writing: false,
            changing: Wakers::new(),
            closing: Wakers::new(),
        };
        Sender(Arc::new(Chan { shared: Shared::new("watch", state, |_| ()), value: UnsafeCell::new(value) }))
    }

    /// As `tokio::sync::watch::Sender::send`.
    ///
    /// # Errors
    /// If there is no receiver: the value.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        let at = Location::caller();
        self.0.shared.point("send", at);
        if self.0.shared.with(|state| state.receivers) == 0 {
            return Err(SendError(value));
        }
        drop(self.replace(value, at));
        Ok(())
    }

    fn replace(&self, value: T, at: &'static Location<'static>) -> T {
        self.0.write(at, |place| (true, std::mem::replace(place, value)))
    }

    /// As `tokio::sync::watch::Sender::send_modify`.
    #[track_caller]
    pub fn send_modify(&self, modify: impl FnOnce(&mut T)) {
        let at = Location::caller();
        self.0.shared.point("send_modify", at);
        self.0.write(at, |place| (true, modify(place)));
    }

    /// As `tokio::sync::watch::Sender::send_if_modified`.
    #[track_caller]
    pub fn send_if_modified(&self, modify: impl FnOnce(&mut T) -> bool) -> bool {
        let at = Location::caller();
        self.0.shared.point("send_if_modified", at);
        self.0.write(at, |place| {
            let modified = modify(place);
            (modified, modified)
        })
    }

    /// As `tokio::sync::watch::Sender::send_replace`.
    #[track_caller]
    pub fn send_replace(&self, value: T) -> T {
        let at = Location::caller();
        self.0.shared.point("send_replace", at);
        self.replace(value, at)
    }

    /// As `tokio::sync::watch::Sender::borrow`.
    #[track_caller]
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        let at = Location::caller();
        self.0.shared.point("borrow", at);
        // A sender has seen what it sent.
        let seen = self.0.shared.with(|state| state.version);
        self.0.borrow(seen, at)
    }

    /// As `tokio::sync::watch::Sender::subscribe`.
    #[track_caller]
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        self.0.shared.point("subscribe", Location::caller());
        subscribe(&self.0)
    }

    /// As `tokio::sync::watch::Sender::receiver_count`.
    #[track_caller]
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.0.shared.point("receiver_count", Location::caller());
        self.0.shared.with(|state| state.receivers)
    }

    /// As `tokio::sync::watch::Sender::sender_count`.
    #[track_caller]
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.0.shared.point("sender_count", Location::caller());
        self.0.shared.with(|state| state.senders)
    }

    /// As `tokio::sync::watch::Sender::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receiver_count() == 0
    }

    /// As `tokio::sync::watch::Sender::closed`.
    #[track_caller]
    pub fn closed(&self) -> impl Future<Output = ()> {
        let at = Location::caller();
        let none = |state: &mut State| (state.receivers == 0).then_some(());
        self.0.shared.until("closed", at, |state| &mut state.closing, none)
    }

    /// As `tokio::sync::watch::Sender::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.0.shared.with(|state| state.senders += 1);
        Sender(Arc::clone(&self.0))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let shared = &self.0.shared;
        // Only the last sender's end can be noticed.
        if shared.with(|state| state.senders) == 1 {
            shared.point("drop last sender", shared.made());
        }
        let waiting = shared.with(|state| {
            state.senders -= 1;
            if state.senders == 0 { state.changing.take() } else { Vec::new() }
        });
        wake(waiting, shared.made());
    }
}

impl<T> Receiver<T> {
    /// As `tokio::sync::watch::Receiver::borrow`.
    #[track_caller]
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        let at = Location::caller();
        self.chan.shared.point("borrow", at);
        self.chan.borrow(self.seen, at)
    }

    /// As `tokio::sync::watch::Receiver::borrow_and_update`.
    #[track_caller]
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let at = Location::caller();
        self.chan.shared.point("borrow_and_update", at);
        let reference = self.chan.borrow(self.seen, at);
        self.seen = self.chan.shared.with(|state| state.version);
        reference
    }

    /// As `tokio::sync::watch::Receiver::has_changed`.
    ///
    /// # Errors
    /// If all senders are gone, even if there is a value that was not seen.
    #[track_caller]
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        self.chan.shared.point("has_changed", Location::caller());
        let found = self.chan.shared.with(|state| (state.senders > 0).then_some(state.version != self.seen));
        found.ok_or(RecvError(()))
    }

    /// As `tokio::sync::watch::Receiver::is_closed`.
    #[track_caller]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.chan.shared.point("is_closed", Location::caller());
        self.chan.shared.with(|state| state.senders == 0)
    }

    /// As `tokio::sync::watch::Receiver::mark_changed`.
    pub fn mark_changed(&mut self) {
        self.seen = self.seen.wrapping_sub(1);
    }

    /// As `tokio::sync::watch::Receiver::mark_unchanged`.
    #[track_caller]
    pub fn mark_unchanged(&mut self) {
        self.chan.shared.point("mark_unchanged", Location::caller());
        self.seen = self.chan.shared.with(|state| state.version);
    }

    /// As `tokio::sync::watch::Receiver::changed`.
    ///
    /// # Errors
    /// If all senders are gone and their last value was seen.
    #[track_caller]
    pub fn changed(&mut self) -> impl Future<Output = Result<(), RecvError>> {
        change(&self.chan, &mut self.seen, "changed", Location::caller())
    }

    /// As `tokio::sync::watch::Receiver::wait_for`.
    ///
    /// # Errors
    /// If all senders are gone and no value is as wanted.
    #[track_caller]
    pub fn wait_for(
        &mut self,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> impl Future<Output = Result<Ref<'_, T>, RecvError>> {
        let at = Location::caller();
        let Receiver { chan, seen } = self;
        async move {
            chan.shared.point("wait_for", at);
            loop {
                // In a block: the reference must not live while this waits.
                {
                    let reference = chan.borrow(*seen, at);
                    let (version, gone) = chan.shared.with(|state| (state.version, state.senders == 0));
                    *seen = version;
                    if wanted(&reference) {
                        return Ok(reference);
                    }
                    if gone {
                        return Err(RecvError(()));
                    }
                }
                // If all senders go now, their last value is looked at once more.
                let _gone = change(chan, seen, "wait_for", at).await;
            }
        }
    }

    /// As `tokio::sync::watch::Receiver::same_channel`.
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.chan, &other.chan)
    }
}

async fn change<T>(
    chan: &Chan<T>,
    seen: &mut u64,
    operation: &'static str,
    at: &'static Location<'static>,
) -> Result<(), RecvError> {
    let changed = chan.shared.until(
        operation,
        at,
        |state| &mut state.changing,
        |state| {
            if state.version != *seen {
                *seen = state.version;
                return Some(Ok(()));
            }
            (state.senders == 0).then_some(Err(RecvError(())))
        },
    );
    changed.await
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.chan.shared.with(|state| state.receivers += 1);
        Receiver { chan: Arc::clone(&self.chan), seen: self.seen }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let shared = &self.chan.shared;
        // Only the last receiver's end can be noticed by waiting.
        if shared.with(|state| state.receivers) == 1 {
            shared.point("drop last receiver", shared.made());
        }
        let waiting = shared.with(|state| {
            state.receivers -= 1;
            if state.receivers == 0 { state.closing.take() } else { Vec::new() }
        });
        wake(waiting, shared.made());
    }
}

impl<T: fmt::Debug> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("watch::Sender").finish_non_exhaustive()
    }
}

impl<T: fmt::Debug> fmt::Debug for Receiver<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("watch::Receiver").finish_non_exhaustive()
    }
}

impl<T: Default> Default for Sender<T> {
    #[track_caller]
    fn default() -> Self {
        Sender::new(T::default())
    }
}
