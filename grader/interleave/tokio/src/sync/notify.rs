//! [`Notify`].

use crate::shared::{Shared, wake};
use interleave::executor::waits;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::marker::PhantomPinned;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// The stand-in for `tokio::sync::Notify`: `notify_one` is kept if nobody waits, once; `notify_waiters` is not, but reaches
/// every [`Notified`](futures::Notified) that exists.
#[derive(Debug)]
pub struct Notify(Shared<State>);

#[derive(Debug)]
struct State {
    permit: bool,
    waiting: VecDeque<Arc<Waiter>>,
    /// How often all were notified.
    calls: u64,
}

/// By whom a waiter was notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    One,
    Last,
    All,
}

#[derive(Debug)]
struct Waiter {
    notified: Cell<Option<By>>,
    waker: RefCell<Option<Waker>>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

fn renew(state: &mut State) {
    state.permit = false;
    // What an abandoned execution has left is never dropped.
    std::mem::forget(std::mem::take(&mut state.waiting));
}

impl State {
    fn notify(&mut self, by: By) -> Option<Waker> {
        let waiter = if by == By::Last { self.waiting.pop_back() } else { self.waiting.pop_front() };
        let Some(waiter) = waiter else {
            self.permit = true;
            return None;
        };
        waiter.notified.set(Some(by));
        waiter.waker.take()
    }
}

impl Notify {
    /// As `tokio::sync::Notify::new`.
    #[track_caller]
    #[must_use]
    pub const fn new() -> Self {
        Notify(Shared::new("notify", State { permit: false, waiting: VecDeque::new(), calls: 0 }, renew))
    }

    /// As `tokio::sync::Notify::const_new`.
    #[track_caller]
    #[must_use]
    pub const fn const_new() -> Self {
        Notify::new()
    }

    /// As `tokio::sync::Notify::notified`.
    #[track_caller]
    pub fn notified(&self) -> futures::Notified<'_> {
        let at = Location::caller();
        // What came before this call is missed by it: between a look and this, others may go on.
        self.0.point("listen to", at);
        futures::Notified(Wait::new(self, &self.0, at))
    }

    /// As `tokio::sync::Notify::notified_owned`.
    #[track_caller]
    pub fn notified_owned(self: Arc<Self>) -> futures::OwnedNotified {
        let at = Location::caller();
        self.0.point("listen to", at);
        let calls = self.0.with(|state| state.calls);
        futures::OwnedNotified(Wait { notify: self, stage: Stage::New { calls }, at, _pinned: PhantomPinned })
    }

    #[track_caller]
    fn notify(&self, operation: &'static str, by: By) {
        let at = Location::caller();
        self.0.point(operation, at);
        wake(self.0.with(|state| state.notify(by)), at);
    }

    /// As `tokio::sync::Notify::notify_one`.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify("notify_one", By::One);
    }

    /// As `tokio::sync::Notify::notify_last`.
    #[track_caller]
    pub fn notify_last(&self) {
        self.notify("notify_last", By::Last);
    }

    /// As `tokio::sync::Notify::notify_waiters`.
    #[track_caller]
    pub fn notify_waiters(&self) {
        let at = Location::caller();
        self.0.point("notify_waiters", at);
        let waiting = self.0.with(|state| {
            state.calls += 1;
            std::mem::take(&mut state.waiting)
        });
        // All are notified before the first is woken.
        waiting.iter().for_each(|waiter| waiter.notified.set(Some(By::All)));
        wake(waiting.iter().filter_map(|waiter| waiter.waker.take()), at);
    }
}

impl Default for Notify {
    #[track_caller]
    fn default() -> Self {
        Notify::new()
    }
}

#[derive(Debug)]
enum Stage {
    /// It has not been polled. How often all had been notified when it was made.
    New {
        calls: u64,
    },
    Waiting(Arc<Waiter>),
    Done,
}

/// What waits for a notification, by whatever reference it has.
#[derive(Debug)]
struct Wait<N: AsNotify> {
    notify: N,
    stage: Stage,
    at: &'static Location<'static>,
    _pinned: PhantomPinned,
}

trait AsNotify {
    fn shared(&self) -> &Shared<State>;
}

impl AsNotify for &Notify {
    fn shared(&self) -> &Shared<State> {
        &self.0
    }
}

impl AsNotify for Arc<Notify> {
    fn shared(&self) -> &Shared<State> {
        &self.0
    }
}

impl<N: AsNotify> Wait<N> {
    fn new(notify: N, shared: &Shared<State>, at: &'static Location<'static>) -> Self {
        let calls = shared.with(|state| state.calls);
        Wait { notify, stage: Stage::New { calls }, at, _pinned: PhantomPinned }
    }

    /// Whether it is notified; if not, `waker` is called when it is.
    fn poll(&mut self, waker: Option<&Waker>) -> bool {
        let shared = self.notify.shared();
        let done = match &self.stage {
            Stage::Done => true,
            Stage::New { calls } => {
                shared.point("notified", self.at);
                let waiter = shared.with(|state| {
                    if std::mem::take(&mut state.permit) || state.calls != *calls {
                        return None;
                    }
                    let waker = RefCell::new(waker.cloned());
                    let waiter = Arc::new(Waiter { notified: Cell::new(None), waker });
                    state.waiting.push_back(Arc::clone(&waiter));
                    Some(waiter)
                });
                match waiter {
                    None => true,
                    Some(waiter) => {
                        self.stage = Stage::Waiting(waiter);
                        false
                    }
                }
            }
            Stage::Waiting(waiter) if waiter.notified.get().is_some() => true,
            Stage::Waiting(waiter) => {
                if let Some(waker) = waker {
                    drop(waiter.waker.replace(Some(waker.clone())));
                }
                false
            }
        };
        if done {
            self.stage = Stage::Done;
        } else if waker.is_some() {
            waits("notified", Some(self.notify.shared().object()), self.at);
        }
        done
    }
}

impl<N: AsNotify> Drop for Wait<N> {
    fn drop(&mut self) {
        let Stage::Waiting(waiter) = &self.stage else { return };
        let shared = self.notify.shared();
        // Others may act between the decision to give up and the moment when it shows.
        shared.point("give up", self.at);
        let next = shared.with(|state| {
            state.waiting.retain(|other| !Arc::ptr_eq(other, waiter));
            // A notification for one that it has not seen is for another one.
            match waiter.notified.get() {
                Some(by @ (By::One | By::Last)) => state.notify(by),
                _ => None,
            }
        });
        wake(next, self.at);
    }
}

/// The stand-in for `tokio::sync::futures`.
pub mod futures {
    use super::*;

    /// The stand-in for `tokio::sync::futures::Notified`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Notified<'a>(pub(super) super::Wait<&'a Notify>);

    /// The stand-in for `tokio::sync::futures::OwnedNotified`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct OwnedNotified(pub(super) super::Wait<Arc<Notify>>);

    macro_rules! notified {
        ($($name:ty),*) => {$(
            impl $name {
                /// As `tokio::sync::futures::Notified::enable`.
                pub fn enable(self: Pin<&mut Self>) -> bool {
                    // SAFETY: nothing is moved out; it is pinned only because tokio's is.
                    unsafe { self.get_unchecked_mut() }.0.poll(None)
                }
            }

            impl Future for $name {
                type Output = ();

                fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
                    // SAFETY: as above.
                    let done = unsafe { self.get_unchecked_mut() }.0.poll(Some(context.waker()));
                    if done { Poll::Ready(()) } else { Poll::Pending }
                }
            }
        )*};
    }

    notified!(Notified<'_>, OwnedNotified);
}
