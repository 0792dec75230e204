//! Scoped threads: they may borrow, and have ended when [`scope`] returns.

use super::handle::Thread;
use super::spawn::{Builder, Packet, join, start};
use crate::engine::{self, Object, TaskId, Wait, WaitKind};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location, RefUnwindSafe};
use std::sync::Arc;
use std::thread::Result;

struct ScopeData {
    running: Cell<usize>,
    object: Object,
    #[allow(clippy::type_complexity)] // one list, used in one place
    started: RefCell<Vec<(TaskId, Box<dyn Fn() -> bool>)>>,
}

impl ScopeData {
    fn one_has_ended(&self) {
        self.running.set(self.running.get() - 1);
        if self.running.get() == 0 {
            engine::wake_all(self.object.id());
        }
    }
}

/// The stand-in for [`std::thread::Scope`].
pub struct Scope<'scope, 'env: 'scope> {
    data: Arc<ScopeData>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Sync for ScopeData {}
// SAFETY: as above.
unsafe impl Send for ScopeData {}
impl RefUnwindSafe for Scope<'_, '_> {}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// The stand-in for [`std::thread::ScopedJoinHandle`].
pub struct ScopedJoinHandle<'scope, T> {
    thread: Thread,
    packet: Arc<Packet<T>>,
    _scope: PhantomData<&'scope ()>,
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`std::thread::ScopedJoinHandle::join`].
    ///
    /// # Errors
    /// If the thread panicked: its panic's payload.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        join(&self.thread, &self.packet)
    }

    /// As [`std::thread::ScopedJoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// As [`std::thread::ScopedJoinHandle::is_finished`].
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        engine::point("is_finished", &self.thread.0.park);
        engine::has_ended(self.thread.0.task)
    }
}

impl<'scope> Scope<'scope, '_> {
    /// As [`std::thread::Scope::spawn`].
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, body: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, body).expect("an explored thread can always be started")
    }
}

/// As [`std::thread::scope`].
///
/// # Panics
/// If `body` panics, or a thread whose handle was not joined did.
#[track_caller]
pub fn scope<'env, F, T>(body: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    let at = Location::caller();
    let data = Arc::new(ScopeData { running: Cell::new(0), object: Object::new("scope"), started: RefCell::default() });
    let scope = Scope { data, scope: PhantomData, env: PhantomData };
    let result = crate::panic::catch_unwind(AssertUnwindSafe(|| body(&scope)));
    let data = &scope.data;
    while data.running.get() > 0 {
        let started = data.started.borrow();
        let holder = started.iter().map(|(task, _)| *task).find(|task| !engine::has_ended(*task));
        drop(started);
        let object = Some(data.object.id());
        let operation = "end of scope";
        engine::block(Wait { kind: WaitKind::Other, operation, object, holder, deadline: None, at });
    }
    let started = std::mem::take(&mut *data.started.borrow_mut());
    for (task, _) in &started {
        engine::acquire_from(*task);
    }
    let panicked = started.iter().any(|(_, panicked)| panicked());
    drop(started);
    match result {
        Err(payload) => crate::panic::resume_unwind(payload),
        Ok(_) if panicked => panic!("a scoped thread panicked"),
        Ok(value) => value,
    }
}

impl Builder {
    /// As [`std::thread::Builder::spawn_scoped`].
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        body: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.data.running.set(scope.data.running.get() + 1);
        let data = Arc::clone(&scope.data);
        let (thread, packet) = start(self.name, body, move || data.one_has_ended());
        let task = thread.0.task;
        let watched: Arc<Packet<T>> = Arc::clone(&packet);
        let panicked = move || {
            // SAFETY: called after the thread has ended.
            unsafe { engine::with(&watched.result, |result| matches!(result, Some(Err(_)))) }
        };
        // SAFETY: the closure is called, and dropped, before `scope` returns, while `T` is alive.
        let panicked: Box<dyn Fn() -> bool> =
            unsafe { std::mem::transmute::<Box<dyn Fn() -> bool + '_>, Box<dyn Fn() -> bool>>(Box::new(panicked)) };
        scope.data.started.borrow_mut().push((task, panicked));
        Ok(ScopedJoinHandle { thread, packet, _scope: PhantomData })
    }
}
