//! The stand-in for `tokio::runtime`.

use interleave::executor::{self, Entered, JoinHandle};
use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::time::Duration;

/// The message that tokio has for whoever leaves it, shortened.
const NO_RUNTIME: &str = "there is no reactor running, must be called from the context of a Tokio 1.x runtime";

/// What a runtime is made with: tasks on one thread, or in parallel. How many threads there are is not modelled.
#[derive(Debug)]
pub struct Builder {
    current_thread: bool,
}

/// The stand-in for `tokio::runtime::RuntimeFlavor`.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuntimeFlavor {
    /// One task at a time.
    CurrentThread,
    /// In parallel.
    MultiThread,
}

macro_rules! without_effect {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[doc = concat!("As `tokio::runtime::Builder::", stringify!($name), "`, without effect.")]
        pub fn $name(&mut self $(, $argument: $type)*) -> &mut Self {
            $( let _ = $argument; )*
            self
        }
    )*};
}

impl Builder {
    /// As `tokio::runtime::Builder::new_current_thread`: tasks change only where they await.
    #[must_use]
    pub fn new_current_thread() -> Builder {
        Builder { current_thread: true }
    }

    /// As `tokio::runtime::Builder::new_multi_thread`.
    #[must_use]
    pub fn new_multi_thread() -> Builder {
        Builder { current_thread: false }
    }

    without_effect! {
        enable_all();
        enable_io();
        enable_time();
        event_interval(ticks: u32);
        global_queue_interval(ticks: u32);
        max_io_events_per_busy_tick(count: usize);
        max_io_events_per_tick(count: usize);
        thread_keep_alive(time: Duration);
        thread_name_fn(name: impl Fn() -> String + Send + Sync + 'static);
        worker_threads(count: usize);
        max_blocking_threads(count: usize);
        thread_name(name: impl Into<String>);
        thread_stack_size(bytes: usize);
        start_paused(paused: bool);
    }

    /// As `tokio::runtime::Builder::build`.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn build(&mut self) -> io::Result<Runtime> {
        let current_thread = self.current_thread;
        let inner = if current_thread { executor::Runtime::current_thread() } else { executor::Runtime::parallel() };
        Ok(Runtime { handle: Handle(inner) })
    }

    /// As `tokio::runtime::Builder::build_local`.
    ///
    /// # Errors
    /// Never.
    ///
    /// # Panics
    /// If it is a builder of parallel runtimes.
    #[track_caller]
    pub fn build_local(&mut self, _options: LocalOptions) -> io::Result<LocalRuntime> {
        assert!(self.current_thread, "multi_thread is not supported for LocalRuntime");
        LocalRuntime::new()
    }
}

/// The stand-in for `tokio::runtime::Runtime`. Dropping it drops its tasks, where they wait.
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
}

impl Runtime {
    /// As `tokio::runtime::Runtime::new`.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn new() -> io::Result<Runtime> {
        Builder::new_multi_thread().build()
    }

    /// As `tokio::runtime::Runtime::block_on`.
    ///
    /// # Panics
    /// If the future does, or if called within an asynchronous task.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// As `tokio::runtime::Runtime::spawn`.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// As `tokio::runtime::Runtime::spawn_blocking`.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, action: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.handle.spawn_blocking(action)
    }

    /// As `tokio::runtime::Runtime::handle`.
    #[must_use]
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// As `tokio::runtime::Runtime::enter`.
    pub fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// As `tokio::runtime::Runtime::shutdown_timeout`, which waits for tasks to reach an await.
    pub fn shutdown_timeout(self, _timeout: Duration) {}

    /// As `tokio::runtime::Runtime::shutdown_background`.
    pub fn shutdown_background(self) {}
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.handle.0.shut_down();
    }
}

/// The stand-in for `tokio::runtime::Handle`.
#[derive(Clone)]
pub struct Handle(pub(crate) executor::Runtime);

/// The stand-in for `tokio::runtime::EnterGuard`.
#[derive(Debug)]
#[must_use = "Creating and dropping a guard does nothing"]
pub struct EnterGuard<'a> {
    _entered: Entered,
    _handle: PhantomData<&'a Handle>,
}

/// The stand-in for `tokio::runtime::TryCurrentError`.
#[derive(Debug)]
pub struct TryCurrentError(());

impl fmt::Display for TryCurrentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(NO_RUNTIME)
    }
}

impl std::error::Error for TryCurrentError {}

impl TryCurrentError {
    /// As `tokio::runtime::TryCurrentError::is_missing_context`: there is no other reason.
    #[must_use]
    pub fn is_missing_context(&self) -> bool {
        true
    }

    /// As `tokio::runtime::TryCurrentError::is_thread_local_destroyed`.
    #[must_use]
    pub fn is_thread_local_destroyed(&self) -> bool {
        false
    }
}

impl Handle {
    /// As `tokio::runtime::Handle::current`.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    #[must_use]
    pub fn current() -> Handle {
        let Ok(handle) = Handle::try_current() else { panic!("{NO_RUNTIME}") };
        handle
    }

    /// As `tokio::runtime::Handle::try_current`.
    ///
    /// # Errors
    /// Outside of a runtime.
    pub fn try_current() -> Result<Handle, TryCurrentError> {
        executor::Runtime::current().map(Handle).ok_or(TryCurrentError(()))
    }

    /// As `tokio::runtime::Handle::enter`.
    pub fn enter(&self) -> EnterGuard<'_> {
        EnterGuard { _entered: self.0.enter(), _handle: PhantomData }
    }

    /// As `tokio::runtime::Handle::block_on`.
    ///
    /// # Panics
    /// If the future does, or if called within an asynchronous task.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        assert!(
            !executor::Runtime::is_polling(),
            "Cannot start a runtime from within a runtime: the thread is being used to drive asynchronous tasks"
        );
        self.0.block_on(future)
    }

    /// As `tokio::runtime::Handle::spawn`.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(None, future)
    }

    /// As `tokio::runtime::Handle::spawn_blocking`.
    #[track_caller]
    pub fn spawn_blocking<F, R>(&self, action: F) -> JoinHandle<R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        self.0.spawn_blocking(None, action)
    }

    /// As `tokio::runtime::Handle::runtime_flavor`.
    #[must_use]
    pub fn runtime_flavor(&self) -> RuntimeFlavor {
        if self.0.is_current_thread() { RuntimeFlavor::CurrentThread } else { RuntimeFlavor::MultiThread }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

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

/// Waits for a future on a thread that may block: what the `blocking_…` methods do.
#[track_caller]
pub(crate) fn block<F: Future>(future: F) -> F::Output {
    assert!(
        !executor::Runtime::is_polling(),
        "Cannot block the current thread from within a runtime: the thread is being used to drive asynchronous tasks"
    );
    executor::block_on(future)
}
