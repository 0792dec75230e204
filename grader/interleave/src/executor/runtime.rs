//! [`Runtime`]: tasks that belong together, and the loop that polls.

use super::handle::{Head, JoinError, JoinHandle, Leaf, Packet};
use crate::engine::{self, Flavour, Object, TaskId, Wait, WaitKind};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location};
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

/// Tasks that belong together: they run in parallel, or one at a time.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    object: Object,
    /// `None` if tasks run in parallel.
    turn: Option<Turn>,
    tasks: RefCell<Vec<Weak<Head>>>,
}

/// Whose turn it is, where one task polls at a time.
struct Turn {
    polling: Cell<Option<TaskId>>,
    /// Threads that are in `block_on`: without one of them nobody polls.
    drivers: Cell<usize>,
}

// SAFETY: the cells are only touched by the one running task of an execution.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

/// What a task of the engine is to this module.
#[derive(Clone)]
struct Role {
    runtime: Runtime,
    /// What it polls for. A thread that may block has none.
    polls: Option<Arc<Head>>,
}

thread_local! {
    /// The roles by task, and the execution that they belong to.
    static ROLES: RefCell<(u32, Vec<Option<Role>>)> = const { RefCell::new((0, Vec::new())) };
}

fn with_role<R>(action: impl FnOnce(&mut Option<Role>) -> R) -> R {
    let (epoch, task) = (engine::epoch(), engine::current());
    ROLES.with_borrow_mut(|(of, roles)| {
        if *of != epoch {
            *of = epoch;
            // What an abandoned execution has left is never dropped.
            roles.drain(..).for_each(std::mem::forget);
        }
        if roles.len() <= task.index() {
            roles.resize(task.index() + 1, None);
        }
        action(&mut roles[task.index()])
    })
}

/// Said by a future at the bottom before it returns [`Poll::Pending`]: what it waits for, and where. Of several that are polled
/// together the first one is shown.
pub fn waits(operation: &'static str, object: Option<&Object>, at: &'static Location<'static>) {
    with_role(|role| {
        let polls = role.as_ref().and_then(|role| role.polls.as_ref());
        if let Some(head) = polls.filter(|head| head.leaf.get().is_none()) {
            head.leaf.set(Some(Leaf { operation, object: object.map(Object::id), at }));
        }
    });
}

/// What the loop asks of a future whose type it does not know.
enum Step<'a, 'b> {
    /// One poll; a future that is ready is dropped at once.
    Poll(&'a mut Context<'b>),
    /// To drop the future.
    Drop,
}

/// How the loop ended, if not by a result.
enum Ended {
    Ready,
    Aborted,
    Panicked(Box<dyn std::any::Any + Send>),
}

impl Runtime {
    #[track_caller]
    fn new(turn: Option<Turn>) -> Runtime {
        Runtime(Arc::new(Inner { object: Object::new("runtime"), turn, tasks: RefCell::default() }))
    }

    /// Its tasks run in parallel.
    #[track_caller]
    #[must_use]
    pub fn parallel() -> Runtime {
        Runtime::new(None)
    }

    /// One of its tasks polls at a time, and only while a thread is in [`Runtime::block_on`].
    #[track_caller]
    #[must_use]
    pub fn current_thread() -> Runtime {
        Runtime::new(Some(Turn { polling: Cell::new(None), drivers: Cell::new(0) }))
    }

    /// Whether one of its tasks polls at a time.
    #[must_use]
    pub fn is_current_thread(&self) -> bool {
        self.0.turn.is_some()
    }

    /// The runtime of the running task or blocking thread.
    #[must_use]
    pub fn current() -> Option<Runtime> {
        with_role(|role| role.as_ref().map(|role| role.runtime.clone()))
    }

    /// Whether the running thread is polling a future: it should not block.
    #[must_use]
    pub fn is_polling() -> bool {
        with_role(|role| role.as_ref().is_some_and(|role| role.polls.is_some()))
    }

