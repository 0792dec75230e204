//! The stand-in for `crossbeam::thread`.

use crate::cell::Plain;
use interleave::engine::{self, Clock, Object, TaskId, Wait, WaitKind};
use interleave::panic;
use interleave::thread::{Builder, JoinHandle, Thread};
use std::any::Any;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, Location};
use std::sync::Arc;

type Payload = Box<dyn Any + Send + 'static>;

/// What the threads of a scope share.
struct Shared {
    object: Object,
    state: Plain<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    /// The tasks of the threads, in the order in which they began to run.
    tasks: Vec<TaskId>,
    /// The panics of threads by number, until they are joined.
    payloads: Vec<Option<Payload>>,
    /// What the threads did before they ended.
    clock: Clock,
}

impl Shared {
    fn one_has_begun(&self) {
        self.state.with(|state| state.tasks.push(engine::current()));
    }

    fn one_has_ended(&self, number: usize, payload: Option<Payload>) {
        let running = self.state.with(|state| {
            state.payloads[number] = payload;
            engine::release(&mut state.clock);
            state.running -= 1;
            state.running
        });
        if running == 0 {
            engine::wake_all(self.object.id());
        }
    }

    fn wait_for_all(&self, at: &'static Location<'static>) {
        while self.state.with(|state| state.running) > 0 {
            let holder = self.state.with(|state| state.tasks.iter().copied().find(|task| !engine::has_ended(*task)));
            engine::block(Wait {
                kind: WaitKind::Other,
                operation: "end of scope",
                object: Some(self.object.id()),
                holder,
                deadline: None,
                at,
            });
        }
        self.state.with(|state| engine::acquire(&state.clock));
    }
}

/// As `crossbeam::thread::Scope`.
pub struct Scope<'env> {
    shared: Arc<Shared>,
    env: PhantomData<&'env mut &'env ()>,
}

// SAFETY: the state is only touched by the one running task of an execution.
unsafe impl Sync for Scope<'_> {}

/// As `crossbeam::thread::scope`.
///
/// # Errors
/// If a thread that was not joined panicked: the panics' payloads, as a `Vec`.
///
/// # Panics
/// If `f` panics.
#[track_caller]
pub fn scope<'env, F, R>(f: F) -> interleave::thread::Result<R>
where
    F: FnOnce(&Scope<'env>) -> R,
{
    let at = Location::caller();
    let shared = Arc::new(Shared { object: Object::new("scope"), state: Plain::new(State::default()) });
    let scope = Scope { shared: Arc::clone(&shared), env: PhantomData };
    let result = panic::catch_unwind(AssertUnwindSafe(|| f(&scope)));
    shared.wait_for_all(at);
    let payloads = shared.state.with(|state| std::mem::take(&mut state.payloads));
    let panics: Vec<Payload> = payloads.into_iter().flatten().collect();
    match result {
        Err(payload) => panic::resume_unwind(payload),
        Ok(value) if panics.is_empty() => Ok(value),
        Ok(_) => Err(Box::new(panics)),
    }
}

impl<'env> Scope<'env> {
    /// As `crossbeam::thread::Scope::spawn`.
    #[track_caller]
    pub fn spawn<'scope, F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce(&Scope<'env>) -> T + Send + 'env,
        T: Send + 'env,
    {
        self.builder().spawn(f).expect("an explored thread can always be started")
    }

    /// As `crossbeam::thread::Scope::builder`.
    pub fn builder<'scope>(&'scope self) -> ScopedThreadBuilder<'scope, 'env> {
        ScopedThreadBuilder { scope: self, builder: Builder::new() }
    }
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Scope { .. }")
    }
}

/// As `crossbeam::thread::ScopedThreadBuilder`.
#[derive(Debug)]
pub struct ScopedThreadBuilder<'scope, 'env> {
    scope: &'scope Scope<'env>,
    builder: Builder,
}

impl<'scope, 'env> ScopedThreadBuilder<'scope, 'env> {
    /// As `crossbeam::thread::ScopedThreadBuilder::name`.
    pub fn name(mut self, name: String) -> Self {
        self.builder = self.builder.name(name);
        self
    }

    /// As `crossbeam::thread::ScopedThreadBuilder::stack_size`, without effect.
    pub fn stack_size(mut self, size: usize) -> Self {
        self.builder = self.builder.stack_size(size);
        self
    }

    /// As `crossbeam::thread::ScopedThreadBuilder::spawn`.
    ///
    /// # Errors
    /// Never.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce(&Scope<'env>) -> T + Send + 'env,
        T: Send + 'env,
    {
        let shared = Arc::clone(&self.scope.shared);
        let number = shared.state.with(|state| {
            state.running += 1;
            state.payloads.push(None);
            state.payloads.len() - 1
        });
        let packet = Arc::new(Plain::new(None));
        let theirs = Arc::clone(&packet);
        let run = move || {
            shared.one_has_begun();
            let scope = Scope::<'env> { shared, env: PhantomData };
            let result = panic::catch_unwind(AssertUnwindSafe(|| f(&scope)));
            let payload = match result {
                Ok(value) => {
                    theirs.with(|place| *place = Some(value));
                    None
                }
                Err(payload) => Some(payload),
            };
            // The last thing that could be borrowed from the environment goes before the scope may end.
            drop(theirs);
            scope.shared.one_has_ended(number, payload);
        };
        let run: Box<dyn FnOnce() + Send + 'env> = Box::new(run);
        // SAFETY: `scope` does not return before the thread has called `one_has_ended`, and by then nothing that is only
        // valid for `'env` is left in the closure. An execution that is abandoned leaks it and never runs it again.
        let run: Box<dyn FnOnce() + Send + 'static> = unsafe { std::mem::transmute(run) };
        let handle = self.builder.spawn(run)?;
        let shared = Arc::clone(&self.scope.shared);
        Ok(ScopedJoinHandle { handle, packet, shared, number, _scope: PhantomData })
    }
}

/// As `crossbeam::thread::ScopedJoinHandle`.
pub struct ScopedJoinHandle<'scope, T> {
    handle: JoinHandle<()>,
    packet: Arc<Plain<Option<T>>>,
    shared: Arc<Shared>,
    number: usize,
    _scope: PhantomData<&'scope ()>,
}

// SAFETY: as in crossbeam: a handle only gives its result to who consumes it.
unsafe impl<T> Send for ScopedJoinHandle<'_, T> {}
// SAFETY: as above.
unsafe impl<T> Sync for ScopedJoinHandle<'_, T> {}

impl<T> ScopedJoinHandle<'_, T> {
    /// As `crossbeam::thread::ScopedJoinHandle::join`.
    ///
    /// # Errors
    /// If the thread panicked: its panic's payload.
    #[track_caller]
    pub fn join(self) -> interleave::thread::Result<T> {
        self.handle.join()?;
        if let Some(payload) = self.shared.state.with(|state| state.payloads[self.number].take()) {
            return Err(payload);
        }
        Ok(self.packet.with(Option::take).expect("a thread that has ended without a panic has left its result"))
    }

    /// As `crossbeam::thread::ScopedJoinHandle::thread`.
    #[must_use]
    pub fn thread(&self) -> &Thread {
        self.handle.thread()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("ScopedJoinHandle { .. }")
    }
}
