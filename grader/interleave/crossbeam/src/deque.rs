//! The stand-in for `crossbeam::deque`.

use crate::cell::Plain;
use interleave::engine::{self, Clock, Object};
use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// So many tasks a batch has at most in crossbeam.
const MOST_IN_BATCH: usize = 32;

/// As `crossbeam::deque::Steal`.
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Steal<T> {
    /// There was nothing.
    Empty,
    /// At least one task was stolen.
    Success(T),
    /// Somebody was in the way: it is to be tried again.
    Retry,
}

impl<T> Steal<T> {
    /// As `crossbeam::deque::Steal::is_empty`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Steal::Empty)
    }

    /// As `crossbeam::deque::Steal::is_success`.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Steal::Success(_))
    }

    /// As `crossbeam::deque::Steal::is_retry`.
    #[must_use]
    pub fn is_retry(&self) -> bool {
        matches!(self, Steal::Retry)
    }

    /// As `crossbeam::deque::Steal::success`.
    #[must_use]
    pub fn success(self) -> Option<T> {
        match self {
            Steal::Success(task) => Some(task),
            Steal::Empty | Steal::Retry => None,
        }
    }

    /// As `crossbeam::deque::Steal::or_else`.
    pub fn or_else<F>(self, f: F) -> Steal<T>
    where
        F: FnOnce() -> Steal<T>,
    {
        match self {
            Steal::Empty => f(),
            Steal::Success(_) => self,
            // One that has to be tried again is not empty, whatever the other one is.
            Steal::Retry => match f() {
                Steal::Success(task) => Steal::Success(task),
                Steal::Empty | Steal::Retry => Steal::Retry,
            },
        }
    }
}

impl<T> FromIterator<Steal<T>> for Steal<T> {
    /// The first success, else whether any is to be tried again.
    fn from_iter<I>(steals: I) -> Steal<T>
    where
        I: IntoIterator<Item = Steal<T>>,
    {
        let mut retry = false;
        for steal in steals {
            match steal {
                Steal::Success(_) => return steal,
                Steal::Retry => retry = true,
                Steal::Empty => {}
            }
        }
        if retry { Steal::Retry } else { Steal::Empty }
    }
}

impl<T> fmt::Debug for Steal<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Steal::Empty => "Empty",
            Steal::Success(_) => "Success(..)",
            Steal::Retry => "Retry",
        })
    }
}

/// The tasks of a worker or an injector, the oldest in front.
struct Tasks<T> {
    object: Object,
    /// The worker takes the newest first.
    lifo: bool,
    tasks: Plain<VecDeque<(T, Clock)>>,
}

impl<T> Tasks<T> {
    #[track_caller]
    fn new(lifo: bool) -> Self {
        Tasks { object: Object::new("deque"), lifo, tasks: Plain::new(VecDeque::new()) }
    }

    fn len(&self) -> usize {
        self.tasks.with(|tasks| tasks.len())
    }

    fn put(&self, task: T) {
        let mut clock = Clock::new();
        engine::release(&mut clock);
        self.tasks.with(|tasks| tasks.push_back((task, clock)));
        engine::note(|| format!("{} in it", self.len()));
    }

    fn take(&self, newest: bool) -> Option<T> {
        let taken = self.tasks.with(|tasks| if newest { tasks.pop_back() } else { tasks.pop_front() });
        engine::note(|| if taken.is_some() { format!("{} left", self.len()) } else { "it is empty".to_owned() });
        taken.map(|(task, clock)| {
            engine::acquire(&clock);
            task
        })
    }

    /// Whether a thief finds somebody in its way. Only those see that who are not alone.
    fn is_contended(&self) -> bool {
        let contended = self.len() > 0 && engine::running() > 1 && engine::choose(2) == 1;
        if contended {
            engine::note(|| "somebody is in the way".to_owned());
        }
        contended
    }

    #[track_caller]
    fn steal(&self) -> Steal<T> {
        engine::point("steal", &self.object);
        if self.is_contended() {
            return Steal::Retry;
        }
        self.take(false).map_or(Steal::Empty, Steal::Success)
    }

    /// Moves up to half of the tasks, and no more than `limit`, to another worker. The first one is returned if `pops`.
    #[track_caller]
    fn steal_batch(&self, operation: &'static str, dest: &Worker<T>, limit: usize, pops: bool) -> Steal<Option<T>> {
        assert!(limit > 0);
        engine::point(operation, &self.object);
        if std::ptr::eq(self, &*dest.tasks) {
            let popped = if pops { self.take(self.lifo) } else { None };
            return if popped.is_none() && (pops || self.len() == 0) { Steal::Empty } else { Steal::Success(popped) };
        }
        if self.is_contended() {
            return Steal::Retry;
        }
        let count = self.len().div_ceil(2).min(limit);
        if count == 0 {
            return Steal::Empty;
        }
        let mut moved: Vec<T> = (0..count).map_while(|_| self.take(false)).collect();
        let first = match pops {
            false => None,
            true if self.lifo => moved.pop(),
            true => Some(moved.remove(0)),
        };
        // As in crossbeam: workers of different kinds get them in the opposite order.
        if self.lifo != dest.tasks.lifo {
            moved.reverse();
        }
        for task in moved {
            dest.tasks.put(task);
        }
        engine::note(|| format!("{count} stolen, {} left", self.len()));
        Steal::Success(first)
    }
}

/// As `crossbeam::deque::Worker`.
pub struct Worker<T> {
    tasks: Arc<Tasks<T>>,
    // As crossbeam's, it can be sent but not shared.
    _not_sync: PhantomData<Cell<()>>,
}

