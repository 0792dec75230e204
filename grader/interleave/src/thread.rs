//! The stand-in for [`std::thread`].

mod scope;

pub use scope::{Scope, ScopedJoinHandle, scope};

use crate::engine::{self, Clock, Flavour, Object, TaskId, Wait, WaitKind, Woken};
use std::cell::{Cell, RefCell, UnsafeCell};
use std::fmt;
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

pub use crate::local::{AccessError, LocalKey};
pub use std::thread::Result;

/// What the handles of a thread share.
struct Inner {
    id: ThreadId,
    name: Option<String>,
    task: TaskId,
    epoch: u32,
    park: Object,
    token: Cell<bool>,
    clock: UnsafeCell<Clock>,
}

/// The stand-in for [`std::thread::Thread`].
#[derive(Clone)]
pub struct Thread(Arc<Inner>);

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}
impl UnwindSafe for Thread {}
impl RefUnwindSafe for Thread {}

/// The stand-in for [`std::thread::ThreadId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ThreadId(u64);

thread_local! {
    static CURRENT: RefCell<Vec<Option<Thread>>> = const { RefCell::new(Vec::new()) };
    static CURRENT_EPOCH: Cell<u32> = const { Cell::new(0) };
}

/// The thread of a task; made on first use for the scenario's own, and for asynchronous tasks.
fn thread_of(task: TaskId) -> Thread {
    let epoch = engine::epoch();
    CURRENT.with_borrow_mut(|threads| {
        if CURRENT_EPOCH.replace(epoch) != epoch {
            threads.clear();
        }
        if threads.len() <= task.index() {
            threads.resize(task.index() + 1, None);
        }
        let name = || (task.0 == 0).then(|| "main".to_owned());
        threads[task.index()].get_or_insert_with(|| Thread::new(task, name())).clone()
    })
}

fn register(thread: &Thread) {
    let task = thread.0.task;
    thread_of(task);
    CURRENT.with_borrow_mut(|threads| threads[task.index()] = Some(thread.clone()));
}

impl Thread {
    fn new(task: TaskId, name: Option<String>) -> Thread {
        Thread(Arc::new(Inner {
            id: ThreadId(u64::from(task.0) + 1),
            name,
            task,
            epoch: engine::epoch(),
            park: Object::new("thread"),
            token: Cell::new(false),
            clock: UnsafeCell::new(Clock::new()),
        }))
    }

    /// As [`std::thread::Thread::id`].
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.0.id
    }

    /// As [`std::thread::Thread::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// As [`std::thread::Thread::unpark`].
    #[track_caller]
    pub fn unpark(&self) {
        engine::point("unpark", &self.0.park);
        engine::note(|| engine::name_of(self.0.task));
        if self.0.epoch != engine::epoch() {
            return;
        }
        self.0.token.set(true);
        // SAFETY: nothing in here switches tasks.
        unsafe { engine::with(&self.0.clock, engine::release) };
        // Not those that wait for its end.
        engine::wake_all_of(self.0.park.id(), |wait| wait.kind == WaitKind::Notification);
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Thread").field("id", &self.id()).field("name", &self.name()).finish_non_exhaustive()
    }
}

/// As [`std::thread::current`].
#[must_use]
pub fn current() -> Thread {
    thread_of(engine::current())
}

#[track_caller]
fn park_until(operation: &'static str, deadline: Option<u64>) {
    let at = Location::caller();
    let thread = current();
    let inner = &thread.0;
    engine::point(operation, &inner.park);
    if !inner.token.get() {
        let object = Some(inner.park.id());
        let woken = engine::block(Wait { kind: WaitKind::Notification, operation, object, holder: None, deadline, at });
        if woken != Woken::Signalled {
            return;
        }
    }
    inner.token.set(false);
    // SAFETY: nothing in here switches tasks.
    unsafe { engine::with(&inner.clock, |clock| engine::acquire(clock)) };
}

/// As [`std::thread::park`]; it may return for no reason, as there.
#[track_caller]
pub fn park() {
    park_until("park", None);
}

/// As [`std::thread::park_timeout`], in virtual time.
#[track_caller]
pub fn park_timeout(duration: Duration) {
    park_until("park_timeout", crate::time::deadline(duration));
}

/// As [`std::thread::park_timeout_ms`].
#[track_caller]
pub fn park_timeout_ms(milliseconds: u32) {
    park_timeout(Duration::from_millis(u64::from(milliseconds)));
}

/// As [`std::thread::sleep`], in virtual time.
#[track_caller]
pub fn sleep(duration: Duration) {
    let at = Location::caller();
    if !engine::is_exploring() {
        return;
    }
    engine::yield_point("sleep");
    engine::note(|| format!("{duration:?}"));
    let deadline = crate::time::deadline(duration);
    engine::block(Wait { kind: WaitKind::Sleep, operation: "sleep", object: None, holder: None, deadline, at });
}

/// As [`std::thread::sleep_ms`].
#[track_caller]
pub fn sleep_ms(milliseconds: u32) {
    sleep(Duration::from_millis(u64::from(milliseconds)));
}

/// As [`std::thread::yield_now`].
#[track_caller]
pub fn yield_now() {
    engine::yield_point("yield_now");
}

/// As [`std::thread::panicking`].
#[must_use]
pub fn panicking() -> bool {
    engine::is_unwinding()
}

/// As [`std::thread::available_parallelism`]: two, so that code which adapts to it uses threads.
///
/// # Errors
/// Never.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    Ok(NonZero::<usize>::MIN.saturating_add(1))
}

/// Where a thread leaves its result.
struct Packet<T> {
    result: UnsafeCell<Option<Result<T>>>,
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
fn join<T>(thread: &Thread, packet: &Packet<T>) -> Result<T> {
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
    name: Option<String>,
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
fn start<F, T>(name: Option<String>, body: F, ended: impl FnOnce()) -> (Thread, Arc<Packet<T>>)
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
