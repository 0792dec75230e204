//! Threads that may live as long as the program: [`spawn`], [`Builder`] and [`JoinHandle`].

use super::handle::{Thread, register};
use crate::engine::{self, Flavour, Object, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, Location};
use std::sync::Arc;
use std::thread::Result;

/// Where a thread leaves its result.
pub(super) struct Packet<T> {
    pub(super) result: UnsafeCell<Option<Result<T>>>,
}

// SAFETY: written by the thread before it ends, read by the joiner after.
unsafe impl<T> Sync for Packet<T> {}
// SAFETY: as above; what is sent is the result, which `spawn` demands to be `Send`.
unsafe impl<T> Send for Packet<T> {}

/// The stand-in for [`std::thread::JoinHandle`].
pub struct JoinHandle<T> {
    thread: Thread,
    packet: Arc<Packet<T>>,
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("JoinHandle").finish_non_exhaustive()
    }
}

#[track_caller]
pub(super) fn join<T>(thread: &Thread, packet: &Packet<T>) -> Result<T> {
    let at = Location::caller();
    let task = thread.0.task;
    engine::point("join", &thread.0.park);
    engine::note(|| engine::name_of(task));
    if !engine::has_ended(task) {
        let object = Some(thread.0.park.id());
        engine::block(Wait { kind: WaitKind::Join, operation: "join", object, holder: Some(task), deadline: None, at });
    }
    engine::acquire_from(task);
    // SAFETY: the thread has ended, and this is its only handle.
    let result = unsafe { engine::with(&packet.result, Option::take) };
    result.unwrap_or_else(|| Err(Box::new("the thread ended without a result")))
}

impl<T> JoinHandle<T> {
    /// As [`std::thread::JoinHandle::join`].
    ///
    /// # Errors
    /// If the thread panicked: its panic's payload.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        join(&self.thread, &self.packet)
    }

    /// As [`std::thread::JoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    #[track_caller]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        engine::point("is_finished", &self.thread.0.park);
        engine::has_ended(self.thread.0.task)
    }
}

/// The stand-in for [`std::thread::Builder`].
#[derive(Debug, Default)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder {
    pub(super) name: Option<String>,
}

impl Builder {
    /// As [`std::thread::Builder::new`].
    pub fn new() -> Builder {
        Builder::default()
    }

    /// As [`std::thread::Builder::name`].
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// As [`std::thread::Builder::stack_size`], without effect.
    pub fn stack_size(self, _bytes: usize) -> Builder {
        self
    }

    /// As [`std::thread::Builder::spawn`].
    ///
    /// # Errors
    /// Never.
    ///
    /// # Panics
    /// If the name contains a null byte.
    #[track_caller]
    pub fn spawn<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let (thread, packet) = start(self.name, body, || {});
        Ok(JoinHandle { thread, packet })
    }

    /// As [`std::thread::Builder::spawn_unchecked`].
    ///
    /// # Errors
    /// Never.
    ///
    /// # Safety
    /// As there: the caller joins the thread before anything that `body` borrows is gone.
    #[track_caller]
    pub unsafe fn spawn_unchecked<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let (thread, packet) = start(self.name, body, || {});
        Ok(JoinHandle { thread, packet })
    }
}

/// Starts a task for a thread. `ended` is called by it at its very end.
#[track_caller]
pub(super) fn start<F, T>(name: Option<String>, body: F, ended: impl FnOnce()) -> (Thread, Arc<Packet<T>>)
where
    F: FnOnce() -> T,
{
    let has_null = name.as_ref().is_some_and(|name| name.contains('\0'));
    assert!(!has_null, "thread name may not contain interior null bytes");
    let packet = Arc::new(Packet { result: UnsafeCell::new(None) });
    let theirs = Arc::clone(&packet);
    let run = move || {
        let result = crate::panic::catch_unwind(AssertUnwindSafe(body));
        // Its `thread_local!` values go before anybody can see that it has ended.
        let result = match crate::panic::catch_unwind(AssertUnwindSafe(engine::destroy_locals)) {
            Ok(()) => result,
            Err(payload) => Err(payload),
        };
        // SAFETY: nobody looks before this task has ended.
        unsafe { engine::with(&theirs.result, |place| *place = Some(result)) };
        drop(theirs);
        ended();
    };
    let run: Box<dyn FnOnce() + '_> = Box::new(run);
    // SAFETY: threads that are not scoped have `'static` bodies; `scope` waits for the scoped ones. An execution that is
    // abandoned leaks what they own and never runs them again.
    let run: Box<dyn FnOnce() + 'static> = unsafe { std::mem::transmute(run) };
    let object = Object::new("thread");
    engine::point("spawn", &object);
    let shown = name.clone();
    let task = engine::spawn(shown, Flavour::Thread, run);
    engine::note(|| engine::name_of(task));
    let thread = Thread::new(task, name);
    register(&thread);
    (thread, packet)
}

/// As [`std::thread::spawn`].
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let (thread, packet) = start(None, body, || {});
    JoinHandle { thread, packet }
}
