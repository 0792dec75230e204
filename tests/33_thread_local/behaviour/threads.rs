//! Threads that do what they are told, and values in order.

use harness::{Actor, actor};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

type Task = Box<dyn FnOnce() + Send>;

/// A thread that lives long and does what it is told.
pub(super) struct Companion {
    tasks: Sender<Task>,
    done: Receiver<()>,
    actor: Actor<()>,
}

impl Companion {
    pub(super) fn new(name: &str) -> Companion {
        let (tasks, told) = channel::<Task>();
        let (tell, done) = channel();
        let actor = actor(name, move || {
            for task in told {
                task();
                let _ = tell.send(());
            }
        });
        Companion { tasks, done, actor }
    }

    /// Lets it do something, and waits until it is done.
    pub(super) fn does(&self, task: impl FnOnce() + Send + 'static) {
        let _ = self.tasks.send(Box::new(task));
        if self.done.recv().is_err() {
            // It panicked, which the harness has noted.
            panic!("'{}' has come to an unexpected end", self.actor.name());
        }
    }

    pub(super) fn ends(self) {
        drop(self.tasks);
        self.actor.finish();
    }
}

/// Runs `part` on a new thread, to its end.
pub(super) fn on_a_new_thread<R: Send>(part: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(part).join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)))
}

pub(super) fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    values
}
