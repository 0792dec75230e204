//! [`ShardedLock`].

use crate::cell::Plain;
use interleave::engine::{self, Clock, Object, TaskId, Wait, WaitKind};
use interleave::sync::{LockResult, PoisonError, TryLockError, TryLockResult};
use interleave::thread::panicking;
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};

/// As `crossbeam::sync::ShardedLock`. Whether a reader is let in while a writer waits is for the schedule to say: crossbeam
/// promises nothing.
pub struct ShardedLock<T: ?Sized> {
    object: Object,
    state: Plain<State>,
    value: UnsafeCell<T>,
}

struct State {
    readers: Vec<TaskId>,
    writer: Option<TaskId>,
    waiting_writers: usize,
    poisoned: bool,
    /// What writers did.
    written: Clock,
    /// What readers did, which happened before what the next writer does.
    read: Clock,
}

// SAFETY: as for `std::sync::RwLock`: a writer is alone with the value, readers only look at it.
unsafe impl<T: ?Sized + Send> Send for ShardedLock<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for ShardedLock<T> {}
impl<T: ?Sized> UnwindSafe for ShardedLock<T> {}
impl<T: ?Sized> RefUnwindSafe for ShardedLock<T> {}

/// As `crossbeam::sync::ShardedLockReadGuard`.
pub struct ShardedLockReadGuard<'a, T: ?Sized> {
    lock: &'a ShardedLock<T>,
    /// Where the lock was taken: a destructor cannot know where it is called.
    at: &'static Location<'static>,
    // A guard stays on its thread.
    _not_send: PhantomData<*const ()>,
}

/// As `crossbeam::sync::ShardedLockWriteGuard`.
pub struct ShardedLockWriteGuard<'a, T: ?Sized> {
    lock: &'a ShardedLock<T>,
    was_unwinding: bool,
    /// Where the lock was taken.
    at: &'static Location<'static>,
    // A guard stays on its thread.
    _not_send: PhantomData<*const ()>,
}

// SAFETY: as for `std::sync::RwLockReadGuard`.
unsafe impl<T: ?Sized + Sync> Sync for ShardedLockReadGuard<'_, T> {}
// SAFETY: as for `std::sync::RwLockWriteGuard`.
unsafe impl<T: ?Sized + Sync> Sync for ShardedLockWriteGuard<'_, T> {}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl<T> ShardedLock<T> {
    /// As `crossbeam::sync::ShardedLock::new`.
    #[track_caller]
    pub fn new(value: T) -> ShardedLock<T> {
        let state = State {
            readers: Vec::new(),
            writer: None,
            waiting_writers: 0,
            poisoned: false,
            written: Clock::new(),
            read: Clock::new(),
        };
        ShardedLock { object: Object::new("sharded lock"), state: Plain::new(state), value: UnsafeCell::new(value) }
    }

    /// As `crossbeam::sync::ShardedLock::into_inner`.
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        let poisoned = self.is_poisoned();
        let value = self.value.into_inner();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }
}

