//! [`LocalRuntime`].

use super::{EnterGuard, Handle};
use interleave::executor::{self, JoinHandle};
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

/// The stand-in for `tokio::runtime::LocalOptions`: there are none.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LocalOptions {
    // As there, it stays on its thread.
    _not_send: PhantomData<*const ()>,
}

/// The stand-in for `tokio::runtime::LocalRuntime`. Dropping it drops its tasks, where they wait.
#[derive(Debug)]
pub struct LocalRuntime {
    handle: Handle,
    _not_send: PhantomData<*const ()>,
}

impl LocalRuntime {
    /// As `tokio::runtime::LocalRuntime::new`.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn new() -> io::Result<LocalRuntime> {
        Ok(LocalRuntime { handle: Handle(executor::Runtime::local()), _not_send: PhantomData })
    }

    /// As `tokio::runtime::LocalRuntime::handle`.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// As `tokio::runtime::LocalRuntime::spawn_local`.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.handle.0.spawn(None, future)
    }

    /// As `tokio::runtime::LocalRuntime::spawn_blocking`.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, action: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(action)
    }

    /// As `tokio::runtime::LocalRuntime::block_on`.
    ///
    /// # Panics
    /// If the future does, or if called within an asynchronous task.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// As `tokio::runtime::LocalRuntime::enter`.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// As `tokio::runtime::LocalRuntime::shutdown_timeout`, which waits for tasks to reach an await.
    pub fn shutdown_timeout(self, _timeout: Duration) {}

    /// As `tokio::runtime::LocalRuntime::shutdown_background`.
    pub fn shutdown_background(self) {}
}

impl Drop for LocalRuntime {
    fn drop(&mut self) {
        self.handle.0.shut_down();
    }
}
