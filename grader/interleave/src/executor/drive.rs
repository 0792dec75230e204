//! What runtimes do with futures: they start tasks, poll them to the end, and stop them.

use super::handle::{JoinError, JoinHandle, Packet};
use super::head::{Head, Leaf};
use super::runtime::Runtime;
use crate::engine::{self, Flavour, Wait, WaitKind};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

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
    /// As [`block_on`](super::block_on); what the future spawns belongs to this runtime.
    ///
    /// # Panics
    /// As there.
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let head = Head::new();
        let mut future = pin!(future);
        let mut output = None;
        self.begin_driving();
        let ended = self.drive(&head, false, &mut |step| match step {
            Step::Poll(context) => future.as_mut().poll(context).map(|value| output = Some(value)),
            Step::Drop => Poll::Ready(()),
        });
        head.signal.end();
        self.end_driving();
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
            let ended = runtime.drive(&head, true, &mut |step| {
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
            runtime.task_ended(head.at);
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
                let _entered = runtime.enter_thread();
                let run = AssertUnwindSafe(|| output = Some(action()));
                crate::panic::catch_unwind(run).map_or_else(Ended::Panicked, |()| Ended::Ready)
            };
            packet.put(result_of(&head, ended, output));
            drop(packet);
            head.finish();
            runtime.task_ended(head.at);
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
        self.add(head);
    }

    /// Aborts all tasks and waits until they have stopped: what dropping a runtime does.
    #[track_caller]
    pub fn shut_down(&self) {
        engine::point("shut down", self.object());
        let at = Location::caller();
        self.close();
        loop {
            // Tasks may spawn others while they are dropped.
            let tasks = self.take_tasks();
            if tasks.is_empty() {
                return;
            }
            for head in &tasks {
                head.request_abort();
            }
            engine::wake_all(self.object().id());
            for head in tasks.iter().filter(|head| !head.is_finished()) {
                let (object, holder) = (Some(head.signal.object().id()), Some(head.signal.task()));
                let operation = "shut down";
                engine::block(Wait { kind: WaitKind::Join, operation, object, holder, deadline: None, at });
            }
        }
    }

    /// Polls until the future is ready, or the task is aborted.
    fn drive(&self, head: &Arc<Head>, is_spawned: bool, step: &mut dyn FnMut(Step<'_, '_>) -> Poll<()>) -> Ended {
        let _entered = self.assume(Arc::clone(head), is_spawned);
        let waker = head.signal.waker();
        loop {
            let turn = self.take_turn(head);
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
            drop(turn);
            match polled {
                Ok(Poll::Pending) => wait(head),
                Ok(Poll::Ready(())) if aborted => return Ended::Aborted,
                Ok(Poll::Ready(())) => return Ended::Ready,
                Err(payload) => return Ended::Panicked(payload),
            }
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