impl<T: ?Sized> ShardedLock<T> {
    fn with<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(|state| {
            if self.object.is_new() {
                // A lock that an abandoned execution held is free again.
                state.readers.clear();
                state.writer = None;
                state.waiting_writers = 0;
                self.object.id();
            }
            action(state)
        })
    }

    /// Takes the lock if it is free; else, one of those who hold it.
    fn take(&self, access: Access) -> Result<(), TaskId> {
        self.with(|state| {
            let holder = match access {
                Access::Read => state.writer,
                Access::Write => state.writer.or(state.readers.first().copied()),
            };
            if let Some(holder) = holder {
                return Err(holder);
            }
            engine::acquire(&state.written);
            match access {
                Access::Read => state.readers.push(engine::current()),
                Access::Write => {
                    engine::acquire(&state.read);
                    state.writer = Some(engine::current());
                }
            }
            Ok(())
        })
    }

    /// Whether a reader has to wait behind a writer who waits for other readers.
    fn is_overtaken(&self) -> Option<TaskId> {
        self.with(|state| {
            let reader = state.readers.first().copied().filter(|_| state.waiting_writers > 0)?;
            (engine::choose(2) == 1).then_some(reader)
        })
    }

    fn take_or_wait(&self, access: Access, operation: &'static str, at: &'static Location<'static>) {
        let mut overtaken = if access == Access::Read { self.is_overtaken() } else { None };
        while let Some(holder) = overtaken.take().or_else(|| self.take(access).err()) {
            let writes = usize::from(access == Access::Write);
            self.with(|state| state.waiting_writers += writes);
            engine::block(Wait {
                kind: WaitKind::Lock,
                operation,
                object: Some(self.object.id()),
                holder: Some(holder),
                deadline: None,
                at,
            });
            self.with(|state| state.waiting_writers -= writes);
        }
    }

    fn free(&self, access: Access) {
        self.with(|state| match access {
            Access::Read => {
                let own = state.readers.iter().position(|reader| *reader == engine::current());
                state.readers.swap_remove(own.unwrap_or(0));
                engine::release(&mut state.read);
            }
            Access::Write => {
                state.writer = None;
                engine::release_into(&mut state.written);
            }
        });
        engine::wake_all(self.object.id());
    }

    fn checked<G>(&self, guard: G) -> LockResult<G> {
        if self.is_poisoned() { Err(PoisonError::new(guard)) } else { Ok(guard) }
    }

    fn reading(&self, at: &'static Location<'static>) -> LockResult<ShardedLockReadGuard<'_, T>> {
        self.checked(ShardedLockReadGuard { lock: self, at, _not_send: PhantomData })
    }

    fn writing(&self, at: &'static Location<'static>) -> LockResult<ShardedLockWriteGuard<'_, T>> {
        self.checked(ShardedLockWriteGuard { lock: self, was_unwinding: panicking(), at, _not_send: PhantomData })
    }

    /// As `crossbeam::sync::ShardedLock::is_poisoned`.
    pub fn is_poisoned(&self) -> bool {
        self.with(|state| state.poisoned)
    }

    /// As `crossbeam::sync::ShardedLock::get_mut`.
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        let poisoned = self.is_poisoned();
        let value = self.value.get_mut();
        if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
    }

    /// As `crossbeam::sync::ShardedLock::read`.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn read(&self) -> LockResult<ShardedLockReadGuard<'_, T>> {
        engine::point("read", &self.object);
        self.take_or_wait(Access::Read, "read", Location::caller());
        self.reading(Location::caller())
    }

    /// As `crossbeam::sync::ShardedLock::try_read`.
    ///
    /// # Errors
    /// If a writer holds the lock, or one has panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<ShardedLockReadGuard<'_, T>> {
        engine::point("try_read", &self.object);
        if self.take(Access::Read).is_err() {
            engine::note(|| "it is held".to_owned());
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.reading(Location::caller())?)
    }

    /// As `crossbeam::sync::ShardedLock::write`.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn write(&self) -> LockResult<ShardedLockWriteGuard<'_, T>> {
        engine::point("write", &self.object);
        self.take_or_wait(Access::Write, "write", Location::caller());
        self.writing(Location::caller())
    }

    /// As `crossbeam::sync::ShardedLock::try_write`.
    ///
    /// # Errors
    /// If anybody holds the lock, or a writer has panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<ShardedLockWriteGuard<'_, T>> {
        engine::point("try_write", &self.object);
        if self.take(Access::Write).is_err() {
            engine::note(|| "it is held".to_owned());
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.writing(Location::caller())?)
    }
}

impl<T: ?Sized> Deref for ShardedLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: while this guard lives there is no writer.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> Deref for ShardedLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard is the only way to the value while it lives.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for ShardedLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized> Drop for ShardedLockReadGuard<'_, T> {
    fn drop(&mut self) {
        engine::point_at("unlock", &self.lock.object, self.at);
        self.lock.free(Access::Read);
    }
}

impl<T: ?Sized> Drop for ShardedLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        engine::point_at("unlock", &self.lock.object, self.at);
        if !self.was_unwinding && panicking() {
            self.lock.with(|state| state.poisoned = true);
        }
        self.lock.free(Access::Write);
    }
}

impl<T: Default> Default for ShardedLock<T> {
    #[track_caller]
    fn default() -> Self {
        ShardedLock::new(T::default())
    }
}

impl<T> From<T> for ShardedLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        ShardedLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for ShardedLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("ShardedLock");
        if self.with(|state| state.writer).is_none() {
            // SAFETY: nobody writes, and nobody else runs.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value).finish()
        } else {
            debug.field("data", &format_args!("<locked>")).finish()
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for ShardedLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ShardedLockReadGuard").field("lock", &self.lock).finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for ShardedLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ShardedLockWriteGuard").field("lock", &self.lock).finish()
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ShardedLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for ShardedLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
