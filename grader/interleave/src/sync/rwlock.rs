//! [`RwLock`].

use crate::engine::{self, Clock, Object, TaskId, Wait, WaitKind};
use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::{LockResult, PoisonError, TryLockError, TryLockResult};

/// The stand-in for [`std::sync::RwLock`]. `std` promises nothing about who goes first: a lock that is free goes to whoever
/// comes first, and a reader may or may not have to wait behind a writer that waits for other readers.
pub struct RwLock<T: ?Sized> {
    lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: as for `std::sync::RwLock`.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: as for `std::sync::RwLock`: the value is handed to one writer, or to readers, at a time. The state is only touched by
// the one running task of an execution.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
impl<T: ?Sized> UnwindSafe for RwLock<T> {}
impl<T: ?Sized> RefUnwindSafe for RwLock<T> {}

/// All but the value, so that none of it is compiled again for every type.
struct Lock {
    object: Object,
    state: UnsafeCell<State>,
}

struct State {
    writer: Option<TaskId>,
    readers: Vec<TaskId>,
    waiting_writers: usize,
    poisoned: bool,
    /// What writers have done.
    written: Clock,
    /// What readers have done since the last writer: it happened before the next one, but not before the next reader.
    read: Clock,
}

impl Lock {
    fn state<R>(&self, action: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: no action here switches tasks.
        unsafe {
            engine::with(&self.state, |state| {
                if self.object.is_new() {
                    // A lock that an abandoned execution held is free again, and has not seen its panics.
                    state.poisoned = false;
                    state.writer = None;
                    state.readers.clear();
                    state.waiting_writers = 0;
                    state.written.clear();
                    state.read.clear();
                }
                action(state)
            })
        }
    }

    /// Takes the lock for reading if it may be had.
    fn take_read(&self) -> Result<(), TaskId> {
        let (writer, reader, contended) =
            self.state(|state| (state.writer, state.readers.first().copied(), state.waiting_writers > 0));
        if let Some(writer) = writer {
            return Err(writer);
        }
        // Others read and a writer waits for them: whether a new reader has to wait as well is up to the system. If the
        // thread reads already and has to wait, it waits for ever.
        if let Some(reader) = reader
            && contended
            && engine::choose(2) == 1
        {
            return Err(reader);
        }
        self.state(|state| {
            state.readers.push(engine::current());
            engine::acquire(&state.written);
        });
        Ok(())
    }

    /// Takes the lock for writing if it is free.
    fn take_write(&self) -> Result<(), TaskId> {
        self.state(|state| {
            let current = engine::current();
            // Of several holders, the task itself says most: nobody else can help it.
            let own = state.readers.iter().find(|reader| **reader == current);
            if let Some(holder) = state.writer.or(own.copied()).or(state.readers.first().copied()) {
                return Err(holder);
            }
            state.writer = Some(current);
            engine::acquire(&state.written);
            engine::acquire(&state.read);
            Ok(())
        })
    }

    fn wait(&self, operation: &'static str, holder: TaskId, at: &'static Location<'static>) {
        let object = Some(self.object.id());
        engine::block(Wait { kind: WaitKind::Lock, operation, object, holder: Some(holder), deadline: None, at });
    }

    fn take_read_or_wait(&self, at: &'static Location<'static>) {
        while let Err(holder) = self.take_read() {
            self.wait("read", holder, at);
        }
    }

    fn take_write_or_wait(&self, at: &'static Location<'static>) {
        while let Err(holder) = self.take_write() {
            self.state(|state| state.waiting_writers += 1);
            self.wait("write", holder, at);
            self.state(|state| state.waiting_writers -= 1);
        }
    }

    /// Gives up a lock for reading, without recording it.
    fn free_read(&self) {
        self.state(|state| {
            // A guard stays on its thread, so the reader is the one that runs.
            let reader = engine::current();
            if let Some(index) = state.readers.iter().position(|each| *each == reader) {
                state.readers.swap_remove(index);
            }
            engine::release(&mut state.read);
        });
        engine::wake_all(self.object.id());
    }

    /// Gives up the lock for writing, without recording it.
    fn free_write(&self) {
        self.state(|state| {
            state.writer = None;
            state.read.clear();
            engine::release_into(&mut state.written);
        });
        engine::wake_all(self.object.id());
    }

    fn is_poisoned(&self) -> bool {
        self.state(|state| state.poisoned)
    }
}

/// `value`, as an error if the lock is poisoned.
fn poison<V>(poisoned: bool, value: V) -> LockResult<V> {
    if poisoned { Err(PoisonError::new(value)) } else { Ok(value) }
}

impl<T> RwLock<T> {
    /// As [`std::sync::RwLock::new`].
    #[track_caller]
    pub const fn new(value: T) -> Self {
        let state = State {
            writer: None,
            readers: Vec::new(),
            waiting_writers: 0,
            poisoned: false,
            written: Clock::new(),
            read: Clock::new(),
        };
        let lock = Lock { object: Object::new("rwlock"), state: UnsafeCell::new(state) };
        RwLock { lock, value: UnsafeCell::new(value) }
    }

    /// As [`std::sync::RwLock::into_inner`].
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn into_inner(self) -> LockResult<T> {
        poison(self.lock.is_poisoned(), self.value.into_inner())
    }
}

impl<T: ?Sized> RwLock<T> {
    fn read_guard(&self, at: &'static Location<'static>) -> LockResult<RwLockReadGuard<'_, T>> {
        poison(self.lock.is_poisoned(), RwLockReadGuard { rwlock: self, at, _not_send: PhantomData })
    }

