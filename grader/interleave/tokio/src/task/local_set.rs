//! [`LocalSet`]: tasks that stay on the thread of whoever drives them.

use crate::runtime::Runtime;
use interleave::executor::{self, Driver, Entered, JoinHandle};
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// The stand-in for `tokio::task::LocalSet`. Its tasks go on while the future of [`LocalSet::run_until`] is there, or the set itself has been
/// polled and not ended. Dropping it drops them.
pub struct LocalSet {
    tasks: executor::Runtime,
    /// Since it was first polled itself.
    driver: Option<Driver>,
    // As there, it stays on its thread.
    _not_send: PhantomData<*const ()>,
}

/// The stand-in for `tokio::task::LocalEnterGuard`.
#[derive(Debug)]
pub struct LocalEnterGuard {
    _entered: Entered,
}

/// As `tokio::task::spawn_local`.
///
/// # Panics
/// If the running task is in no local set, and in no local runtime.
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let set = executor::Runtime::current_set();
    let set = set.expect("`spawn_local` called from outside of a `task::LocalSet` or `runtime::LocalRuntime`");
    set.spawn(None, future)
}

impl LocalSet {
    /// As `tokio::task::LocalSet::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> LocalSet {
        LocalSet { tasks: executor::Runtime::set(), driver: None, _not_send: PhantomData }
    }

    /// As `tokio::task::LocalSet::enter`.
    #[must_use]
    pub fn enter(&self) -> LocalEnterGuard {
        LocalEnterGuard { _entered: self.tasks.enter_set() }
    }

    /// As `tokio::task::LocalSet::spawn_local`.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.tasks.spawn(None, future)
    }

    /// As `tokio::task::LocalSet::block_on`.
    ///
    /// # Panics
    /// As [`Runtime::block_on`].
    #[track_caller]
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }

    /// As `tokio::task::LocalSet::run_until`.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let driver = Driver::new(&self.tasks);
        poll_fn(|context| driver.poll(|| future.as_mut().poll(context))).await
    }
}

impl Future for LocalSet {
    type Output = ();

    #[track_caller]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let driver = this.driver.get_or_insert_with(|| Driver::new(&this.tasks));
        let ended = driver.poll_idle(context, Location::caller());
        if ended.is_ready() {
            this.driver = None;
        }
        ended
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.tasks.shut_down();
    }
}

impl Default for LocalSet {
    #[track_caller]
    fn default() -> Self {
        LocalSet::new()
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LocalSet").finish_non_exhaustive()
    }
}