/// As `crossbeam::deque::Stealer`.
pub struct Stealer<T> {
    tasks: Arc<Tasks<T>>,
}

/// As `crossbeam::deque::Injector`.
pub struct Injector<T> {
    tasks: Tasks<T>,
}

impl<T> UnwindSafe for Worker<T> {}
impl<T> RefUnwindSafe for Worker<T> {}
impl<T> UnwindSafe for Stealer<T> {}
impl<T> RefUnwindSafe for Stealer<T> {}
impl<T> UnwindSafe for Injector<T> {}
impl<T> RefUnwindSafe for Injector<T> {}

impl<T> Worker<T> {
    /// As `crossbeam::deque::Worker::new_fifo`.
    #[track_caller]
    #[must_use]
    pub fn new_fifo() -> Worker<T> {
        Worker { tasks: Arc::new(Tasks::new(false)), _not_sync: PhantomData }
    }

    /// As `crossbeam::deque::Worker::new_lifo`.
    #[track_caller]
    #[must_use]
    pub fn new_lifo() -> Worker<T> {
        Worker { tasks: Arc::new(Tasks::new(true)), _not_sync: PhantomData }
    }

    /// As `crossbeam::deque::Worker::stealer`.
    #[must_use]
    pub fn stealer(&self) -> Stealer<T> {
        Stealer { tasks: Arc::clone(&self.tasks) }
    }

    /// As `crossbeam::deque::Worker::push`.
    #[track_caller]
    pub fn push(&self, task: T) {
        engine::point("push", &self.tasks.object);
        self.tasks.put(task);
    }

    /// As `crossbeam::deque::Worker::pop`.
    #[track_caller]
    pub fn pop(&self) -> Option<T> {
        engine::point("pop", &self.tasks.object);
        self.tasks.take(self.tasks.lifo)
    }

    /// As `crossbeam::deque::Worker::is_empty`.
    #[track_caller]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        engine::point("is_empty", &self.tasks.object);
        self.tasks.len() == 0
    }

    /// As `crossbeam::deque::Worker::len`.
    #[track_caller]
    #[must_use]
    pub fn len(&self) -> usize {
        engine::point("len", &self.tasks.object);
        self.tasks.len()
    }
}

/// What can be done to the tasks of others.
macro_rules! stealing {
    ($type:ident) => {
        impl<T> $type<T> {
            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::is_empty`.")]
            #[track_caller]
            #[must_use]
            pub fn is_empty(&self) -> bool {
                engine::point("is_empty", &self.tasks.object);
                self.tasks.len() == 0
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::len`.")]
            #[track_caller]
            #[must_use]
            pub fn len(&self) -> usize {
                engine::point("len", &self.tasks.object);
                self.tasks.len()
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::steal`.")]
            #[track_caller]
            pub fn steal(&self) -> Steal<T> {
                self.tasks.steal()
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::steal_batch`.")]
            #[track_caller]
            pub fn steal_batch(&self, dest: &Worker<T>) -> Steal<()> {
                without_task(self.tasks.steal_batch("steal_batch", dest, MOST_IN_BATCH, false))
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::steal_batch_with_limit`.")]
            ///
            /// # Panics
            /// If `limit` is zero.
            #[track_caller]
            pub fn steal_batch_with_limit(&self, dest: &Worker<T>, limit: usize) -> Steal<()> {
                without_task(self.tasks.steal_batch("steal_batch_with_limit", dest, limit, false))
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::steal_batch_and_pop`.")]
            #[track_caller]
            pub fn steal_batch_and_pop(&self, dest: &Worker<T>) -> Steal<T> {
                with_task(self.tasks.steal_batch("steal_batch_and_pop", dest, MOST_IN_BATCH, true))
            }

            #[doc = concat!("As `crossbeam::deque::", stringify!($type), "::steal_batch_with_limit_and_pop`.")]
            ///
            /// # Panics
            /// If `limit` is zero.
            #[track_caller]
            pub fn steal_batch_with_limit_and_pop(&self, dest: &Worker<T>, limit: usize) -> Steal<T> {
                with_task(self.tasks.steal_batch("steal_batch_with_limit_and_pop", dest, limit, true))
            }
        }

        impl<T> fmt::Debug for $type<T> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(concat!(stringify!($type), " { .. }"))
            }
        }
    };
}

stealing!(Stealer);
stealing!(Injector);

fn without_task<T>(steal: Steal<Option<T>>) -> Steal<()> {
    match steal {
        Steal::Empty => Steal::Empty,
        Steal::Success(_) => Steal::Success(()),
        Steal::Retry => Steal::Retry,
    }
}

fn with_task<T>(steal: Steal<Option<T>>) -> Steal<T> {
    match steal {
        Steal::Success(Some(task)) => Steal::Success(task),
        Steal::Empty | Steal::Success(None) => Steal::Empty,
        Steal::Retry => Steal::Retry,
    }
}

impl<T> Injector<T> {
    /// As `crossbeam::deque::Injector::new`.
    #[track_caller]
    #[must_use]
    pub fn new() -> Injector<T> {
        Injector { tasks: Tasks::new(false) }
    }

    /// As `crossbeam::deque::Injector::push`.
    #[track_caller]
    pub fn push(&self, task: T) {
        engine::point("push", &self.tasks.object);
        self.tasks.put(task);
    }
}

impl<T> Default for Injector<T> {
    #[track_caller]
    fn default() -> Self {
        Injector::new()
    }
}

impl<T> Clone for Stealer<T> {
    fn clone(&self) -> Self {
        Stealer { tasks: Arc::clone(&self.tasks) }
    }
}

impl<T> fmt::Debug for Worker<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad("Worker { .. }")
    }
}