    /// Does `action` as if it were called from a task of this runtime.
    pub fn enter<R>(&self, action: impl FnOnce() -> R) -> R {
        let before = with_role(|role| role.replace(Role { runtime: self.clone(), polls: None }));
        let restore = Restore(before);
        let result = action();
        drop(restore);
        result
    }

    /// As [`block_on`](super::block_on); what the future spawns belongs to this runtime.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let head = Head::new();
        let mut future = pin!(future);
        let mut output = None;
        if let Some(turn) = &self.0.turn {
            turn.drivers.set(turn.drivers.get() + 1);
            engine::wake_all(self.0.object.id());
        }
        let ended = self.drive(&head, &mut |step| match step {
            Step::Poll(context) => future.as_mut().poll(context).map(|value| output = Some(value)),
            Step::Drop => Poll::Ready(()),
        });
        head.signal.end();
        if let Some(turn) = &self.0.turn {
            turn.drivers.set(turn.drivers.get() - 1);
        }
        match ended {
            Ended::Panicked(payload) => crate::panic::resume_unwind(payload),
            _ => output.expect("nobody has a handle to abort this by"),
        }
    }

    /// As [`spawn`](super::spawn), on this runtime.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn spawn<F>(&self, name: Option<String>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
    {
        let packet = Packet::new();
        let head = Head::new();
        let (runtime, theirs) = (self.clone(), (Arc::clone(&head), Arc::clone(&packet)));
        // In a box, so that it can be dropped where it is before the result is shown.
        let mut future = Some(Box::pin(future));
        let body = move || {
            let (head, packet) = theirs;
            let mut output = None;
            let ended = runtime.drive(&head, &mut |step| {
                let result = match (step, &mut future) {
                    (Step::Poll(context), Some(polled)) => polled.as_mut().poll(context),
                    _ => {
                        future = None;
                        return Poll::Ready(());
                    }
                };
                result.map(|value| {
                    future = None;
                    output = Some(value);
                })
            });
            packet.put(result_of(&head, ended, output));
            drop(packet);
            head.finish();
        };
        self.start(name, Flavour::Async, &head, Box::new(body));
        JoinHandle { head, packet }
    }

    /// Runs `action` on a thread that may block. Once it runs it cannot be aborted.
    ///
    /// # Panics
    /// Outside of an exploration.
    #[track_caller]
    pub fn spawn_blocking<F, T>(&self, name: Option<String>, action: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + 'static,
        T: 'static,
    {
        let packet = Packet::new();
        let head = Head::new();
        let (runtime, theirs) = (self.clone(), (Arc::clone(&head), Arc::clone(&packet)));
        let body = move || {
            let (head, packet) = theirs;
            let mut output = None;
            let ended = if head.aborted.get() {
                drop(action);
                Ended::Aborted
            } else {
                let run = AssertUnwindSafe(|| runtime.enter(|| output = Some(action())));
                crate::panic::catch_unwind(run).map_or_else(Ended::Panicked, |()| Ended::Ready)
            };
            packet.put(result_of(&head, ended, output));
            drop(packet);
            head.finish();
        };
        self.start(name, Flavour::Thread, &head, Box::new(body));
        JoinHandle { head, packet }
    }

    #[track_caller]
    fn start(&self, name: Option<String>, flavour: Flavour, head: &Arc<Head>, body: Box<dyn FnOnce()>) {
        engine::point("spawn", head.signal.object());
        let task = engine::spawn(name, flavour, body);
        head.signal.attach(task);
        engine::note(|| engine::name_of(task));
        self.0.tasks.borrow_mut().push(Arc::downgrade(head));
    }

    /// Aborts all tasks and waits until they have stopped: what dropping a runtime does.
    #[track_caller]
    pub fn shut_down(&self) {
        engine::point("shut down", &self.0.object);
        let at = Location::caller();
        loop {
            // Tasks may spawn others while they are dropped.
            let tasks: Vec<Arc<Head>> = self.0.tasks.take().iter().filter_map(Weak::upgrade).collect();
            if tasks.is_empty() {
                return;
            }
            for head in &tasks {
                head.request_abort();
            }
            engine::wake_all(self.0.object.id());
            for head in tasks.iter().filter(|head| !head.is_finished()) {
                let (object, holder) = (Some(head.signal.object().id()), Some(head.signal.task()));
                let operation = "shut down";
                engine::block(Wait { kind: WaitKind::Join, operation, object, holder, deadline: None, at });
            }
        }
    }

    /// Polls until the future is ready, or the task is aborted.
    fn drive(&self, head: &Arc<Head>, step: &mut dyn FnMut(Step<'_, '_>) -> Poll<()>) -> Ended {
        let role = Role { runtime: self.clone(), polls: Some(Arc::clone(head)) };
        let _restore = Restore(with_role(|place| place.replace(role)));
        let waker = head.signal.waker();
        loop {
            self.take_turn(head);
            head.signal.take();
            head.leaf.set(None);
            let aborted = head.aborted.get();
            let mut context = Context::from_waker(&waker);
            let once = AssertUnwindSafe(|| step(if aborted { Step::Drop } else { Step::Poll(&mut context) }));
            let polled = match crate::panic::catch_unwind(once) {
                Ok(polled) => Ok(polled),
                Err(payload) => {
                    // Its first panic is the one that is told.
                    let _ = crate::panic::catch_unwind(AssertUnwindSafe(|| step(Step::Drop)));
                    Err(payload)
                }
            };
            self.end_turn();
            match polled {
                Ok(Poll::Pending) => wait(head),
                Ok(Poll::Ready(())) if aborted => return Ended::Aborted,
                Ok(Poll::Ready(())) => return Ended::Ready,
                Err(payload) => return Ended::Panicked(payload),
            }
        }
    }

    fn take_turn(&self, head: &Head) {
        let Some(turn) = &self.0.turn else { return };
        while turn.polling.get().is_some() || turn.drivers.get() == 0 && !head.aborted.get() {
            engine::block(Wait {
                kind: WaitKind::Lock,
                operation: "take turn",
                object: Some(self.0.object.id()),
                holder: turn.polling.get(),
                deadline: None,
                // Where it waited before: whoever is woken and waits for its turn has not got any further.
                at: head.leaf.get().map_or(head.at, |leaf| leaf.at),
            });
        }
        turn.polling.set(Some(engine::current()));
    }

    fn end_turn(&self) {
        if let Some(turn) = &self.0.turn {
            turn.polling.set(None);
            engine::wake_all(self.0.object.id());
        }
    }
}

/// A pending task waits to be woken, or gives way once if it has been woken already.
fn wait(head: &Head) {
    let unknown = Leaf { operation: "poll", object: Some(head.signal.object().id()), at: head.at };
    let Leaf { operation, object, at } = head.leaf.get().unwrap_or(unknown);
    if head.signal.take() {
        engine::yield_point_at(operation, at);
        return;
    }
    engine::block(Wait { kind: WaitKind::Waker, operation, object, holder: None, deadline: None, at });
}

fn result_of<T>(head: &Head, ended: Ended, output: Option<T>) -> Result<T, JoinError> {
    match (ended, output) {
        (Ended::Panicked(payload), _) => Err(JoinError::new(&head.signal, Some(payload))),
        (Ended::Ready, Some(output)) => Ok(output),
        _ => Err(JoinError::new(&head.signal, None)),
    }
}

/// Gives the running task its former role back.
struct Restore(Option<Role>);

impl Drop for Restore {
    fn drop(&mut self) {
        let before = self.0.take();
        drop(with_role(|role| std::mem::replace(role, before)));
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.is_current_thread() { "Runtime::current_thread" } else { "Runtime::parallel" };
        formatter.write_str(name)
    }
}
