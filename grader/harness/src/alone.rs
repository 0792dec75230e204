//! What scenarios use beside actors, on real threads: the same names as under exploration.

use std::pin::pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// A step of the story that the learner reads in this thread's lane; on real threads nobody reads.
pub fn note(_text: &str) {}

/// Drives a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A value that a scenario gives to the code under test to protect. It takes no lock; it reports when two threads
/// touch it at once and one of them writes.
#[derive(Debug, Default)]
pub struct Tracked<T>(RwLock<T>);

impl<T> Tracked<T> {
    /// A value to be protected.
    pub const fn new(value: T) -> Self {
        Tracked(RwLock::new(value))
    }

    /// Reads it.
    ///
    /// # Panics
    /// As an unmet expectation, if it is being written.
    #[track_caller]
    pub fn read<R>(&self, action: impl FnOnce(&T) -> R) -> R {
        match self.0.try_read() {
            Ok(value) => action(&value),
            Err(_) => crate::unmet("a protected value", "nobody writes it while it is read", "somebody does"),
        }
    }

    /// Writes it.
    ///
    /// # Panics
    /// As an unmet expectation, if it is being read or written.
    #[track_caller]
    pub fn write<R>(&self, action: impl FnOnce(&mut T) -> R) -> R {
        match self.0.try_write() {
            Ok(mut value) => action(&mut value),
            Err(_) => crate::unmet("a protected value", "nobody touches it while it is written", "somebody does"),
        }
    }

    /// Copies it out.
    #[track_caller]
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        self.read(|value| *value)
    }

    /// Replaces it.
    #[track_caller]
    pub fn set(&self, value: T) {
        self.write(|place| *place = value);
    }

    /// Whoever can call this has it for himself.
    pub fn get_mut(&mut self) -> &mut T {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value; whoever owns it has it for himself.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