    fn write_guard(&self, at: &'static Location<'static>) -> LockResult<RwLockWriteGuard<'_, T>> {
        let was_unwinding = engine::is_unwinding();
        poison(self.lock.is_poisoned(), RwLockWriteGuard { rwlock: self, was_unwinding, at, _not_send: PhantomData })
    }

    /// As [`std::sync::RwLock::read`]. A thread that holds the lock already may wait for ever, where `std` may panic as well.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
        engine::point("read", &self.lock.object);
        self.lock.take_read_or_wait(Location::caller());
        self.read_guard(Location::caller())
    }

    /// As [`std::sync::RwLock::try_read`].
    ///
    /// # Errors
    /// If a writer holds the lock, or waits for it, or panicked.
    #[track_caller]
    pub fn try_read(&self) -> TryLockResult<RwLockReadGuard<'_, T>> {
        engine::point("try_read", &self.lock.object);
        if self.lock.take_read().is_err() {
            engine::note(|| "it is held".to_owned());
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.read_guard(Location::caller())?)
    }

    /// As [`std::sync::RwLock::write`]. A thread that holds the lock already waits for ever, where `std` may panic as well.
    ///
    /// # Errors
    /// If a writer panicked.
    #[track_caller]
    pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
        engine::point("write", &self.lock.object);
        self.lock.take_write_or_wait(Location::caller());
        self.write_guard(Location::caller())
    }

    /// As [`std::sync::RwLock::try_write`].
    ///
    /// # Errors
    /// If the lock is held, or a writer panicked.
    #[track_caller]
    pub fn try_write(&self) -> TryLockResult<RwLockWriteGuard<'_, T>> {
        engine::point("try_write", &self.lock.object);
        if self.lock.take_write().is_err() {
            engine::note(|| "it is held".to_owned());
            return Err(TryLockError::WouldBlock);
        }
        Ok(self.write_guard(Location::caller())?)
    }

    /// As [`std::sync::RwLock::is_poisoned`].
    pub fn is_poisoned(&self) -> bool {
        self.lock.is_poisoned()
    }

    /// As [`std::sync::RwLock::clear_poison`].
    pub fn clear_poison(&self) {
        self.lock.state(|state| state.poisoned = false);
    }

    /// As [`std::sync::RwLock::get_mut`].
    ///
    /// # Errors
    /// If a writer panicked.
    pub fn get_mut(&mut self) -> LockResult<&mut T> {
        poison(self.lock.is_poisoned(), self.value.get_mut())
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("RwLock");
        if self.lock.state(|state| state.writer).is_none() {
            // The value's own formatting may let others run: the lock must be held meanwhile, though nobody is told.
            self.lock.state(|state| state.readers.push(engine::current()));
            // SAFETY: held for reading.
            let value = unsafe { &*self.value.get() };
            debug.field("data", &value);
            self.lock.free_read();
        } else {
            debug.field("data", &format_args!("<locked>"));
        }
        debug.field("poisoned", &self.is_poisoned()).finish_non_exhaustive()
    }
}

impl<T: Default> Default for RwLock<T> {
    #[track_caller]
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    #[track_caller]
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

/// The stand-in for [`std::sync::RwLockReadGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockReadGuard<'a, T: ?Sized + 'a> {
    rwlock: &'a RwLock<T>,
    /// Where the lock was taken: a destructor cannot know where it is called.
    at: &'static Location<'static>,
    // A guard stays on its thread.
    _not_send: PhantomData<*const ()>,
}

// SAFETY: as for `std::sync::RwLockReadGuard`.
unsafe impl<T: ?Sized + Sync> Sync for RwLockReadGuard<'_, T> {}

impl<T: ?Sized> Deref for RwLockReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: nobody writes while this guard lives.
        unsafe { &*self.rwlock.value.get() }
    }
}

impl<T: ?Sized> Drop for RwLockReadGuard<'_, T> {
    fn drop(&mut self) {
        engine::point_at("unlock read", &self.rwlock.lock.object, self.at);
        self.rwlock.lock.free_read();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockReadGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

/// The stand-in for [`std::sync::RwLockWriteGuard`].
#[must_use = "if unused the RwLock will immediately unlock"]
pub struct RwLockWriteGuard<'a, T: ?Sized + 'a> {
    rwlock: &'a RwLock<T>,
    was_unwinding: bool,
    at: &'static Location<'static>,
    _not_send: PhantomData<*const ()>,
}

// SAFETY: as for `std::sync::RwLockWriteGuard`.
unsafe impl<T: ?Sized + Sync> Sync for RwLockWriteGuard<'_, T> {}

impl<'a, T: ?Sized> RwLockWriteGuard<'a, T> {
    /// As [`std::sync::RwLockWriteGuard::downgrade`]: no writer gets in between.
    #[track_caller]
    pub fn downgrade(guard: Self) -> RwLockReadGuard<'a, T> {
        let rwlock = guard.rwlock;
        engine::point("downgrade", &rwlock.lock.object);
        std::mem::forget(guard);
        rwlock.lock.free_write();
        rwlock.lock.state(|state| state.readers.push(engine::current()));
        RwLockReadGuard { rwlock, at: Location::caller(), _not_send: PhantomData }
    }
}

impl<T: ?Sized> Deref for RwLockWriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard is the only way to the value while it lives.
        unsafe { &*self.rwlock.value.get() }
    }
}

impl<T: ?Sized> DerefMut for RwLockWriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.rwlock.value.get() }
    }
}

impl<T: ?Sized> Drop for RwLockWriteGuard<'_, T> {
    fn drop(&mut self) {
        engine::point_at("unlock write", &self.rwlock.lock.object, self.at);
        if !self.was_unwinding && engine::is_unwinding() {
            self.rwlock.lock.state(|state| state.poisoned = true);
        }
        self.rwlock.lock.free_write();
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for RwLockWriteGuard<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}
